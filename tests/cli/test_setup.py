"""`init`, `params check`, `params schema`, `verify`, `publish`: what is asked, said, and left undone."""

from __future__ import annotations

import builtins
import io
import json
import sys
from pathlib import Path

import pytest

from gan_augment.cli import setup
from gan_augment.core.atomic import read_json, write_json
from gan_augment.params import Params
from tests.cli.command import run
from tests.cli.test_app import write
from tests.finished_project import write_project


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name the data to use"),
        (("data", "--demo", "digits"), "Name the data to use"),
        (("--demo", "digits", "--target", "y"), "has its classes already"),
        (("--demo", "digits", "--image-column", "file"), "has its classes already"),
    ],
)
def test_init_wants_data_or_a_demo_and_a_target_for_data_alone(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = run("init", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_and_json_say_what_was_found_and_write_nothing(tmp_path: Path) -> None:
    done = run("init", "--demo", "penguins", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 classes" in done.stdout
    found = json.loads(run("init", "--demo", "penguins", "--dry-run", "--json", cwd=tmp_path).stdout)
    assert len(found["classes"]) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "terminal", "agreed"),
    [("y\n", True, True), (" YES \n", True, True), ("\n", True, False), ("no\n", True, False), ("", True, False),
     ("y\n", False, False)],
)  # fmt: skip
def test_files_are_replaced_where_a_person_says_yes(
    typed: str, terminal: bool, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO(typed)
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", stream)
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        if not typed:
            raise EOFError
        return typed

    monkeypatch.setattr(builtins, "input", answer)
    assert setup._agreed([Path("params.yaml"), Path("dvc.yaml")]) is agreed
    assert [("params.yaml, dvc.yaml" in one) for one in asked] == [True] * terminal


def test_files_that_are_there_stay_without_a_yes(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("mine\n")
    done = run("init", "--demo", "digits", cwd=tmp_path)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]
    assert (tmp_path / "params.yaml").read_text() == "mine\n"


def test_without_a_place_nothing_is_published(tmp_path: Path) -> None:
    write(tmp_path)
    done = run("publish", cwd=tmp_path)
    assert done.returncode == 2
    assert "publish: {to: ../published}" in done.stderr


def test_the_summary_of_a_project_is_the_measurement_with_what_was_paid(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project").layout.root
    found = json.loads(run("summary", "--json", cwd=root).stdout)
    assert found["verdict"] == "helps"
    assert "costs" in found
    done = run("summary", "--price-per-hour", "3", cwd=root)
    assert "helps" in done.stdout
    assert "No costs: no stage has run here yet" in done.stdout


def test_the_summary_says_what_the_guard_found_wrong(tmp_path: Path) -> None:
    layout = write_project(tmp_path / "project").layout
    report = read_json(layout.curate_report)
    wrong = {"value": 0.2, "error": 0.1, "real": 0.9, "real_error": 0.1, "problem": "not kept: 20% of 90%"}
    write_json(layout.curate_report, report | {"guard": {"classes": {"cat": {"kept": wrong}}}}, sealed=True)
    said = "class 猫 / cat: not kept: 20% of 90%"
    assert f"The guard: {said}." in run("summary", cwd=layout.root).stdout
    assert json.loads(run("summary", "--json", cwd=layout.root).stdout)["guard"] == [said]
    layout.curate_report.unlink()  # a clone may hold the measurement alone
    assert "The guard" not in run("summary", cwd=layout.root).stdout
    assert json.loads(run("summary", "--json", cwd=layout.root).stdout)["guard"] == []


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"generate": {"candidates": "many"}}, "generate.candidates"),
        ({"base": {"seed": -1}}, "base.seed"),
        ({"synthesis": {"method": "conditonal"}}, "did you mean 'conditional'"),
        ({"synthesis": {"method": "conditional", "settings": {"kimgs": 3}}}, "kimgs"),
        ({"synthesis": {"method": "tabular_gan"}}, "cannot make images"),
        ({"classes": {"a": {"label": "A"}}}, "two classes"),
        ({"classes": {"a": {"label": "A"}, "b": {"label": "A"}}}, "same label"),
        ({"nonsense": {}}, "nonsense: unknown key"),
    ],
)
def test_params_check_finds_what_cannot_work(sections: dict[str, object], message: str, tmp_path: Path) -> None:
    write(tmp_path, **sections)
    done = run("params", "check", cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_params_check_agrees_with_what_is_right(tmp_path: Path) -> None:
    write(tmp_path)
    done = run("params", "check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 classes, method conditional" in done.stdout


def test_the_schema_covers_every_section(tmp_path: Path) -> None:
    schema = json.loads(run("params", "schema", cwd=tmp_path).stdout)
    assert set(schema["properties"]) == set(Params.model_fields)
    assert schema["additionalProperties"] is False


def test_checks_are_told_to_programs_too(tmp_path: Path) -> None:
    write(tmp_path)
    done = run("params", "check", "--json", cwd=tmp_path)
    assert json.loads(done.stdout) == {"classes": ["a", "b"], "method": "conditional", "modality": "image"}
    layout = write_project(tmp_path / "project").layout
    assert run("export", cwd=layout.root).returncode == 0
    whole = run("verify", "--json", cwd=layout.root)
    assert (whole.returncode, json.loads(whole.stdout)["problems"]) == (0, [])
    (layout.export / "README.md").write_text("changed")
    changed = run("verify", "--json", cwd=layout.root)
    assert (changed.returncode, json.loads(changed.stdout)["problems"]) == (2, ["README.md: its bytes have changed"])
