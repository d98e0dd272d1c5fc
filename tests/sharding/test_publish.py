"""The gate: what passes becomes current in one step, what does not leaves everything as it was, faults included."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan_augment.core.atomic import read_json
from gan_augment.core.errors import DataError, MissingInputError
from gan_augment.project.layout import Project
from gan_augment.sharding import publish as module
from gan_augment.sharding import verify
from gan_augment.sharding.config import PublishConfig
from gan_augment.sharding.publish import Published, publish
from gan_augment.stages.export import run
from tests.cli.command import run as command
from tests.finished_project import write_project

Attempt = Callable[..., Published]


def exported(root: Path, **recipe: Any) -> Project:
    project = write_project(root, **recipe)
    run(project)
    return project


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    """Export a project of the given recipe, and try to publish it to `tmp_path/published`."""

    def publish_one(require: Any = "helps", keep: int = 3, **recipe: Any) -> Published:
        shutil.rmtree(tmp_path / "project", ignore_errors=True)
        layout = exported(tmp_path / "project", **recipe).layout
        config = PublishConfig(to="x", require=require, keep=keep)
        return publish(layout.export, read_json(layout.measure_report), tmp_path / "published", config)

    return publish_one


def current(root: Path) -> str:
    assert verify(root / "published/current") > 0
    return (root / "published/current").resolve().name


def test_shards_that_help_become_current_and_are_the_exports_bytes(attempt: Attempt, tmp_path: Path) -> None:
    done = attempt()
    assert done.passed
    assert done.previous is None
    assert done.current == current(tmp_path)
    for file in (tmp_path / "project/export").rglob("*"):
        if file.is_file():
            name = file.relative_to(tmp_path / "project/export")
            assert (tmp_path / "published/current" / name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("require", "passing"),
    [
        ("helps", {"helps"}),
        ("no_harm", {"helps", "no measurable difference", "not tried"}),
        ("always", {"helps", "no measurable difference", "not tried", "hurts"}),
    ],
)
def test_the_policy_decides_and_what_fails_it_changes_nothing(
    attempt: Attempt, tmp_path: Path, require: str, passing: set[str]
) -> None:
    first = attempt("always", seed=1)
    for verdict in ("helps", "no measurable difference", "not tried", "hurts"):
        before = current(tmp_path)
        done = attempt(require, verdict=verdict, keep=99)
        assert done.passed == (verdict in passing)
        assert done.previous == before
        if not done.passed:
            assert current(tmp_path) == done.current == before
            assert f"{before} stays current" in done.sentence
    assert (tmp_path / "published/versions" / str(first.current)).is_dir()


def test_publishing_twice_is_publishing_once(attempt: Attempt, tmp_path: Path) -> None:
    first, second = attempt(), attempt()
    assert first.current == second.current
    assert "already" in second.sentence
    assert len(list((tmp_path / "published/versions").iterdir())) == 1


def test_old_versions_go_and_the_current_one_never(attempt: Attempt, tmp_path: Path) -> None:
    published = [attempt(keep=2, seed=seed).current for seed in (1, 2, 3)]
    left = {folder.name for folder in (tmp_path / "published/versions").iterdir()}
    assert left == set(published[1:])
    assert current(tmp_path) == published[2]


@pytest.mark.parametrize("fault", ["copy", "torn copy", "link", "kill before the switch"])
def test_a_fault_on_the_way_leaves_the_old_version_current(
    attempt: Attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    first = attempt(seed=1)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    def tear(source: Path, target: Path, **_: Any) -> None:
        subprocess.run(["cp", "-r", f"{source}/.", str(target)], check=True)
        (target / "manifest.parquet").write_bytes(b"half")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if fault == "copy":
            patched.setattr(module.shutil, "copytree", fail)
        elif fault == "torn copy":
            patched.setattr(module.shutil, "copytree", tear)
        elif fault == "link":
            patched.setattr(module.os, "replace", _refuse_link)
        else:
            patched.setattr(module, "_switch", killed)
        with pytest.raises((OSError, DataError, KeyboardInterrupt)):
            attempt(seed=2)
    assert current(tmp_path) == first.current
    again = attempt(seed=2)  # and nothing is in the way of the next try
    assert again.passed
    assert current(tmp_path) == again.current != first.current


def _refuse_link(source: Path, target: Path) -> None:
    if Path(source).is_symlink():
        raise OSError(5, "Input/output error")
    Path(source).rename(target)


def test_an_export_of_another_measurement_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    layout = exported(tmp_path / "project").layout
    measure = read_json(layout.measure_report)
    config = PublishConfig(to="x")
    with pytest.raises(MissingInputError, match="do not belong together"):
        publish(layout.export, measure | {"sentence": "another"}, tmp_path / "published", config)
    (layout.export / "README.md").write_text("changed")
    with pytest.raises(DataError, match="not as it was written"):
        publish(layout.export, measure, tmp_path / "published", config)
    (tmp_path / "published/current").mkdir(parents=True)
    with pytest.raises(DataError, match="is taken"):
        publish(layout.export, measure, tmp_path / "published", config)


def test_the_command_reads_the_policy_from_params(tmp_path: Path) -> None:
    exported(tmp_path / "project")
    params = tmp_path / "project/params.yaml"
    done = command("publish", cwd=tmp_path / "project")
    assert done.returncode == 2
    assert "publish: {to: ../published}" in done.stderr
    params.write_text(params.read_text(encoding="utf-8") + "publish: {to: ../published}\n", encoding="utf-8")
    done = command("publish", cwd=tmp_path / "project")
    assert done.returncode == 0, done.stderr
    assert current(tmp_path) in done.stdout


def test_nothing_goes_that_was_not_published(attempt: Attempt, tmp_path: Path) -> None:
    versions = tmp_path / "published/versions"
    for name in ("my-release", "0123456789abcdef", ".notes"):
        (versions / name).mkdir(parents=True)
        (versions / name / "precious.txt").write_text("x")
    (versions / "notes.txt").write_text("x")
    (tmp_path / "published/elsewhere").mkdir()
    (versions / "link").symlink_to(tmp_path / "published/elsewhere")
    first = attempt(keep=1, seed=1).current
    (versions / str(first) / "mine.txt").write_text("x")  # from now on somebody's
    third = [attempt(keep=1, seed=seed).current for seed in (2, 3)][1]
    left = {path.name for path in versions.iterdir()}
    assert left == {"my-release", "0123456789abcdef", ".notes", "notes.txt", "link", first, third}
    with pytest.raises(DataError, match="is taken"):
        attempt(keep=1, seed=1)  # the version with somebody's file would have to be replaced
    assert (versions / str(first) / "mine.txt").exists()
    assert current(tmp_path) == third


def test_a_version_that_lost_a_file_is_published_again(attempt: Attempt, tmp_path: Path) -> None:
    version = attempt().current
    (tmp_path / "published/versions" / str(version) / "README.md").unlink()
    assert attempt().current == version == current(tmp_path)


def test_what_a_kill_left_of_a_version_is_swept(attempt: Attempt, tmp_path: Path) -> None:
    for name in (".0123456789abcdef.partial", ".0123456789abcdef.old"):
        (tmp_path / "published/versions" / name).mkdir(parents=True)
    attempt()
    assert len(list((tmp_path / "published/versions").iterdir())) == 1


def test_a_link_of_somebody_elses_is_not_switched(attempt: Attempt, tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    (tmp_path / "published/current").symlink_to("../elsewhere")
    with pytest.raises(DataError, match="is taken"):
        attempt()
    assert (tmp_path / "published/current").readlink() == Path("../elsewhere")
