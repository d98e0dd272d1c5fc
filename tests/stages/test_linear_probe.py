"""The arm `linear_probe`: one more baseline, with a classifier of its own, that a gain must beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gan_augment.core.atomic import read_json
from gan_augment.core.errors import ParamsError
from gan_augment.core.predictions import read_arm
from gan_augment.stages import measure, mix, retrain
from tests.stages.downstream_project import make_project

ARMS = ["real", "real_synthetic", "linear_probe"]


def sections(**classifier: Any) -> dict[str, Any]:
    return {
        "retrain": {"classifier": classifier, "second_opinion": "none", "seeds": 2, "arms": ARMS},
        "mix": {"seeds": 2, "ratios": [1]},
        "measure": {"bootstrap_draws": 200},
    }


def test_it_has_its_own_classifier_and_is_the_baseline_where_validation_finds_it_best(tmp_path: Path) -> None:
    weak = sections(kind="random_forest", trees=1, min_samples_leaf=30)
    project = make_project(tmp_path, train=(20, 20, 5), synthesizer="null", **weak)
    mix.run(project)
    for arm in ARMS:
        retrain.run(project, arm)
    measure.run(project)
    record = read_arm(project.layout.predictions("linear_probe"))
    assert record.families["first"].classifier == "linear_probe"
    assert {variant.name.partition(",")[0] for variant in record.families["first"].variants} == {
        "logistic",
        "half-whitened",
        "ridge",
        "discriminant",
    }
    assert record.rows_synthetic == 0
    measured = read_json(project.layout.measure_report)
    assert measured["gain"]["baseline_arm"] == "linear_probe"
    assert "linear probe on pretrained features" in measured["sentence"]
    assert measured["gain"]["points"] < -10
    levels = {arm["arm"]: arm["balanced_accuracy"]["mean"] for arm in measured["arms"]}
    assert levels["linear_probe"] > 0.8


def test_a_table_has_none(tmp_path: Path) -> None:
    project = make_project(tmp_path, modality="table", train=(20, 10), **sections(kind="logistic_regression"))
    mix.run(project)
    with pytest.raises(ParamsError, match="for images"):
        retrain.run(project, "linear_probe")
