"""Several trainings of the synthesizer: their spread widens the interval, and each counts once."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.gain.config import MeasureConfig
from gan_augment.gain.evaluation import Evaluation
from gan_augment.gain.replication import Replicate, combine
from gan_augment.scoring.metrics import balanced_accuracy
from tests.gain.simulation import probabilities_from

LABELS = np.repeat([0, 1], 150)
SPEC = DatasetSpec(
    name="t",
    modality="image",
    classes=(ClassRecord(key="a", label="a"), ClassRecord(key="b", label="b")),
    image=ImageSpec(height=4, width=4, channels=1),
)


def evaluation() -> Evaluation:
    return Evaluation(SPEC, LABELS, MeasureConfig(bootstrap_draws=300), np.random.default_rng(0))


def replicate(
    found: Evaluation, skill: float, ratio: float = 1.0, seeds: int = 3, untried: str | None = None
) -> Replicate:
    """The arm without synthetic data is right on 70 %, the one with it on `skill`."""
    rng = np.random.default_rng(1)
    luck = rng.random((seeds, len(LABELS)))
    arms = [probabilities_from(luck < share, LABELS, 2) for share in (skill, 0.7)]
    return Replicate(found.paired(balanced_accuracy, *arms), ratio, "real", "real_synthetic", untried)


def test_equal_trainings_leave_the_mean_and_unequal_ones_widen_the_interval() -> None:
    shared = evaluation()
    steady = combine([replicate(shared, 0.85) for _ in range(4)], shared)
    shaky = combine([replicate(shared, skill) for skill in (0.70, 0.80, 0.90, 1.0)], shared)
    assert steady["gain"]["points"] == pytest.approx(shaky["gain"]["points"], abs=2)
    widths = [found["gain"]["high"] - found["gain"]["low"] for found in (steady, shaky)]
    assert widths[1] > 2 * widths[0]
    assert steady["verdict"] == "helps"
    assert shaky["verdict"] == "no measurable difference"  # one training helped by 0 points, another by 30


def test_helps_needs_a_ratio_above_0_in_most_trainings() -> None:
    shared = evaluation()
    ratios = {"helps": (1.0, 2.0, 0.0), "no measurable difference": (1.0, 0.0, 0.0)}
    for verdict, used in ratios.items():
        assert combine([replicate(shared, 0.9, ratio) for ratio in used], shared)["verdict"] == verdict


def test_each_training_is_listed() -> None:
    shared = evaluation()
    found = combine([replicate(shared, 0.8, 1.0), replicate(shared, 0.9, 0.0)], shared)
    assert found["replicates"] == len(found["each"]) == 2
    assert found["each"][0]["points"] < found["each"][1]["points"]
    mean = np.mean([one["points"] for one in found["each"]])
    assert found["gain"]["points"] == pytest.approx(mean, abs=0.01)


def test_trainings_that_were_not_tried_say_nothing_of_synthetic_rows() -> None:
    shared = evaluation()
    good, none = replicate(shared, 0.9), replicate(shared, 0.7, untried="Class 'b' got no synthetic rows, because ...")
    most = combine([good, none, good], shared)
    assert (most["verdict"], most["tried"], most["replicates"]) == ("helps", 2, 3)
    assert most["gain"]["points"] == pytest.approx(most["each"][0]["points"], abs=0.01)
    assert most["each"][1]["points"] is None
    assert "Class 'b'" in most["each"][1]["not_tried"]


@pytest.mark.parametrize("tried", [0, 1])
def test_where_no_more_than_half_were_tried_there_is_no_gain(tried: int) -> None:
    shared = evaluation()
    none = replicate(shared, 0.9, untried="Class 'b' got no synthetic rows, because ...")
    found = combine([*[replicate(shared, 0.9)] * tried, none], shared)
    assert (found["verdict"], found["gain"]) == ("not tried", None)


def test_a_ratio_above_0_in_most_trainings_means_of_all_of_them() -> None:
    """Of five, three were tried and two chose a ratio above 0: no majority."""
    shared = evaluation()
    none = replicate(shared, 0.7, untried="...")
    five = [replicate(shared, 0.9), replicate(shared, 0.9), replicate(shared, 0.9, ratio=0.0), none, none]
    assert combine(five, shared)["verdict"] == "no measurable difference"
