"""`mix`: the plan that validation chose, and the rows that it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from gan_augment.core.atomic import read_json
from gan_augment.core.samples import read_samples
from gan_augment.project.layout import Project
from gan_augment.stages import mix
from tests.stages.downstream_project import make_project
from tests.stages.measured import TABLE


def test_mix_lays_out_the_rows_that_its_plan_names(table: tuple[Project, Any]) -> None:
    layout = table[0].layout
    plan = json.loads((layout.mixed / "plan.json").read_text())
    added, alone, curated = (read_samples(path) for path in (
        layout.mixed / "synthetic", layout.mixed / "alone", layout.curated))  # fmt: skip
    assert added.manifest["label"].value_counts().to_dict() == {
        label: count for label, count in plan["shown_counts"].items() if count
    }
    assert alone.manifest["label"].value_counts().to_dict() == {"malignant": 30, "benign": 12}
    assert set(added.manifest["id"]) <= set(curated.manifest["id"])
    curve = pd.read_csv(layout.ratio_curve)
    assert curve["ratio"].tolist() == [0.0, 1.0, 2.0]
    assert curve.loc[curve["chosen"], "ratio"].tolist() == [plan["ratio"]]
    assert json.loads(layout.mix_report.read_text())["ratio"] == plan["ratio"]


def test_ratios_per_class_take_rows_away_from_some_and_add_none(tmp_path: Path, table: tuple[Project, Any]) -> None:
    sections = {**TABLE, "mix": {**TABLE["mix"], "per_class": True}}
    project = make_project(tmp_path, modality="table", train=(30, 12), held=40, **sections)
    mix.run(project)
    plans = [json.loads((found.layout.mixed / "plan.json").read_text()) for found in (project, table[0])]
    assert plans[0]["shown_ratio"] == plans[1]["shown_ratio"]
    for key, count in plans[0]["shown_counts"].items():
        assert count in (0, plans[1]["shown_counts"][key])
    added = read_samples(project.layout.mixed / "synthetic").manifest["label"].value_counts().to_dict()
    assert added == {key: count for key, count in plans[0]["shown_counts"].items() if count}


def test_the_rows_that_the_judge_is_unsure_of_are_left_out_where_validation_wants_it(tmp_path: Path) -> None:
    sections = {
        "mix": {"ratios": [1.0], "seeds": 2, "judge_probabilities": [0.7]},
        "retrain": TABLE["retrain"] | {"classical": {"strength": 0}},
    }
    project = make_project(tmp_path, synthesizer="mixed", train=(20, 20, 1), held=20, **sections)
    mix.run(project)
    plan = read_json(project.layout.mixed / "plan.json")
    assert plan["judge_probability"] == 0.7
    taken = read_samples(project.layout.mixed / "synthetic")
    assert plan["shown_counts"] == {"digit-0": 0, "digit-1": 0, "digit-2": 19}
    rows = taken.manifest["id"].str.split("-").str[2].astype(int)  # its place among the candidates
    assert (rows % 2 == 0).all()  # the odd ones are of other classes
    metrics = read_json(project.layout.mix_report)
    assert metrics["judge_probabilities_tried"]["0.7"]["gain"] > 0
