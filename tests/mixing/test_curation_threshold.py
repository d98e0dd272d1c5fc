"""How sure the judge must be, on toys whose answer is forced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gan_augment.mixing.curation_threshold import choose_threshold, stricter_plans
from gan_augment.mixing.ratio import Plan
from gan_augment.scoring.criterion import Criterion
from gan_augment.scoring.statistics import TestRows
from tests.gain.simulation import probabilities_from
from tests.scoring.toys import classes

LABELS = np.repeat([0, 1], 60)
CRITERION = Criterion(TestRows(LABELS, draws=200, generator=np.random.default_rng(0)), [], classes(2))


def counts(*values: int) -> npt.NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)


PLAN = Plan(1.0, counts(0, 50), counts(0, 50))


def wrong_share(shares: dict[float, float]) -> object:
    """Predictions of which this share of the rows is wrong, by the plan's threshold, and a little noise by seed."""

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        found = []
        for seed in seeds:
            random = np.random.default_rng(seed)
            wrong = random.random(len(LABELS)) < shares[plan.threshold]
            found.append(probabilities_from(~wrong, LABELS, 2))
        return found

    return evaluate


def chosen(shares: dict[float, float]) -> float:
    stricter = stricter_plans(PLAN, {0.0: counts(90, 90), 0.7: counts(80, 80), 0.9: counts(70, 60)})
    plan, trials = choose_threshold(PLAN, stricter, wrong_share(shares), CRITERION, range(3))  # type: ignore[arg-type]
    assert [trial.plan.threshold for trial in trials] == [0.7, 0.9]
    return plan.threshold


def test_a_threshold_that_helps_is_taken_and_one_that_does_nothing_is_not() -> None:
    assert chosen({0.0: 0.3, 0.7: 0.3, 0.9: 0.02}) == 0.9
    assert chosen({0.0: 0.1, 0.7: 0.1, 0.9: 0.1}) == 0.0
    assert chosen({0.0: 0.02, 0.7: 0.3, 0.9: 0.3}) == 0.0


def test_of_two_that_help_alike_the_lower_one_is_taken() -> None:
    assert chosen({0.0: 0.3, 0.7: 0.02, 0.9: 0.02}) == 0.7


def test_plans_under_a_threshold_keep_the_ratio_and_are_capped_by_what_is_left() -> None:
    plan = Plan(2.0, counts(30, 0, 50), counts(30, 0, 50))
    accepted = {
        0.0: counts(60, 60, 60),
        0.6: counts(60, 60, 60),  # rejects nothing
        0.8: counts(40, 5, 20),
        0.95: counts(10, 0, 0),  # nothing left of a class that needs rows
    }
    (only,) = stricter_plans(plan, accepted)
    assert only.threshold == 0.8
    assert only.ratio == 2.0
    assert only.counts.tolist() == [30, 0, 20]
    assert only.capped
