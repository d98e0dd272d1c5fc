from __future__ import annotations

import configparser
import contextlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from dvc.repo import Repo

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.class_keys import class_keys
from gan_augment.params import Params, load_params
from gan_augment.project.layout import Project
from gan_augment.setup import initialise
from gan_augment.setup.findings import ClassFinding, Findings
from gan_augment.setup.initialise import (
    PROJECT_FILES,
    existing_files,
    project_texts,
    repository_commands,
    write_project,
)
from gan_augment.setup.inspect import inspect_demo, inspect_path
from gan_augment.stages import prepare
from gan_augment.synthesis.registry import method_names
from tests.data.pictures import noise, save, write_folder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits() -> Findings:
    return inspect_demo("digits")


def table_findings(folder: Path, **columns: object) -> Findings:
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"x": random.normal(size=60), "kind": ["yes", "no"] * 30})
    frame.assign(**columns).to_csv(folder / "t.csv", index=False)  # type: ignore[arg-type]
    return inspect_path(folder / "t.csv", target="kind")


def written(root: Path, findings: Findings) -> Params:
    write_project(root, findings, repository=False)
    return load_params(root / "params.yaml")


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml"])
def test_the_repositorys_own_files_are_those_of_the_digits_demo(digits: Findings, name: str) -> None:
    assert project_texts(REPOSITORY, digits)[name] == (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("demo", ["digits", "breast_cancer", "penguins"])
def test_params_are_read_back_and_fit_the_data(tmp_path: Path, demo: str) -> None:
    findings = inspect_demo(demo)
    params = written(tmp_path, findings)
    assert params.prepare.source.kind == "demo"
    assert {key: value.label for key, value in params.classes.items()} == {c.key: c.label for c in findings.classes}
    assert params.synthesis.method in method_names()
    is_image = findings.modality == "image"
    assert params.synthesis.method == ("conditional" if is_image else "tabular_gan")
    assert params.export.formats == (("webdataset",) if is_image else ("table",))
    assert params.generate.candidates == 3 * max(c.train for c in findings.classes)


def test_sections_that_init_writes_out_are_at_their_defaults(tmp_path: Path, digits: Findings) -> None:
    params = written(tmp_path, digits)
    for section in ("train_gan", "curate", "mix", "measure", "report"):
        assert getattr(params, section) == type(getattr(params, section))()
    assert params.retrain.seeds == 5
    assert params.prepare.split == type(params.prepare.split)()


@pytest.mark.parametrize(("side", "installed", "probed"), [(16, True, True), (16, False, False), (12, True, False)])
def test_the_linear_probe_is_an_arm_where_its_extra_is_installed_and_the_images_are_large_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int, installed: bool, probed: bool
) -> None:
    findings = inspect_path(write_folder(tmp_path / "raw", {"a": 10, "b": 10}, (side, side)))
    found = importlib.util.find_spec("json") if installed else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    (tmp_path / "project").mkdir()
    assert ("linear_probe" in written(tmp_path / "project", findings).retrain.arms) is probed


def test_every_parameter_that_dvc_tracks_is_in_params_yaml(tmp_path: Path, digits: Findings) -> None:
    write_project(tmp_path, digits, repository=False)
    params = yaml.safe_load((tmp_path / "params.yaml").read_text())
    stages = yaml.safe_load((tmp_path / "dvc.yaml").read_text())["stages"]
    for stage in stages.values():
        for name in stage.get("do", stage)["params"]:
            value = params
            for key in name.replace("${key}", "c0").split("."):
                value = value[key]


def test_awkward_labels_survive_yaml(tmp_path: Path) -> None:
    labels = ["no", "true", "1e3", 'say "a"', "a: b", "#x", "猫", " x"[1:], "007", "back\\slash"]
    rows = [label for label in labels for _ in range(6)]
    x = np.random.default_rng(0).normal(size=len(rows))
    pd.DataFrame({"x": x, "kind": rows}).to_csv(tmp_path / "t.csv", index=False)
    params = written(tmp_path / "project", inspect_path(tmp_path / "t.csv", target="kind"))
    assert {value.label for value in params.classes.values()} == set(labels)


def labelled(folder: Path, labels: list[str]) -> Findings:
    """What `inspect_path` would find; the labels need not be such that a CSV file can hold them."""
    found = table_findings(folder)
    keys = class_keys(labels)
    return replace(found, classes=tuple(ClassFinding(key, label, 30, 20) for label, key in keys.items()))


AWKWARD = (
    *("a\x7fb", "a\x85b", "a\x9fb", "a\u2028b", "a\u2029b", "\ufeffa", "a\ufffe", "a\uffffb", "a\tb", "a\nb", "a\0b"),
    *("yes", "null", "~", "1e3", "- x", "a: b", "# x", "&a", "*a", "!x", "{a}", "[a", "%a", "@a", "`a", "'a", '"a'),
    *(".inf", "2020-01-31", "0x10", "1_000", "<<", "=", "---", "...", "?", "|", ">", "${a}", "{{ a }}", "\\", "😀"),
    "x" * 5000,
)


@pytest.mark.parametrize(
    "label",
    AWKWARD,
    ids=lambda label: ascii(label)[:20],
)
def test_every_label_is_read_back_as_it_is(tmp_path: Path, label: str) -> None:
    params = written(tmp_path / "project", labelled(tmp_path, [label, "other"]))
    assert {value.label for value in params.classes.values()} == {label, "other"}


def test_a_label_that_no_file_can_hold_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a text"):
        write_project(tmp_path / "project", labelled(tmp_path, ["\udcff", "other"]))
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize("length", [3, 18, 19, 20, 21, 60])
def test_a_setting_of_any_length_leaves_a_blank_before_its_comment(tmp_path: Path, length: int) -> None:
    group = "g" * length
    findings = table_findings(tmp_path, **{group: [n // 2 for n in range(60)]})
    config = findings.config.model_copy(update={"split": findings.config.split.model_copy(update={"group": group})})
    params = written(tmp_path / "project", replace(findings, config=config))
    assert params.prepare.split.group == group


@pytest.mark.parametrize("value", ["a\nb", "a # b", ": ", "\x7f", "'", "${x}"])
def test_awkward_settings_are_read_back(tmp_path: Path, value: str) -> None:
    findings = table_findings(tmp_path)
    config = findings.config.model_copy(
        update={"exclude": (value, "x"), "split": findings.config.split.model_copy(update={"group": value})}
    )
    params = written(tmp_path / "project", replace(findings, config=config))
    assert params.prepare.split.group == value
    assert params.prepare.exclude == (value, "x")


def test_a_file_that_is_too_large_to_be_read_is_not_written(tmp_path: Path) -> None:
    findings = table_findings(tmp_path)
    first, *others = findings.classes
    with pytest.raises(DataError, match="more than 1,000,000 are not read"):
        write_project(tmp_path / "p", replace(findings, classes=(replace(first, label="x" * 10**6), *others)))
    assert not (tmp_path / "p").exists()


def test_what_would_be_read_back_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = table_findings(tmp_path)
    monkeypatch.setattr(initialise, "project_texts", lambda *_: {"params.yaml": "a: [", "dvc.yaml": ""})
    with pytest.raises(DataError, match="nothing was written"):
        write_project(tmp_path / "project", findings)
    assert not (tmp_path / "project").exists()


def test_the_projects_folder_is_a_file(tmp_path: Path) -> None:
    findings = table_findings(tmp_path)
    (tmp_path / "project").touch()
    with pytest.raises(ParamsError, match="is a file"):
        write_project(tmp_path / "project", findings)


def test_a_gitignore_in_another_encoding_gets_its_lines(tmp_path: Path) -> None:
    findings = table_findings(tmp_path)
    (tmp_path / "project").mkdir()
    (tmp_path / "project/.gitignore").write_bytes(b"caf\xe9")
    written(tmp_path / "project", findings)
    lines = (tmp_path / "project/.gitignore").read_bytes().splitlines()
    assert lines[0] == b"caf\xe9"
    assert b"/.gan_augment/" in lines


@pytest.mark.parametrize("name", [".gitignore", ".dvcignore"])
def test_an_ignore_file_that_is_none_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    findings = table_findings(tmp_path)
    (tmp_path / "project" / name).mkdir(parents=True)
    with pytest.raises(ParamsError, match="is not a file"):
        write_project(tmp_path / "project", findings)
    assert [path.name for path in (tmp_path / "project").iterdir()] == [name]


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_bytes(b"\xff\xfe"), os.mkfifo])
def test_whatever_is_in_the_way_is_kept(tmp_path: Path, make: Any) -> None:
    findings = table_findings(tmp_path)
    (tmp_path / "project").mkdir()
    make(tmp_path / "project/params.yaml")
    write_project(tmp_path / "project", findings, force=True, repository=False)
    assert (tmp_path / "project/params.yaml.bak").exists()
    load_params(tmp_path / "project/params.yaml")


@pytest.mark.parametrize("name", ["123", "true", "1e3", "null", "2020-01-31"])
def test_a_folder_named_like_a_number_is_a_name_for_prefect(tmp_path: Path, name: str) -> None:
    write_project(tmp_path / name, table_findings(tmp_path), repository=False)
    assert yaml.safe_load((tmp_path / name / "prefect.yaml").read_text())["name"] == name


@pytest.mark.parametrize("place", ["project", "project/deep/down"])
def test_paths_are_relative_to_the_project_and_dvc_depends_on_them(tmp_path: Path, place: str) -> None:
    write_folder(tmp_path / "my raw", {"a": 30, "b": 30})
    params = written(tmp_path / place, inspect_path(tmp_path / "my raw"))
    source = params.prepare.source.path  # type: ignore[union-attr]
    assert not Path(source).is_absolute()
    assert (tmp_path / place / source).resolve() == tmp_path / "my raw"
    stages = yaml.safe_load((tmp_path / place / "dvc.yaml").read_text())["stages"]
    assert stages["prepare"]["deps"] == ["${prepare.source.path}"]
    ours = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]["prepare"]["deps"]
    assert all(path.startswith("gan_augment/") for path in ours)  # an embedded demo has no path


def test_dvc_follows_a_path_that_is_changed_in_params(tmp_path: Path) -> None:
    write_folder(tmp_path / "my raw", {"a": 30, "b": 30})
    write_project(tmp_path / "project", inspect_path(tmp_path / "my raw"), repository=True)
    params = tmp_path / "project/params.yaml"
    for path in ("my raw", "new"):
        with contextlib.chdir(tmp_path / "project"), Repo() as repo:
            (prepare_stage,) = [stage for stage in repo.index.stages if stage.addressing == "prepare"]
            assert str(tmp_path / path) in [dep.fs_path for dep in prepare_stage.deps]
        params.write_text(params.read_text().replace("my raw", "new"))


def test_prepare_runs_on_what_init_wrote(tmp_path: Path) -> None:
    findings = table_findings(
        tmp_path / "raw", patient_id=range(60), same=1, age=["?", *(20 + n * 7 % 50 for n in range(59))]
    )
    written(tmp_path / "project", findings)
    opened = Project.open(tmp_path / "project")
    prepare.run(opened)
    spec = opened.spec()
    assert spec.table is not None
    assert [c.name for c in spec.table.columns] == ["x", "age"]
    assert len(opened.train_view()) == findings.parts["train"]


def test_an_image_manifest_depends_on_its_images_too(tmp_path: Path) -> None:
    names = [f"pictures/{n}.png" for n in range(40)]
    for number, name in enumerate(names):
        save(tmp_path / "raw" / name, noise(number))
    pd.DataFrame({"file": names, "kind": ["a", "b"] * 20}).to_csv(tmp_path / "raw/list.csv", index=False)
    write_project(tmp_path / "project", inspect_path(tmp_path / "raw/list.csv", target="kind"), repository=False)
    stages = yaml.safe_load((tmp_path / "project/dvc.yaml").read_text())["stages"]
    assert stages["prepare"]["deps"] == ["${prepare.source.path}", "../raw/pictures"]
    prepare.run(Project.open(tmp_path / "project"))


@pytest.mark.parametrize("name", ["${x}", "a${", "${prepare.source.path}", "b$c"])
def test_dvc_takes_a_folder_of_images_as_it_is_named(tmp_path: Path, name: str) -> None:
    names = [f"{name}/{n}.png" for n in range(40)]
    for number, file in enumerate(names):
        save(tmp_path / "raw" / file, noise(number))
    pd.DataFrame({"file": names, "kind": ["a", "b"] * 20}).to_csv(tmp_path / "raw/list.csv", index=False)
    write_project(tmp_path / "project", inspect_path(tmp_path / "raw/list.csv", target="kind"), repository=True)
    with contextlib.chdir(tmp_path / "project"), Repo() as repo:
        (stage,) = [stage for stage in repo.index.stages if stage.addressing == "prepare"]
        assert str(tmp_path / "raw" / name) in [dep.fs_path for dep in stage.deps]


@pytest.mark.parametrize(
    "name",
    ["data/prepared/train/mine.txt", "models/train_gan/a.pt", "predictions/p.csv", "export/a", "reports/mix.json"],
)
def test_the_users_own_files_are_not_where_stages_write(tmp_path: Path, name: str) -> None:
    root = tmp_path / "project"
    (root / name).parent.mkdir(parents=True)
    (root / name).write_text("mine")
    findings = table_findings(tmp_path / "raw")
    with pytest.raises(DataError, match="would replace them") as error:
        write_project(root, findings, repository=False, force=True)
    assert name.split("/", maxsplit=1)[0] in str(error.value)
    assert [path.name for path in root.iterdir()] == [name.split("/", maxsplit=1)[0]], "nothing is written"


def test_files_beside_what_stages_write_and_a_projects_own_results_are_no_obstacle(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name in ("data/photos/a.png", "models/mine.pt", "reports/2023.pdf", "export", "data/synthetic"):
        (root / name).mkdir(parents=True)
    findings = table_findings(tmp_path / "raw")
    written(root, findings)
    (root / "export/index.json").write_text("{}")
    written(root, findings)


def test_linked_class_folders_are_dependencies_as_dvc_does_not_look_behind_links(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 20, "dog": 20})
    write_folder(tmp_path / "store", {"birds": 20})
    (tmp_path / "raw/bird").symlink_to("../store/birds")
    write_project(tmp_path / "project", inspect_path(tmp_path / "raw"), repository=False)
    stages = yaml.safe_load((tmp_path / "project/dvc.yaml").read_text())["stages"]
    assert stages["prepare"]["deps"] == ["${prepare.source.path}", "../store/birds"]


def test_the_users_split_is_written(tmp_path: Path) -> None:
    for number, part in enumerate(("train", "test")):
        for label in ("a", "b"):
            for image in range(20):
                save(tmp_path / "raw" / part / label / f"{image}.png", noise(1000 * number + 100 * ord(label) + image))
    params = written(tmp_path / "project", inspect_path(tmp_path / "raw"))
    assert params.prepare.split.column == "folder"
    opened = Project.open(tmp_path / "project")
    prepare.run(opened)
    assert len(opened.test_inputs()) == 40


def test_files_in_the_way_are_kept_without_force(tmp_path: Path, digits: Findings) -> None:
    (tmp_path / "params.yaml").write_text("mine: 1\n")
    assert [file.name for file in existing_files(tmp_path)] == ["params.yaml"]
    with pytest.raises(DataError, match=r"params\.yaml"):
        write_project(tmp_path, digits, repository=False)
    assert (tmp_path / "params.yaml").read_text() == "mine: 1\n"
    assert not (tmp_path / "dvc.yaml").exists()
    write_project(tmp_path, digits, force=True, repository=False)
    assert load_params(tmp_path / "params.yaml").classes
    assert (tmp_path / "params.yaml.bak").read_text() == "mine: 1\n"


def test_no_edit_is_lost_by_force(tmp_path: Path, digits: Findings) -> None:
    write_project(tmp_path, digits, repository=False)
    edits = ["first: 1\n", "second: 2\n", "third: 3\n"]
    for edit in edits:
        (tmp_path / "params.yaml").write_text(edit)
        written = write_project(tmp_path, digits, force=True, repository=False)
    assert [str(path) for path in written] == ["params.yaml", "params.yaml.bak3"]
    assert [(tmp_path / f"params.yaml.bak{number}").read_text() for number in ("", 2, 3)] == edits
    assert not list(tmp_path.glob("dvc.yaml.bak*"))


def test_writing_twice_changes_nothing(tmp_path: Path, digits: Findings) -> None:
    first = write_project(tmp_path, digits, repository=False)
    assert {str(path) for path in first} == {*PROJECT_FILES, ".gitignore", ".dvcignore"}
    assert write_project(tmp_path, digits, repository=False) == []


def test_dvc_sees_neither_our_scratch_nor_bytecode(tmp_path: Path, digits: Findings) -> None:
    write_project(tmp_path, digits, repository=False)
    lines = (tmp_path / ".dvcignore").read_text()
    assert {"__pycache__", ".gan_augment", ".venv"} <= set(lines.splitlines())
    assert lines == (REPOSITORY / ".dvcignore").read_text()
    assert "analytics = false" in (REPOSITORY / ".dvc/config").read_text()


def test_the_users_own_ignore_lines_stay(tmp_path: Path, digits: Findings) -> None:
    (tmp_path / ".gitignore").write_text("secret")
    write_project(tmp_path, digits, repository=False)
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines[0] == "secret"
    assert "/.gan_augment/" in lines


def test_data_with_errors_writes_nothing(tmp_path: Path) -> None:
    findings = inspect_path(write_folder(tmp_path / "raw", {"a": 30, "b": 2}))
    with pytest.raises(DataError, match="too few samples"):
        write_project(tmp_path / "project", findings, force=True)
    assert not (tmp_path / "project").exists()


def test_a_project_inside_its_data_is_refused(tmp_path: Path) -> None:
    findings = inspect_path(write_folder(tmp_path, {"a": 30, "b": 30}))
    for root in (tmp_path, tmp_path / "a"):
        with pytest.raises(DataError, match="in the folder of its data"):
            write_project(root, findings, repository=False)


# git and DVC

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@needs_git
def test_a_fresh_folder_needs_both_and_gets_both(tmp_path: Path, digits: Findings) -> None:
    root = tmp_path / "My birds"
    assert [command[:2] for command in repository_commands(root)][:2] == [["git", "init"], ["dvc", "init"]]
    write_project(root, digits)
    assert (root / ".git").is_dir()
    config = configparser.ConfigParser()
    config.read(root / ".dvc/config")
    assert dict(config["core"]) == {"analytics": "false", "remote": "local"}
    assert config["'remote \"local\"'"]["url"] == "../../my-birds-dvc-store"
    assert [path.name for path in tmp_path.iterdir()] == ["My birds"]  # the first push makes the store
    assert repository_commands(root) == []


@needs_git
def test_a_folder_inside_a_git_repository_becomes_a_dvc_subdirectory(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "sub").mkdir()
    commands = repository_commands(tmp_path / "sub")
    assert commands[0] == ["dvc", "init", "--quiet", "--subdir"]
    assert commands[-1][-2:] == ["local", "../../sub-dvc-store"]  # not into the Git repository


def test_without_git_dvc_goes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert repository_commands(tmp_path)[0] == ["dvc", "init", "--quiet", "--no-scm"]
