from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.checksums import CHECKSUMS, LISTED
from gan_augment.core.errors import MissingInputError
from gan_augment.core.not_made import read_not_made, write_not_made
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import MANIFEST_COLUMNS, Samples, read_samples, write_samples
from gan_augment.core.seeds import derive_seed
from gan_augment.core.verbosity import VERBOSITY
from gan_augment.curation import curate as curate_module
from gan_augment.curation import evidence
from gan_augment.curation.ledger import Ledger
from gan_augment.project.layout import Project
from gan_augment.stages import curate as stage
from gan_augment.stages.curate import run
from tests.curation.toys import IMAGES, TABLE, good_candidates, views

SCORED = ("scores.parquet", "sureness.parquet")


def _project(root: Path, spec: DatasetSpec, **curate: Any) -> Project:
    params = {
        "classes": {record.key: {"label": record.label} for record in spec.classes},
        "prepare": {"source": {"kind": "demo", "name": "digits"}},
        "synthesis": {"method": "conditional"},
        "curate": {"judged_by": {"members": 1, "steps": 40}, "train_on_synthetic_seeds": 1, **curate},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    project = Project.open(root)
    layout = project.layout
    train, validation = views(spec)
    spec.save(layout.dataset)
    candidates = good_candidates(spec)
    places = [(layout.validation, validation.samples)]
    for record in spec.classes:
        places.append((layout.train(record.key), train.samples.of_class(record.label)))
        places.append((layout.synthetic(record.key), candidates.of_class(record.label)))
    for place, samples in places:
        place.mkdir(parents=True)
        write_samples(place, samples)
    return project


@pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
def test_writes_the_accepted_rows_their_scores_and_the_report(tmp_path: Path, spec: DatasetSpec) -> None:
    project = _project(tmp_path, spec)
    run(project)
    accepted = read_samples(project.layout.curated)
    scores = pd.read_parquet(project.layout.curated / "scores.parquet")
    report = read_json(project.layout.curate_report)
    assert set(accepted.manifest["origin"]) == {"synthetic"}
    assert len(accepted) == scores["accepted"].sum() == report["overall"]["accepted"]
    assert len(scores) == 120
    assert {"id", "label", "accepted", "rejected_by", "judge_probability", "copy_distance", "nearest"} == set(scores)
    assert report["classes"].keys() == {"a", "b", "c"}
    assert report["tstr"].keys() == {"real", "synthetic"}
    sureness = pd.read_parquet(project.layout.curated / "sureness.parquet")
    joined = scores.set_index("id").loc[accepted.manifest["id"], "judge_probability"]
    assert sureness["judge_probability"].tolist() == joined.tolist()
    assert sureness.dtypes.to_dict() == {"judge_probability": "float32"}

    first = file_hash(project.layout.curated), file_hash(project.layout.curate_report)
    run(project)
    assert (file_hash(project.layout.curated), file_hash(project.layout.curate_report)) == first


@pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
def test_one_chunk_after_another_gives_the_same_rows_and_scores(
    tmp_path: Path, spec: DatasetSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _project(tmp_path, spec, weaknesses={"checks": []})  # which look at all chunks together
    run(project)
    whole = {path.name: path.read_bytes() for path in project.layout.curated.iterdir()}
    scored = [pd.read_parquet(project.layout.curated / name) for name in SCORED]
    report = read_json(project.layout.curate_report)
    for module in (curate_module, evidence, stage):
        monkeypatch.setattr(module, "chunk_rows", lambda _: 32)
    run(project)
    again = {path.name: path.read_bytes() for path in project.layout.curated.iterdir()}
    del whole[CHECKSUMS], again[CHECKSUMS]  # of those as well:
    for name, before in zip(SCORED, scored, strict=True):
        del whole[name], again[name]  # a matrix of another height may differ in its last bit
        pd.testing.assert_frame_equal(pd.read_parquet(project.layout.curated / name), before, rtol=1e-4)
    assert again == whole
    overall = read_json(project.layout.curate_report)["overall"]
    assert overall["rejected"] == report["overall"]["rejected"]
    assert overall["closest_record"] == pytest.approx(report["overall"]["closest_record"], rel=1e-4)
    assert not list((tmp_path / ".gan_augment").iterdir())


def test_the_folder_is_the_one_written_from_memory(tmp_path: Path) -> None:
    project = _project(tmp_path, TABLE)
    run(project)
    curated = curate_module.curate(
        project.train_view(),
        project.validation_view(),
        good_candidates(TABLE),
        project.params.curate,
        seed=derive_seed(0, "curate"),
    )
    (tmp_path / "held").mkdir()
    write_samples(tmp_path / "held", curated.samples)
    curated.scores.to_parquet(tmp_path / "held/scores.parquet", index=False)
    pd.concat(curated.sureness_chunks()).to_parquet(tmp_path / "held/sureness.parquet", index=False)
    assert file_hash(tmp_path / "held") == file_hash(project.layout.curated, without=(CHECKSUMS, LISTED))


def test_a_class_without_rows_is_told_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One class was not made, another's rows are those of a third."""
    project = _project(tmp_path, TABLE)
    layout, candidates = project.layout, good_candidates(TABLE)
    others = candidates.of_class("C")
    for key, label, samples in (("a", "A", candidates.take(slice(0))), ("b", "B", others)):
        shutil.rmtree(layout.synthetic(key))
        layout.synthetic(key).mkdir()
        ids = [f"{key}-{number}" for number in range(len(samples))]
        manifest = samples.manifest.assign(label=label, id=ids).astype(MANIFEST_COLUMNS)
        write_samples(layout.synthetic(key), Samples(manifest, samples.payload))
    write_not_made(layout.synthetic("a"), {"a": "it collapsed"})
    monkeypatch.setenv(VERBOSITY, "quiet")
    run(project)
    reasons = read_not_made(layout.curated)
    assert reasons["a"] == "it collapsed"
    assert reasons["b"].startswith("curation refused it (wrong class: ")
    assert reasons.keys() == {"a", "b"}
    report = read_json(layout.curate_report)["classes"]
    assert [report[key]["not_made"] for key in "abc"] == [reasons["a"], reasons["b"], None]
    said = capsys.readouterr().out
    assert "Class 'A' got no synthetic rows, because it collapsed." in said
    assert "Class 'B' got no synthetic rows, because curation refused it (wrong class: " in said


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    _cut_small(monkeypatch)


def _cut_small(patch: pytest.MonkeyPatch) -> None:
    for module in (curate_module, evidence, stage):
        patch.setattr(module, "chunk_rows", lambda _: 32)


@pytest.fixture
def killed(
    _small_chunks: None, _killed_once: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> tuple[Project, dict[str, bytes]]:
    """A project whose curation died at the third of four chunks, and what an undisturbed run writes."""
    root, whole = _killed_once
    return Project.open(shutil.copytree(root, tmp_path / "killed")), whole


@pytest.fixture(scope="module")
def _killed_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """The same, once, to be copied."""
    project = _project(tmp_path_factory.mktemp("killed"), TABLE)
    with pytest.MonkeyPatch.context() as patch:
        _cut_small(patch)
        whole = _killed_at_the_third(project, patch)
    return project.layout.root, whole


def _killed_at_the_third(project: Project, patch: pytest.MonkeyPatch) -> dict[str, bytes]:
    run(project)
    whole = _written(project)
    shutil.rmtree(project.layout.curated)
    project.layout.curate_report.unlink()
    enter, entered = Ledger.enter, []

    def dies_at_the_third(self: Ledger, *entry: Any) -> None:
        entered.append(entry)
        if len(entered) == 3:
            raise KeyboardInterrupt
        enter(self, *entry)

    patch.setattr(Ledger, "enter", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(project)
    assert not project.layout.curated.exists()
    return whole


def _written(project: Project) -> dict[str, bytes]:
    files = [*project.layout.curated.iterdir(), project.layout.curate_report]
    return {path.name: path.read_bytes() for path in files}


def _looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with the ids of the candidates that are looked at from now on."""
    looked: list[str] = []
    look = evidence._Looker.look
    monkeypatch.setattr(
        evidence._Looker, "look", lambda self, chunk: looked.extend(chunk.manifest["id"]) or look(self, chunk)
    )
    return looked


def test_a_killed_run_goes_on_at_the_chunk_it_was_looking_at(
    killed: tuple[Project, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, whole = killed
    looked = _looked_at(monkeypatch)
    run(project)
    assert looked == list(good_candidates(TABLE).manifest["id"][64:])
    assert _written(project) == whole
    assert not list((project.layout.root / ".gan_augment").rglob("*"))


def test_filters_may_change_and_what_was_found_is_still_good(
    killed: tuple[Project, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = killed
    looked = _looked_at(monkeypatch)
    judge = project.params.curate.judge.model_copy(update={"min_probability": 0.9})
    curate = project.params.curate.model_copy(update={"judge": judge})
    run(dataclasses.replace(project, params=project.params.model_copy(update={"curate": curate})))
    assert len(looked) == 56


@pytest.mark.parametrize("changed", ["seed", "judge", "candidate", "train row"])
def test_what_was_found_out_about_other_inputs_is_thrown_away(
    killed: tuple[Project, dict[str, bytes]], changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = killed
    looked = _looked_at(monkeypatch)
    params, layout = project.params, project.layout
    if changed == "seed":
        params = params.model_copy(update={"base": params.base.model_copy(update={"seed": 1})})
    elif changed == "judge":
        other = params.curate.judged_by.model_copy(update={"table_model": "linear"})
        params = params.model_copy(update={"curate": params.curate.model_copy(update={"judged_by": other})})
    else:
        folder = layout.synthetic("b") if changed == "candidate" else layout.train("b")
        samples = read_samples(folder)
        assert isinstance(samples.payload, pd.DataFrame)
        samples.payload.iloc[0] = samples.payload.iloc[1]
        write_samples(folder, samples)
    run(dataclasses.replace(project, params=params))
    assert len(looked) == 120


def test_a_missing_class_is_named_and_nothing_is_half_written(tmp_path: Path) -> None:
    project = _project(tmp_path, TABLE)
    (project.layout.synthetic("b") / "manifest.parquet").unlink()
    with pytest.raises(MissingInputError, match="synthetic/b"):
        run(project)
    assert not project.layout.curated.exists()
