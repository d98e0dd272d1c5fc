"""What synthetic rows are worth in real rows: on curves whose answer is known, and on rows that are real ones."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.gain.learning_curve import (
    Worth,
    affordable_shares,
    explain_worth,
    rows_worth,
    thinned,
    thinned_classes,
)
from gan_augment.scoring.statistics import Resampled, TestRows
from tests.gain.known_worth import covers, worth_of


def toy(gain: float, slope: float, noise: float = 1e-4, seeds: int = 5) -> Worth:
    """The worth of a gain on the curve `slope` (1 - x**-0.5), nearly without chance."""
    rng = np.random.default_rng(0)

    def around(mean: float) -> Resampled:
        return Resampled(mean + rng.normal(0, noise, seeds), mean + rng.normal(0, noise, (200, seeds)))

    losses = [(share, around(-slope * (1 - share**-0.5))) for share in (0.25, 0.5)]
    rows = TestRows(np.repeat(np.arange(2), 100), draws=200, generator=rng)
    return rows_worth(around(gain), losses, rows.interval, 0.95)


@pytest.mark.parametrize("factor", [1.1, 1.5, 1.9])
def test_a_gain_is_worth_as_many_rows_as_lift_the_curve_by_it(factor: float) -> None:
    found = toy(gain=0.2 * (1 - factor**-0.5), slope=0.2)
    assert found.kind == "about"
    assert found.factor == pytest.approx(factor, abs=0.02)
    assert found.low is not None
    assert found.high is not None
    assert found.low < factor < found.high
    assert found.high - found.low < 0.1


@pytest.mark.parametrize(
    ("gain", "slope", "noise", "kind", "words"),
    [
        (0.05, 0.2, 1e-4, "about", "about 31 more real rows of the rare classes (interval "),
        (0.10, 0.2, 1e-4, "more than", "more than 40 more real rows"),
        (0.00, 0.2, 1e-2, "nothing told", "no more real rows of the rare classes that this test set could tell"),
        (-0.05, 0.2, 1e-4, "less than nothing", "leaving out about 14 of the 40 real rows"),
        (0.00, 0.0, 1e-2, "flat", "does not clearly rise with the 40 real rows"),
        (0.05, 0.0, 1e-3, "more than", "more than 40"),
        (0.058, 0.2, 5e-3, "about", "where the learning curve ends"),
        (0.0005, 0.2, 1e-5, "about", "fewer than"),
    ],
)  # fmt: skip
def test_what_is_said(gain: float, slope: float, noise: float, kind: str, words: str) -> None:
    found = toy(gain, slope, noise)
    assert found.kind == kind
    assert words in explain_worth(found, 40, "the rare classes")


def test_no_gain_is_worth_no_row_however_steep_the_curve() -> None:
    for slope in (0.01, 0.1, 0.4):
        found = toy(0.0, slope, 1e-3)
        assert found.factor == pytest.approx(1, abs=0.2)
        assert (found.low or 0) <= 1 <= (found.high or 9)


# --- rows that are real -----------------------------------------------------------------------------------------------


def test_real_rows_are_worth_their_own_number_and_copies_none() -> None:
    oracle = [worth_of(run, 20, 10, copies=False) for run in range(50)]
    assert sum(covers(one, 1.5) for one in oracle) >= 46
    assert np.median([one.factor or 3 for one in oracle]) == pytest.approx(1.5, abs=0.2)
    assert sum(one.kind in ("about", "more than") for one in oracle) >= 20  # or the intervals say nothing
    copied = [worth_of(run, 20, 10, copies=True) for run in range(50)]
    assert sum(covers(one, 1.0) for one in copied) >= 46


# --- what is trained --------------------------------------------------------------------------------------------------


def test_rows_are_left_out_of_the_named_classes_alone_and_nested() -> None:
    labels = np.repeat([0, 1, 2], [50, 8, 20])
    kept = [thinned(labels, [1, 2], share, np.random.default_rng(3)) for share in (0.25, 0.5, 0.75)]
    counts = [np.bincount(labels[one]).tolist() for one in kept]
    assert counts == [[50, 2, 5], [50, 4, 10], [50, 6, 15]]
    assert set(kept[0]) < set(kept[1]) < set(kept[2])
    assert set(thinned(labels, [1, 2], 0.5, np.random.default_rng(4))) != set(kept[1])


@pytest.mark.parametrize(
    ("counts", "classes"), [((100, 100, 20), [2]), ((300, 140), [1]), ((50, 50, 50), [0, 1, 2]), ((357, 212), [0, 1])]
)
def test_the_rare_classes_are_thinned_out_or_all(counts: tuple[int, ...], classes: list[int]) -> None:
    assert thinned_classes(np.asarray(counts)) == classes


@pytest.mark.parametrize(
    ("setting", "trainings", "shares"),
    [("auto", 55, 2), ("auto", 49, 0), ("auto", 85, 2), ("never", 1000, 0), ("always", 20, 3)],
)
def test_a_curve_costs_at_most_a_fifth_unless_asked_for(setting: str, trainings: int, shares: int) -> None:
    found = affordable_shares(setting, trainings, seeds=5)
    assert len(found) == shares
    assert list(found) == sorted(found)
