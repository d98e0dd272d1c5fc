"""Groups of test rows: the gain in each, and in the worst one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import ParamsError
from gan_augment.core.predictions import ArmRecord, FamilyRecord, VariantRecord
from gan_augment.gain.config import MeasureConfig
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.groups import Grouping, grouped, groups_record
from tests.scoring.toys import classes

TASK = classes(2)
LABELS = np.tile([0, 1], 60)
PLACES = np.repeat([0, 1, 2], [60, 55, 5])
GROUPS = Grouping(("a", "b", "few"), PLACES)


def arm(name: str, right: np.ndarray) -> ArmPredictions:
    """Predictions of two seeds that are right for these rows."""
    answers = np.where(right, LABELS, 1 - LABELS)
    given = np.stack([np.eye(2, dtype=np.float32)[answers] * 0.8 + 0.1] * 2).astype(np.float32)
    variant = VariantRecord(name="natural", validation_loss=1.0, validation={TASK.headline: 0.5})
    family = FamilyRecord(classifier="cnn", effort={}, variants=(variant,), chosen=0)
    record = ArmRecord(arm=name, rows_real=9, rows_synthetic=0, seeds=2, train_counts=(5, 4))
    return ArmPredictions(record, family, given, given)


def evaluation() -> Evaluation:
    return Evaluation(TASK.spec, LABELS, MeasureConfig(bootstrap_draws=300), np.random.default_rng(0))


def test_a_gain_in_one_group_is_seen_there_and_not_in_the_other() -> None:
    rows = np.arange(120)
    baseline = arm("real", (PLACES == 0) | (rows % 3 > 0))
    synthetic = arm("real_synthetic", np.ones(120, dtype=bool))
    found = groups_record({"hospital": GROUPS}, baseline, synthetic, evaluation())["hospital"]
    a, b, few = found["groups"]
    assert a["gain"]["mean"] == 0.0
    assert b["gain"]["mean"] > 20
    assert b["gain"]["low"] > 0
    assert (a["test_rows"], b["test_rows"]) == (60, 55)
    assert few == {"value": "few", "test_rows": 5}  # too few for a figure
    assert found["worst"]["baseline"]["mean"] == b["baseline"]["mean"]
    assert found["worst"]["gain"]["mean"] == b["gain"]["mean"]


def test_the_worst_group_may_be_another_one_in_each_arm() -> None:
    rows = np.arange(120)
    baseline = arm("real", (PLACES != 0) | (rows % 4 > 1))
    synthetic = arm("real_synthetic", (PLACES != 1) | (rows % 4 > 1))
    found = groups_record({"hospital": GROUPS}, baseline, synthetic, evaluation())["hospital"]
    gains = [group["gain"]["mean"] for group in found["groups"][:2]]
    assert gains[0] > 40
    assert gains[1] < -40
    assert abs(found["worst"]["gain"]["mean"]) < 5


def test_groups_are_the_values_and_a_gap_is_one_too() -> None:
    found = grouped("sex", pd.Series(["m", pd.NA, "f", "m"], dtype="string"))
    assert found.values == ("(missing)", "f", "m")
    assert found.places.tolist() == [2, 0, 1, 2]
    assert grouped("flag", pd.Series([True, False])).values == ("False", "True")


def test_a_column_of_many_values_is_refused() -> None:
    with pytest.raises(ParamsError, match="too many values"):
        grouped("age", pd.Series(np.arange(60) / 2))


def test_no_group_with_enough_rows_has_no_worst_one() -> None:
    tiny = Grouping(tuple("abcdefghijklmnopqrstuvwxyz"), np.arange(120) % 26)
    every = arm("real", np.ones(120, dtype=bool))
    assert groups_record({"x": tiny}, every, every, evaluation())["x"]["worst"] is None


def test_the_interval_of_a_small_group_has_its_own_degrees_of_freedom() -> None:
    small = Grouping(("a", "b"), np.repeat([0, 1], [108, 12]))
    rows = np.arange(120)
    baseline, synthetic = arm("real", rows % 3 > 0), arm("real_synthetic", rows % 4 > 0)
    judged = evaluation()
    found = groups_record({"x": small}, baseline, synthetic, judged)["x"]["groups"][1]["gain"]

    def of_group(probabilities: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return judged.headline(probabilities[108:], targets[108:], weights[:, 108:])

    as_if_of_all = judged.difference(of_group, synthetic.decided, baseline.decided, rows=12).rounded(3, 100)
    assert found["mean"] == as_if_of_all["mean"]
    assert found["high"] - found["low"] > 1.05 * (as_if_of_all["high"] - as_if_of_all["low"])
