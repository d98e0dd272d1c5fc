"""What the ratio search leaves behind: the plan for the arms, the metrics and the curve tell one story."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.mixing.curation_threshold import ThresholdTrial
from gan_augment.mixing.plan import Search, curve, plan_record, search_metrics, write_curve
from gan_augment.mixing.ratio import Choice, Plan, Trial
from gan_augment.scoring.statistics import Interval

SPEC = DatasetSpec(
    name="t",
    modality="image",
    classes=(ClassRecord(key="a", label="A"), ClassRecord(key="b", label="B")),
    image=ImageSpec(height=4, width=4, channels=1),
)


def counts(*values: int) -> npt.NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)


def interval(mean: float) -> Interval:
    return Interval(mean, mean - 0.02, mean + 0.02, 0.01, 30.0, 0.5)


PLANS = {
    0.0: Plan(0.0, counts(0, 0), counts(0, 0)),
    1.0: Plan(1.0, counts(0, 30), counts(0, 30)),
    2.0: Plan(2.0, counts(40, 60), counts(40, 70)),
}
TRIALS = (
    Trial(PLANS[0.0], interval(0.8), None, None, None, 3, False),
    Trial(PLANS[1.0], interval(0.85), interval(0.1), interval(0.05), interval(0.0), 3, False),
    Trial(PLANS[2.0], interval(0.7), interval(-0.2), interval(-0.1), None, 1, True),
)


def search(ratio: float = 1.0, shown: float = 1.0) -> Search:
    return Search(SPEC, TRIALS, Choice(ratio, shown), PLANS[shown], validation_rows=50, headline="balanced_accuracy")


def test_what_is_shown_is_used_only_where_a_ratio_above_zero_was_chosen() -> None:
    used, only_shown = search(1.0, 1.0), search(0.0, 2.0)
    assert used.chosen is used.shown
    assert only_shown.chosen.counts.tolist() == [0, 0]
    assert plan_record(only_shown)["counts"] == {"a": 0, "b": 0}
    assert plan_record(only_shown)["shown_counts"] == {"a": 40, "b": 60}
    assert search_metrics(only_shown)["synthetic_rows"] == 0
    assert search_metrics(used)["synthetic_rows"] == 30


def test_classes_with_fewer_rows_than_wanted_are_named_with_what_was_wanted() -> None:
    assert plan_record(search(2.0, 2.0))["capped"] == {"b": 70}
    assert plan_record(search())["capped"] == {}


def test_gains_are_points_of_accuracy_and_nats() -> None:
    metrics = search_metrics(search())
    assert (metrics["shown_gain"], metrics["shown_log_loss_gain"]) == (5.0, 0.1)
    assert (metrics["shown_gain_standard_error"], metrics["shown_log_loss_gain_standard_error"]) == (1.0, 0.01)
    assert (metrics["balanced_accuracy_at_zero"], metrics["balanced_accuracy"]) == (0.8, 0.85)
    assert (metrics["ratios_tried"], metrics["stopped_early"]) == (3, 1)
    assert search_metrics(search(0.0, 0.0))["shown_gain"] is None  # against itself


def test_thresholds_that_were_tried_are_named_by_their_number() -> None:
    stricter = ThresholdTrial(replace(PLANS[1.0], threshold=0.9), interval(0.03), interval(0.02))
    tried = replace(search(), shown=stricter.plan, thresholds=(stricter,))
    metrics = search_metrics(tried)
    assert metrics["judge_probability"] == plan_record(tried)["judge_probability"] == 0.9
    assert metrics["judge_probabilities_tried"]["0.9"]["gain"] == 2.0


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_the_curve_has_a_row_a_ratio_and_one_of_them_is_chosen(ratio: float, tmp_path: Path) -> None:
    frame = curve(search(ratio))
    assert frame["ratio"].tolist() == [0.0, 1.0, 2.0]
    assert frame.loc[frame["chosen"], "ratio"].tolist() == [ratio]
    assert frame["synthetic_rows"].tolist() == [0, 30, 100]
    assert frame["capped"].tolist() == [False, False, True]
    assert frame["standard_error"].tolist() == [0.0, 0.01, 0.01]
    write_curve(tmp_path / "curve.csv", frame)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "curve.csv"), frame)
    assert b"\r" not in (tmp_path / "curve.csv").read_bytes()
