"""Attributes as what is learnt, from the prepared parts to the verdict; groups of test rows at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gan_augment.core.errors import LeakError, ParamsError
from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import read_arm, read_probabilities
from gan_augment.core.records import HELD, DatasetSpec
from gan_augment.core.samples import read_samples, write_samples
from gan_augment.project.layout import Layout, Project
from gan_augment.project.prepared import in_split, read_held, write_parts, write_test_part
from gan_augment.stages import learning_curve, measure, mix, retrain
from tests.scoring.toys import GLASSES, HAIR, attribute_samples, attribute_spec

ARMS = ["real", "real_classical", "cheap", "real_synthetic", "synthetic"]
PARAMS: dict[str, Any] = {
    "base": {"seed": 0, "device": "cpu"},
    "prepare": {"source": {"kind": "demo", "name": "digits"}},
    "synthesis": {"method": "conditional"},
    "mix": {"seeds": 2, "ratios": [2]},
    "retrain": {
        "classifier": {"kind": "cnn", "steps": 40, "batch_size": 16, "width": 4},
        "classical": {"views": 2},
        "seeds": 2,
        "arms": ARMS,
    },
    "measure": {"bootstrap_draws": 200, "learning_curve": "always", "groups": ["glasses"]},
}


def make_project(root: Path, **sections: Any) -> Project:
    """Prepared parts with attributes, and fresh real rows in place of synthetic ones."""
    spec = attribute_spec()
    parts = {
        split: attribute_samples(spec, rows, seed=place, gaps=0.1, split=split)
        for place, (split, rows) in enumerate({"train": 40, "validation": 40, "test": 80}.items())
    }
    params = {"classes": {record.key: {"label": record.label} for record in spec.classes}, **PARAMS, **sections}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    project = Project.open(root)
    write_parts(project.layout, spec, parts["train"], parts["validation"])
    write_test_part(project.layout, parts["test"])
    write_candidates(project.layout, spec)
    return project


def write_candidates(layout: Layout, spec: DatasetSpec) -> None:
    made = in_split(attribute_samples(spec, 60, seed=9, gaps=0, split="made"), "train").relabelled(origin="synthetic")
    layout.curated.mkdir(parents=True)
    write_samples(layout.curated, made)
    scores = pd.DataFrame({"judge_probability": np.full(len(made), 0.95, np.float32)})
    scores.to_parquet(layout.curated / "sureness.parquet", index=False)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    project = make_project(tmp_path_factory.mktemp("attributes"))
    held = project.layout.test_labels.read_bytes()
    project.layout.test_labels.unlink()  # what comes before `measure` reads no answers
    mix.run(project)
    for arm in ARMS:
        retrain.run(project, arm)
    learning_curve.run(project)
    project.layout.test_labels.write_bytes(held)
    measure.run(project)
    found: dict[str, Any] = json.loads(project.layout.measure_report.read_text())
    return project, found


def test_the_answers_of_test_rows_lie_apart(measured: tuple[Project, dict[str, Any]]) -> None:
    project, _ = measured
    assert list(read_held(project.layout).columns) == ["label", "source", f"{HELD}hair", f"{HELD}glasses"]
    assert not list(project.layout.test_inputs.glob("attributes*"))
    with pytest.raises(LeakError):
        project.test_inputs().samples.label_indices(project.spec())


def test_attributes_beside_test_inputs_are_a_leak(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    inputs = read_samples(project.layout.test_inputs)
    beside = attribute_samples(project.spec(), len(inputs)).companions
    for file in project.layout.test_inputs.iterdir():
        file.unlink()
    write_samples(project.layout.test_inputs, replace(inputs, companions=beside))
    with pytest.raises(LeakError):
        project.test_inputs()


def test_rows_of_a_method_that_makes_no_attributes_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    made = read_samples(project.layout.curated)
    for file in project.layout.curated.glob("attributes*"):
        file.unlink()
    write_samples(project.layout.curated, made)
    with pytest.raises(ParamsError, match="lack the target"):
        mix.run(project)


def test_folds_answer_in_the_words_of_all_train_rows(tmp_path: Path) -> None:
    project, spec = make_project(tmp_path, cross_fit={"folds": 2}), attribute_spec()
    rows = project.train_view(("attributes",)).samples
    red = (frame_of(rows.companions["attributes"])["hair"] == "red").fillna(False).to_numpy(bool)
    halves = (
        np.flatnonzero(red | (np.arange(len(rows)) % 2 == 0)),
        np.flatnonzero(~red & (np.arange(len(rows)) % 2 == 1)),
    )
    for number in range(2):
        layout = project.layout.fold(number)
        write_parts(layout, spec, rows.take(halves[number - 1]), rows.take(halves[number]))  # no fold 0 has red hair
        write_candidates(layout, spec)
    mix.run(project)
    found = json.loads(project.layout.mix_report.read_text())
    assert found["validation_rows"] == len(rows)
    assert 0 <= found["mean_balanced_accuracy_at_zero"] <= 1


def test_predictions_lie_in_the_same_arrays(measured: tuple[Project, dict[str, Any]]) -> None:
    project, _ = measured
    for arm in ARMS:
        record = read_arm(project.layout.predictions(arm))
        assert record.levels == {"hair": HAIR, "glasses": GLASSES}
        test = read_probabilities(project.layout.predictions(arm), "first", "test")
        assert test.shape == (2, 80, 5)
        assert len(record.families["first"].best.adjustment.parts) == 2


def test_the_headline_is_the_mean_over_the_columns(measured: tuple[Project, dict[str, Any]]) -> None:
    _, found = measured
    assert found["gain"]["metric"] == "mean_balanced_accuracy"
    assert [arm["arm"] for arm in found["arms"]] == ARMS
    for arm in found["arms"]:
        assert {"mean", "low", "high"} == set(arm["mean_balanced_accuracy"])
        assert 0 <= arm["worst_combination"]["mean"] <= arm["mean_balanced_accuracy"]["mean"] + 0.2
        assert "balanced_accuracy" not in arm
        assert "per_class_recall" not in arm
    assert [part["key"] for part in found["per_column"]] == ["hair", "glasses"]
    assert "mean_balanced_accuracy_after_tuning" in found["threshold_free"]
    best = max(arm["mean_balanced_accuracy"]["mean"] for arm in found["arms"])
    assert best > 0.8


def test_groups_are_reported_beside_the_gain(measured: tuple[Project, dict[str, Any]]) -> None:
    _, found = measured
    groups = found["groups"]["glasses"]
    assert [group["value"] for group in groups["groups"]] == ["(missing)", "no", "yes"]
    assert sum(group["test_rows"] for group in groups["groups"]) == 80
    known = [group["baseline"]["mean"] for group in groups["groups"] if "baseline" in group]
    assert groups["worst"]["baseline"]["mean"] <= min(known) + 1e-3


def test_a_group_of_no_known_column_is_refused(measured: tuple[Project, dict[str, Any]]) -> None:
    project, _ = measured
    wrong = project.params.model_copy(
        update={"measure": project.params.measure.model_copy(update={"groups": ("hospital",)})}
    )
    with pytest.raises(ParamsError, match="hospital") as caught:
        measure.run(Project(wrong, project.layout))
    assert "hair, glasses" in str(caught.value)
