"""export as a whole: what is in it, that its bytes are stable, that a killed run goes on, that damage is found."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import DataError, MissingInputError, ParamsError
from gan_augment.core.records import Modality
from gan_augment.project.layout import Project
from gan_augment.sharding import export as export_module
from gan_augment.sharding.config import ExportConfig
from gan_augment.sharding.export import ExportTask, export
from gan_augment.sharding.index import examine, verify
from gan_augment.stages.export import export_content
from tests.finished_project import NASTY_LABELS, write_project

IMAGE = ExportConfig(formats=("webdataset", "parquet", "folder"), rows_per_shard=17)
TABLE = ExportConfig(rows_per_shard=17)


def task_of(project: Project, config: ExportConfig, seed: int = 3) -> ExportTask:
    spec = project.spec()
    real = tuple(project.layout.train(record.key) for record in spec.classes)
    return ExportTask(spec, real, project.layout.mixed / "synthetic", export_content(project), config, seed)


@pytest.fixture(params=["image", "table"])
def modality(request: pytest.FixtureRequest) -> Modality:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def task(tmp_path: Path, modality: Modality) -> ExportTask:
    project = write_project(tmp_path / "project", modality=modality)
    return task_of(project, IMAGE if modality == "image" else TABLE)


def test_the_same_inputs_give_the_same_bytes_from_any_number_of_processes(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "a")
    two = dataclasses.replace(task, config=task.config.model_copy(update={"workers": 2}))
    export(two, tmp_path / "b")
    assert file_hash(tmp_path / "a") == file_hash(tmp_path / "b")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_another_seed_shuffles_otherwise(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "a")
    export(dataclasses.replace(task, seed=4), tmp_path / "b")
    ids = [pd.read_parquet(tmp_path / name / "manifest.parquet")["id"] for name in "ab"]
    assert list(ids[0]) != list(ids[1])
    assert sorted(ids[0]) == sorted(ids[1])


def test_the_manifest_has_one_complete_row_a_sample(task: ExportTask, tmp_path: Path) -> None:
    index = export(task, tmp_path / "out")
    manifest = pd.read_parquet(tmp_path / "out/manifest.parquet")
    assert len(manifest) == index["rows"] == 24 + 48
    assert manifest["id"].is_unique
    assert set(manifest["label"]) == set(NASTY_LABELS)
    assert set(manifest["split"]) == {"train"}
    synthetic = manifest[manifest["origin"] == "synthetic"]
    assert (synthetic["method"] == "conditional").all()
    assert synthetic["model_hash"].str.fullmatch("[0-9a-f]{64}").all()
    assert synthetic["seed"].notna().all()
    assert manifest.loc[manifest["origin"] == "real", "seed"].isna().all()
    assert all((tmp_path / "out" / shard).is_file() for shard in manifest["shard"])
    per_class = manifest.groupby("label").size()
    assert set(per_class) == {24}  # ratio 2 fills every class up to twice the largest


def test_the_preferred_rows_are_taken(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "out")
    manifest = pd.read_parquet(tmp_path / "out/manifest.parquet")
    offered = pd.read_parquet(task.synthetic / "manifest.parquet") if task.synthetic else pd.DataFrame()
    for label, wanted in zip(NASTY_LABELS, (12, 16, 20), strict=True):
        taken = manifest[(manifest["label"] == label) & (manifest["origin"] == "synthetic")].sort_values("rank")
        assert list(taken["id"]) == list(offered.loc[offered["label"] == label, "id"][:wanted])


def test_shards_are_balanced_and_counted(task: ExportTask, tmp_path: Path) -> None:
    index = export(task, tmp_path / "out")
    rows = [shard["rows"] for shard in index["shards"] if shard["format"] == index["formats"][0]]
    assert max(rows) - min(rows) <= 1
    for shard in index["shards"]:
        assert shard["rows"] == shard["real"] + shard["synthetic"] == sum(shard["labels"].values())
        if shard["format"] != "folder":
            assert shard["sha256"] == file_hash(tmp_path / "out" / shard["file"])


def test_without_a_gain_only_real_rows_go_out(tmp_path: Path, modality: Modality) -> None:
    project = write_project(tmp_path / "p", modality=modality, verdict="no measurable difference")
    index = export(task_of(project, ExportConfig()), tmp_path / "out")
    assert (index["real"], index["synthetic"]) == (24, 0)
    assert "Real rows only" in (tmp_path / "out/README.md").read_text()
    forced = export(
        dataclasses.replace(
            task_of(project, ExportConfig()),
            content=export_content(_with_export(project, force=True)),
        ),
        tmp_path / "forced",
    )
    assert forced["synthetic"] == 48
    assert forced["content"]["basis"] == "forced"
    assert "against the measurement" in (tmp_path / "forced/README.md").read_text()


def _with_export(project: Project, **changes: object) -> Project:
    config = project.params.export.model_copy(update=changes)
    return Project(project.params.model_copy(update={"export": config}), project.layout)


def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    task: ExportTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(task, tmp_path / "whole")
    written: list[int] = []
    write = export_module.write_shard

    def dies_at_the_third(job: object) -> object:
        written.append(job.number)  # type: ignore[attr-defined]
        if len(written) == 3:
            raise KeyboardInterrupt
        return write(job)  # type: ignore[arg-type]

    monkeypatch.setattr(export_module, "write_shard", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        export(task, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    finished = sorted((tmp_path / ".out.work/done").glob("*.json"))
    assert len(finished) == 2
    times = [path.stat().st_mtime_ns for path in finished]
    monkeypatch.setattr(export_module, "_move_into_place", lambda *_: None)
    monkeypatch.setattr(export_module, "write_shard", write)
    export(task, tmp_path / "out")
    assert [path.stat().st_mtime_ns for path in finished] == times  # not written again
    monkeypatch.undo()
    export(task, tmp_path / "out")
    assert file_hash(tmp_path / "out") == file_hash(tmp_path / "whole")


def test_a_finished_shard_that_was_damaged_is_written_again(
    task: ExportTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(task, tmp_path / "whole")
    monkeypatch.setattr(export_module, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    work = tmp_path / "elsewhere"
    with pytest.raises(KeyboardInterrupt):
        export(task, tmp_path / "out", work=work)
    monkeypatch.undo()
    files = sorted(path for path in (work / "out").rglob("*") if path.is_file())
    files[0].write_bytes(b"half")
    files[-1].unlink()
    export(task, tmp_path / "out", work=work)
    assert file_hash(tmp_path / "out") == file_hash(tmp_path / "whole")
    assert not work.exists()


def test_leftovers_of_another_export_are_thrown_away(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "whole")
    stale = tmp_path / ".out.work"
    (stale / "out").mkdir(parents=True)
    (stale / "out/old.tar").write_text("old")
    (stale / "fingerprint").write_text("of another run")
    export(task, tmp_path / "out")
    assert file_hash(tmp_path / "out") == file_hash(tmp_path / "whole")


def test_an_older_export_stays_until_the_new_one_is_whole(
    task: ExportTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(task, tmp_path / "out")
    before = file_hash(tmp_path / "out")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "write_checksums", full_disk)
    with pytest.raises(OSError, match="No space"):
        export(dataclasses.replace(task, seed=9), tmp_path / "out")
    assert file_hash(tmp_path / "out") == before


def test_files_that_somebody_put_into_an_export_are_not_lost(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "out")
    (tmp_path / "out/.DS_Store").write_text("a file manager's")
    export(task, tmp_path / "out")
    for name in ("notes.txt", "mine/notes.txt"):
        (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_text("mine")
        with pytest.raises(DataError, match=name):
            export(task, tmp_path / "out")
        (tmp_path / "out" / name).rename(tmp_path / "moved")
    (tmp_path / "out/SHA256SUMS").write_text("damaged")  # nobody knows then, and `export` is the remedy
    export(task, tmp_path / "out")
    assert examine(tmp_path / "out").ok


def test_verify_finds_every_kind_of_damage(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "out")
    assert examine(tmp_path / "out").ok
    files = sorted(p for p in (tmp_path / "out").rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    assert verify(tmp_path / "out") == len(files)
    for file in (files[0], files[len(files) // 2], files[-1]):
        whole = file.read_bytes()
        place = len(whole) // 2
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        name = file.relative_to(tmp_path / "out").as_posix()
        if name != "index.json" or json.loads(file.read_text()):
            assert examine(tmp_path / "out").problems == (f"{name}: its bytes have changed",)
        file.write_bytes(whole)
    files[-1].rename(tmp_path / "out/stray")
    problems = examine(tmp_path / "out").problems
    assert len(problems) == 2
    assert problems[0].endswith("missing")
    assert problems[1] == "stray: not in SHA256SUMS"
    with pytest.raises(DataError, match="stray"):
        verify(tmp_path / "out")


def test_verify_of_another_folder_says_what_it_wants(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="not an export"):
        verify(tmp_path)


def test_too_few_synthetic_rows_are_an_error_with_the_class(task: ExportTask, tmp_path: Path) -> None:
    greedy = task.content.model_copy(update={"counts": task.content.counts | {"cat": 10_000}})
    with pytest.raises(DataError, match="猫 / cat"):
        export(dataclasses.replace(task, content=greedy), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_format_of_the_other_modality_is_refused_before_anything_is_written(task: ExportTask, tmp_path: Path) -> None:
    other = ExportConfig(formats=("table",) if task.spec.image else ("folder",))
    with pytest.raises(ParamsError, match=r"export\.formats"):
        export(dataclasses.replace(task, config=other), tmp_path / "out")
    assert not (tmp_path / ".out.work").exists()


def test_an_absent_input_is_named(task: ExportTask, tmp_path: Path) -> None:
    shutil.rmtree(task.real[1])
    with pytest.raises(MissingInputError, match="cat"):
        export(task, tmp_path / "out")


def test_tar_members_are_safe_and_complete(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    export(task_of(project, IMAGE), tmp_path / "out")
    names: list[str] = []
    for path in sorted((tmp_path / "out/webdataset").iterdir()):
        with tarfile.open(path) as archive:
            names += archive.getnames()
            first = archive.extractfile(archive.getmembers()[2])
            assert first is not None
            assert set(json.loads(first.read())) >= {"id", "label", "origin", "method", "model_hash", "seed", "parents"}
    assert len(names) == 3 * 72
    assert not [name for name in names if "/" in name or not name.isascii() or name.count(".") != 1]


def test_the_card_escapes_what_the_user_wrote(task: ExportTask, tmp_path: Path) -> None:
    export(task, tmp_path / "out")
    card = (tmp_path / "out/README.md").read_text()
    assert "<script>" not in card
    assert "&lt;script&gt;" in card
    assert "CC0" in card
