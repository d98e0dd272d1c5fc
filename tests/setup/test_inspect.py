from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import DEMO_NAMES, TableSource
from gan_augment.setup.findings import Findings
from gan_augment.setup.inspect import inspect_demo, inspect_path
from gan_augment.setup.render import render_findings
from tests.data.pictures import bomb, noise, save, write_folder


def problem(findings: Findings, words: str) -> str:
    """The one problem with these words, as text."""
    (found,) = [p for p in findings.problems if words in p.what]
    return f"{found.severity}: {found.what} {' '.join(found.places)} {found.remedy}"


def table(tmp_path: Path, rows: int = 60, **columns: object) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": random.normal(size=rows), "y": random.normal(size=rows), "kind": ["a", "b"] * (rows // 2)}
    )
    frame.assign(**columns).to_csv(tmp_path / "t.csv", index=False)  # type: ignore[arg-type]
    return tmp_path / "t.csv"


@pytest.mark.parametrize("name", DEMO_NAMES)
def test_demos_have_no_problems(name: str) -> None:
    findings = inspect_demo(name)
    assert not findings.errors
    assert sum(findings.parts.values()) == findings.rows
    assert json.loads(json.dumps(findings.to_json()))["name"] == name


def test_an_unknown_demo_is_refused() -> None:
    with pytest.raises(DataError, match="digits"):
        inspect_demo("mnist")


def test_images_sizes_modes_and_classes_are_said(tmp_path: Path) -> None:
    write_folder(tmp_path, {"big cat": 22}, (40, 40))
    write_folder(tmp_path, {"dog": 30}, (20, 30))
    save(tmp_path / "dog/grey.png", noise(0, channels=1))
    findings = inspect_path(tmp_path)
    assert [(c.key, c.label, c.rows) for c in findings.classes] == [("big-cat", "big cat", 22), ("dog", "dog", 31)]
    assert findings.images is not None
    assert findings.images.sizes == {"20 x 30": 30, "40 x 40": 22, "16 x 16": 1}
    assert findings.images.modes == {"RGB": 52, "L": 1}
    assert findings.parts == {"train": 33, "validation": 10, "test": 10}
    text = render_findings(findings)
    for part in ("53 images", "2 classes", "16 x 16 to 40 x 40", "'big cat'", "L 1", "20 x 20 px, RGB"):
        assert part in text


def test_columns_missing_values_and_kinds_are_said(tmp_path: Path) -> None:
    findings = inspect_path(table(tmp_path, colour=["red", None, "blue"] * 20), target="kind")
    assert [(c.name, c.kind, c.missing) for c in findings.columns][-1] == ("colour", "categorical", 20)
    assert findings.missing_values == 20
    assert "20 missing" in render_findings(findings)


def test_columns_that_are_no_features_are_dropped_in_the_settings(tmp_path: Path) -> None:
    path = table(tmp_path, patient_id=range(60), same=1)
    findings = inspect_path(path, target="kind")
    assert isinstance(findings.config.source, TableSource)
    assert findings.config.source.drop == ("patient_id", "same")
    assert not findings.errors
    assert "an identifier" in problem(findings, "'patient_id'")


def test_what_is_left_out_is_said_and_adds_up(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 22, "b": 22})
    for name in (".DS_Store", "a/notes.txt", "b/.hidden.png"):
        (tmp_path / name).write_text("x")
    findings = inspect_path(tmp_path)
    assert findings.entries["found"] == findings.rows + 3 == 47
    assert "left out    3 of 47 entries" in render_findings(findings)
    assert "b/.hidden.png" in problem(findings, "hidden")
    assert json.loads(json.dumps(findings.to_json()))["entries"]["samples"] == 44


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 30, "b": 2})
    bomb(tmp_path / "a/bomb.png")
    (tmp_path / "readme.txt").write_text("x")
    findings = inspect_path(tmp_path)
    assert problem(findings, "cannot be read").startswith("error")
    assert "'b': 2" in problem(findings, "too few samples")
    assert "readme.txt" in problem(findings, "files without the ending of an image")
    assert "'b': 2" in problem(findings, "fewer than 20")
    assert findings.parts == {}
    assert "ERROR" in render_findings(findings)
    assert "ERROR" not in render_findings(findings, errors=False)


def test_labels_that_differ_by_capitals_are_said(tmp_path: Path) -> None:
    findings = inspect_path(write_folder(tmp_path, {"Cat": 20, "cat": 20, "dog": 20}))
    assert "'Cat' (20) and 'cat' (20)" in problem(findings, "only in capitals")
    assert len({c.key for c in findings.classes}) == 3


def test_one_class_only_is_an_error(tmp_path: Path) -> None:
    findings = inspect_path(write_folder(tmp_path, {"a": 30}))
    assert problem(findings, "only one class").startswith("error")
