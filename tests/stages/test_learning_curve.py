"""`learning_curve`: what synthetic rows are worth in real ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.checksums import list_checksums
from gan_augment.core.predictions import read_curve
from gan_augment.project.layout import Project
from gan_augment.stages import learning_curve, measure


def test_the_learning_curve_says_what_the_rows_are_worth(tmp_path: Path, table: tuple[Project, Any]) -> None:
    shutil.copytree(table[0].layout.root, tmp_path / "p")
    project = Project.open(tmp_path / "p")
    hidden = project.layout.test_labels.rename(tmp_path / "labels")
    learning_curve.run(project)  # where no test label is in reach
    first = file_hash(project.layout.learning_curve)
    learning_curve.run(project)
    assert file_hash(project.layout.learning_curve) == first
    hidden.rename(project.layout.test_labels)
    measure.run(project)
    measured, found = read_json(project.layout.measure_report), read_curve(project.layout.learning_curve)
    assert found is not None
    assert found[0].arm == measured["gain"]["baseline_arm"]
    assert [point.rows for point in found[0].points] == [3, 6]  # of the 12 of the smaller class
    worth = measured["worth"]
    assert (worth["rows_there"], worth["classes"]) == (12, [project.spec().classes[1].key])
    assert [point["share"] for point in worth["curve"]] == [0.25, 0.5]
    assert "real rows" in worth["sentence"]
    moved = {name for name in measured if measured[name] != table[1][name]}
    assert moved == {"worth"}  # it moves no other figure


def test_a_curve_of_other_predictions_says_nothing(tmp_path: Path, table: tuple[Project, Any]) -> None:
    shutil.copytree(table[0].layout.root, tmp_path / "p")
    project = Project.open(tmp_path / "p")
    measure.run(project)
    assert read_json(project.layout.measure_report)["worth"] is None  # a project of before has no such stage
    learning_curve.run(project)
    path = project.layout.learning_curve / "curve.json"
    other = read_json(path) | {"variant": "another"}
    path.write_text(json.dumps(other))
    list_checksums(project.layout.learning_curve)
    measure.run(project)
    assert read_json(project.layout.measure_report)["worth"] is None
