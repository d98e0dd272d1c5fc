"""Every help text and the messages of every class of error, word for word, as tests/cli/golden has them.

After a change of words: `pytest tests/cli/test_golden.py --update-golden`, then read the diff as a user would.
"""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import typer
import yaml

from gan_augment.cli.app import app
from gan_augment.compute import claims
from gan_augment.core import errors, last_resort
from gan_augment.core.atomic import write_json
from gan_augment.project import layout as stages_project
from gan_augment.setup import initialise
from gan_augment.synthesis.registry import method_names, resolve_method
from tests.captioned_project import write_captioned_project
from tests.cli.command import run
from tests.data.pictures import write_folder
from tests.finished_project import write_project

GOLDEN = Path(__file__).parent / "golden"
WIDTH = "88"

# ---- help


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group below `group`, itself included."""
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


HELP = {"-".join(["help", *path]): path for path in commands(typer.main.get_command(app))}


@pytest.mark.parametrize("name", HELP)
def test_help(name: str, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    done = run(*HELP[name], "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    golden(name, done.stdout)


# ---- mistakes: what is there before, and what is asked for

Setup = Callable[[Path, pytest.MonkeyPatch], None]


def nothing(root: Path, patch: pytest.MonkeyPatch) -> None:
    """An empty folder."""


def params(**sections: Any) -> Setup:
    """A params.yaml of the demo with these sections in place of its own."""

    def write(root: Path, patch: pytest.MonkeyPatch) -> None:
        whole: dict[str, Any] = {
            "classes": {f"c{digit}": {"label": str(digit)} for digit in range(10)},
            "prepare": {"source": {"kind": "demo", "name": "digits"}},
            "synthesis": {"method": "conditional"},
        }
        (root / "params.yaml").write_text(yaml.safe_dump(whole | sections), encoding="utf-8")

    return write


def text(name: str, words: str) -> Setup:
    def write(root: Path, patch: pytest.MonkeyPatch) -> None:
        (root / name).write_text(words, encoding="utf-8")

    return write


def windows_text(root: Path, patch: pytest.MonkeyPatch) -> None:
    (root / "params.yaml").write_text("base: {}\nclasses: {b: {label: Bälle}}\n", encoding="cp1252")


def table(root: Path, patch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"age": range(40), "height": np.arange(40) % 7, "kind": ["yes", "no"] * 20})
    frame.to_csv(root / "table.csv", index=False)


def many_numbers(root: Path, patch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"x": np.arange(120) / 7, "n": np.arange(120) % 9, "kind": ["yes", "no"] * 60})
    frame["amount"] = ["?" if number % 30 == 0 else str(number) for number in range(120)]
    frame.to_csv(root / "table.csv", index=False)


def rare_class(root: Path, patch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"x": np.arange(120) % 11, "kind": ["yes"] * 3 + ["no"] * 117})
    frame.to_csv(root / "table.csv", index=False)


def pictures(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_folder(root / "photos", {"cat": 8, "dog": 8})


def unreadable(root: Path, patch: pytest.MonkeyPatch) -> None:
    pictures(root, patch)
    (root / "photos/dog/003.png").write_bytes(b"no picture at all")


def one_class(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_folder(root / "photos", {"cat": 8})


def folder_source(root: Path, patch: pytest.MonkeyPatch) -> None:
    unreadable(root, patch)
    params(prepare={"source": {"kind": "image_folder", "path": "photos"}})(root, patch)


def leaking(root: Path, patch: pytest.MonkeyPatch) -> None:
    rows = [(n / 7, part, "ny"[n % 2]) for n, part in enumerate(["train"] * 20 + ["validation"] * 10 + ["test"] * 10)]
    frame = pd.DataFrame([*rows, (0.0, "test", "n")], columns=["x", "part", "kind"])
    frame["y"] = frame["x"] ** 2
    frame.to_csv(root / "table.csv", index=False)
    source = {"kind": "table", "path": "table.csv", "target": "kind"}
    classes = {"n": {"label": "n"}, "y": {"label": "y"}}
    prepare = {"source": source, "split": {"column": "part"}}
    params(prepare=prepare, classes=classes, synthesis={"method": "tabular_gan"})(root, patch)


def there_already(root: Path, patch: pytest.MonkeyPatch) -> None:
    for name in initialise.PROJECT_FILES:
        (root / name).write_text("mine\n", encoding="utf-8")


def finished(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_project(root)


def cut_input(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(root, monkeypatch)
    path = root / "data/curated/manifest.parquet"
    path.write_bytes(path.read_bytes()[:-20])


def another_methods_model(root: Path, patch: pytest.MonkeyPatch) -> None:
    project = write_project(root)
    write_json(project.layout.train_gan("cat") / "model.json", {"method": "smote"})


def damaged_export(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_project(root)
    assert run("export", cwd=root).returncode == 0
    shard = next(path for path in sorted((root / "export").rglob("*.tar")))
    shard.write_bytes(shard.read_bytes()[:-1])


def no_gain(root: Path, patch: pytest.MonkeyPatch) -> None:
    report = write_project(root).layout.measure_report
    write_json(report, json.loads(report.read_text(encoding="utf-8")) | {"gain": {}})


def empty_measurement(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_json(write_project(root).layout.measure_report, {})


def no_gpu(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_project(root)
    changed = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    params(**(changed | {"base": {"device": "cuda"}}))(root, patch)
    patch.setattr(torch.cuda, "is_available", lambda: False)
    patch.setattr(torch.backends.mps, "is_available", lambda: False)
    patch.setattr(claims, "visible_gpus", list)


def no_albumentations(root: Path, patch: pytest.MonkeyPatch) -> None:
    write_project(root)
    patch.setitem(sys.modules, "albumentations", None)


def full_disk(root: Path, patch: pytest.MonkeyPatch) -> None:
    def write(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "reports/report.html")

    patch.setattr(stages_project.Project, "open", write)


def captioned(method: str, *, trained: bool = True, **settings: Any) -> Setup:
    def write(root: Path, patch: pytest.MonkeyPatch) -> None:
        write_captioned_project(root, method, trained=trained, **settings)

    return write


SHORT = {"kimg": 0.032, "batch_size": 32, "width": 16, "checks": 1, "judge_steps": 1}

MISTAKES: dict[str, tuple[Setup, str]] = {
    # The command line
    "unknown-command": (nothing, "pretrian"),
    "missing-argument": (nothing, "train_gan"),
    "unknown-option": (nothing, "pretrain --dry"),
    # init
    "init-nothing-named": (nothing, "init"),
    "init-wrong-path": (nothing, "init photos"),
    "init-unknown-demo": (nothing, "init --demo digit"),
    "init-no-target": (table, "init table.csv"),
    "init-wrong-target": (table, "init table.csv --target kinds"),
    "init-target-of-a-folder": (pictures, "init photos --target kind"),
    "init-unreadable-image": (unreadable, "init photos -C project"),
    "init-one-class": (one_class, "init photos -C project"),
    "init-unknown-setting": (pictures, "init photos -C project --set prepare.corupt=skip"),
    "init-setting-of-another-section": (pictures, "init photos --set generate.candidates=3"),
    "init-dry-run-one-class": (one_class, "init photos -C project --dry-run"),
    "init-target-of-a-demo": (nothing, "init --demo digits --target kind"),
    "init-files-in-the-way": (there_already, "init --demo penguins"),
    "init-inside-its-data": (pictures, "init photos -C photos/project"),
    "init-no-table-nor-image": (text("notes.docx", "words"), "init notes.docx"),
    # params.yaml
    "no-project": (nothing, "pretrain"),
    "params-not-yaml": (text("params.yaml", "a: ["), "params check"),
    "params-not-utf8": (windows_text, "params check"),
    "params-no-sections": (text("params.yaml", "just words"), "params check"),
    "params-unknown-key": (params(generate={"candidate": 3}, nonsense={}), "params check"),
    "params-wrong-types": (params(generate={"candidates": "many"}, base={"seed": -1}), "params check"),
    "params-unknown-method": (params(synthesis={"method": "conditonal"}), "params check"),
    "params-unknown-method-setting": (
        params(synthesis={"method": "smote", "settings": {"k": 3}}),
        "methods show smoot",
    ),
    "params-unknown-setting": (
        params(synthesis={"method": "conditional", "settings": {"kimgs": 4, "kimg": -4}}),
        "params check",
    ),
    "summary-nothing": (nothing, "summary"),
    "params-impossible-method": (params(synthesis={"method": "smote"}), "params check"),
    "params-wrong-method-setting": (
        params(synthesis={"method": "conditional", "settings": {"kimg": "long"}}),
        "params check",
    ),
    "params-no-data": (params(prepare={"source": {"kind": "image_folder", "path": "fotos"}}), "params check"),
    "params-format-of-tables": (params(export={"formats": ["table"]}), "params check"),
    "params-one-class": (params(classes={"a": {"label": "A"}}), "params check"),
    "params-same-label": (params(classes={"a": {"label": "A"}, "b": {"label": "A"}}), "params check"),
    # stages
    "stage-missing-input": (params(), "pretrain"),
    "stage-unknown-class": (finished, "train_gan dog"),
    "stage-unknown-class-generate": (finished, "generate dog"),
    "stage-unknown-class-dry": (params(), "train_gan god --dry-run"),
    "prepare-unreadable-image": (folder_source, "prepare"),
    "prepare-other-classes": (params(classes={"cat": {"label": "cat"}, "dog": {"label": "dog"}}), "prepare"),
    "prepare-leak": (leaking, "prepare"),
    "stage-no-model": (finished, "generate cat"),
    "stage-another-methods-model": (another_methods_model, "generate cat"),
    "stage-cut-input": (cut_input, "mix"),
    "stage-no-gpu": (no_gpu, "curate"),
    "full-disk": (full_disk, "report"),
    # the others
    "preview-before-prepare": (params(), "preview"),
    "preview-page-in-a-file": (finished, "preview --html params.yaml/page.html"),
    "draw-before-pretrain": (captioned("text_to_image", trained=False), "draw --caption red"),
    "draw-captions-by-another-method": (captioned("oversample"), "draw --caption red"),
    "draw-unknown-words": (captioned("text_to_image", **SHORT), "draw --caption grean"),
    "draw-unknown-class": (captioned("retrieve"), "draw --class blue"),
    "watch-page-is-a-folder": (finished, "watch --once --html reports"),
    "preview-without-albumentations": (no_albumentations, "preview"),
    "summary-empty-measurement": (empty_measurement, "summary"),
    "summary-measurement-without-gain": (no_gain, "summary"),
    "report-empty-measurement": (empty_measurement, "report"),
    "compare-empty-measurement": (empty_measurement, "compare . ../here"),
    "export-empty-measurement": (empty_measurement, "export"),
    "summary-before-measure": (params(), "summary"),
    "verify-nothing": (nothing, "verify"),
    "verify-damaged": (damaged_export, "verify"),
    "compare-one": (finished, "compare ."),
    "compare-page-in-a-file": (finished, "compare . .. --html params.yaml/page.html"),
    "compare-nowhere": (finished, "compare . nowhere"),
    "compare-unmeasured": (pictures, "compare photos photos/cat"),
    "choose-no-file": (table, "choose tabel.csv --target kind"),
    "choose-no-target": (table, "choose table.csv"),
    "choose-wrong-target": (table, "choose table.csv --target kinds"),
    "choose-number-as-target": (many_numbers, "choose table.csv --target x"),
    "choose-few-rows": (table, "choose table.csv --target kind"),
    "choose-unknown-method": (table, "choose table.csv --target kind --methods smot"),
    "choose-unknown-metric": (many_numbers, "choose table.csv --target kind --drop amount --metric f1"),
    "choose-unknown-classifier": (many_numbers, "choose table.csv --target kind --drop amount --classifier forest"),
    "choose-strange-column": (many_numbers, "choose table.csv --target kind"),
    "choose-nothing-left": (text("a.csv", "x,kind\n" + "1,yes\n2,no\n" * 60), "choose a.csv --target kind --drop x"),
    "choose-rare-class": (rare_class, "choose table.csv --target kind"),
    "choose-over-itself": (table, "choose table.csv --target kind --write ./table.csv"),
    "choose-into-a-file": (table, "choose table.csv --target kind --write table.csv/more.csv"),
    "choose-strange-output": (table, "choose table.csv --target kind --write table.xlsx"),
    "calibrate-unknown-control": (params(), "calibrate --control nul"),
    "calibrate-unknown-demo": (params(), "calibrate --demo penguin"),
}


# What grows with every new method and setting is not worth a golden text.
LISTS = {
    ", ".join(method_names()): "(ALL METHODS)",
    ", ".join(resolve_method("conditional").Config.model_fields): "(ALL SETTINGS)",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(
    name: str,
    tmp_path: Path,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    raised: list[str],
) -> None:
    setup, words = MISTAKES[name]
    root = tmp_path / "here"
    root.mkdir()
    setup(root, monkeypatch)
    done = run(*words.split(), cwd=root)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    said = done.stderr.replace(str(root), "FOLDER").replace(str(tmp_path), "PARENT")
    for listed, name_of_list in LISTS.items():
        said = said.replace(listed, name_of_list)
    kind = f", {raised[0]}" if raised else ""
    golden(f"error-{name}", f"$ gan-augment {words}\n{said}exit code 2{kind}\n")


def test_every_class_of_error_is_among_them() -> None:
    met = {path.read_text(encoding="utf-8").rpartition(", ")[2].strip() for path in GOLDEN.glob("error-*.txt")}
    assert {name for name in errors.__all__ if name != "GanAugmentError"} <= met


def test_there_is_no_golden_file_that_nothing_writes() -> None:
    expected = {*HELP, *(f"error-{name}" for name in MISTAKES)}
    assert {path.stem for path in GOLDEN.glob("*.txt")} == expected


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The class of the error that ended the command."""
    seen: list[str] = []
    explain = last_resort._explain

    def note(error: BaseException, arguments: Sequence[str]) -> tuple[int, str]:
        if isinstance(error, errors.GanAugmentError):
            seen.append(type(error).__name__)
        elif isinstance(error, OSError):
            seen.append(errors.SetupError.__name__)
        return explain(error, arguments)

    monkeypatch.setattr(last_resort, "_explain", note)
    return seen


@pytest.fixture
def golden(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Compare a text with tests/cli/golden/NAME.txt, or write it there."""
    monkeypatch.setenv("COLUMNS", WIDTH)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    update = request.config.getoption("--update-golden", default=False)

    def check(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), "pytest tests/cli/test_golden.py --update-golden"
        assert text == path.read_text(encoding="utf-8"), "pytest tests/cli/test_golden.py --update-golden"

    return check
