"""The interval: its coverage on data with a known truth, its symmetries, and what must widen or narrow it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gan_augment.gain.verdict import decide
from gan_augment.scoring.metrics import balanced_accuracy, log_loss
from gan_augment.scoring.statistics import Interval, Resampled, TestRows, holm, interval
from tests.gain.simulation import probabilities_from, simulate, true_gain

Probabilities = npt.NDArray[np.float32]


def gain_of(labels: npt.NDArray[np.int64], first: Probabilities, second: Probabilities, draws: int = 300) -> Interval:
    rows = TestRows(labels, draws=draws, generator=np.random.default_rng(7))
    paired = rows.resample(balanced_accuracy, second) - rows.resample(balanced_accuracy, first)
    return rows.interval(paired, resolution=1 / len(labels))


@pytest.mark.parametrize("deterministic", [False, True], ids=["seeds differ", "seeds alike"])
@pytest.mark.parametrize("seed_spread", [0.0, 0.5], ids=["equal skill", "unequal skill"])
def test_covers_the_truth_in_at_least_93_of_100(deterministic: bool, seed_spread: float) -> None:
    rng = np.random.default_rng(0)
    truth = true_gain(shift=0.4, seed_spread=seed_spread)
    covered = 0
    for _ in range(150):
        found = gain_of(
            *simulate(rng, shift=0.4, seed_spread=seed_spread, deterministic=deterministic and not seed_spread)
        )
        covered += found.low <= truth <= found.high
    assert stats.binomtest(covered, 150, 0.95, alternative="less").pvalue > 0.01


def test_no_gain_is_called_a_gain_in_at_most_5_per_cent() -> None:
    rng = np.random.default_rng(1)
    verdicts = [decide(gain_of(*simulate(rng, shift=0.0)), ratio=1.0) for _ in range(200)]
    assert verdicts.count("helps") <= 10
    assert verdicts.count("hurts") <= 10


def test_a_gain_of_twice_the_smallest_detectable_one_is_nearly_always_seen() -> None:
    rng = np.random.default_rng(11)
    usual = np.mean([gain_of(*simulate(rng, shift=0.0)).smallest_detectable for _ in range(40)])
    shift = next(step / 10 for step in range(1, 60) if true_gain(shift=step / 10) >= 2 * usual)
    seen = [decide(gain_of(*simulate(rng, shift=shift)), ratio=1.0) for _ in range(60)].count("helps")
    assert seen >= 54


def test_the_smallest_detectable_gain_is_seen_in_about_four_of_five() -> None:
    rng = np.random.default_rng(12)
    shift = 1.0
    found = [gain_of(*simulate(rng, shift=shift, rows=60, row_spread=1.0)) for _ in range(200)]
    truth = true_gain(shift=shift, row_spread=1.0)
    detectable = np.mean([one.smallest_detectable for one in found])
    error = np.mean([one.standard_error for one in found])
    seen = np.mean([one.low > 0 for one in found])
    expected = stats.norm.cdf(0.84 + (truth - detectable) / error)
    assert seen == pytest.approx(expected, abs=0.12)


def test_a_clear_gain_helps_and_a_clear_loss_hurts() -> None:
    rng = np.random.default_rng(2)
    assert [decide(gain_of(*simulate(rng, shift=2.0)), ratio=1.0) for _ in range(20)].count("helps") >= 18
    assert [decide(gain_of(*simulate(rng, shift=-2.0)), ratio=1.0) for _ in range(20)].count("hurts") >= 18


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_swapping_the_arms_mirrors_the_interval(seed: int) -> None:
    labels, first, second = simulate(np.random.default_rng(seed), rows=12, shift=0.5)
    there, back = gain_of(labels, first, second), gain_of(labels, second, first)
    assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))
    assert there.p_value == pytest.approx(back.p_value)


def test_the_order_of_rows_and_of_paired_seeds_does_not_matter() -> None:
    labels, first, second = simulate(np.random.default_rng(3))
    order = np.random.default_rng(4).permutation(len(labels))
    seeds = [3, 0, 4, 1, 2]
    plain = gain_of(labels, first, second, draws=4000)
    moved = gain_of(labels[order], first[seeds][:, order], second[seeds][:, order], draws=4000)
    assert moved.mean == pytest.approx(plain.mean)
    assert moved.standard_error == pytest.approx(plain.standard_error, rel=0.05)


def test_equal_arms_have_gain_zero_but_are_not_known_to_be_equal() -> None:
    labels, first, _ = simulate(np.random.default_rng(5), rows=10)
    found = gain_of(labels, first, first)
    assert found.mean == 0
    assert found.standard_error == pytest.approx(1 / len(labels))
    assert found.smallest_detectable > 1 / len(labels)


def test_pairing_narrows_the_interval() -> None:
    labels, first, second = simulate(np.random.default_rng(6), deterministic=True)
    paired = gain_of(labels, first, second)
    rows = TestRows(labels, draws=300, generator=np.random.default_rng(7))
    apart = [rows.interval(rows.resample(balanced_accuracy, one)).standard_error for one in (first, second)]
    assert paired.standard_error < np.hypot(*apart)


def test_the_standard_error_agrees_with_the_formula_for_rows_alone() -> None:
    labels, first, second = simulate(np.random.default_rng(8), deterministic=True, seed_spread=0.0)
    differences = (second[0].argmax(1) == labels).astype(float) - (first[0].argmax(1) == labels)
    per_class = [differences[labels == index] for index in range(4)]
    by_hand = np.sqrt(sum(one.var(ddof=1) / len(one) for one in per_class)) / 4
    assert gain_of(labels, first, second, draws=4000).standard_error == pytest.approx(by_hand, rel=0.05)


def test_the_standard_error_agrees_with_the_formula_for_seeds_alone() -> None:
    labels = np.repeat([0, 1], 200)
    wrong = np.array([0, 20, 40, 60, 80])  # the s-th seed errs on that many rows of each class
    right = np.arange(400) % 200 >= wrong[:, None]
    first = probabilities_from(np.ones((5, 400), dtype=bool), labels, 2)
    found = gain_of(labels, first, probabilities_from(right, labels, 2))
    assert found.mean == pytest.approx(-0.2)
    assert found.standard_error == pytest.approx(np.std(wrong / 200, ddof=1) / np.sqrt(5), rel=0.15)
    assert found.degrees < 8  # five seeds: far fewer degrees of freedom than rows


def test_more_rows_and_more_seeds_narrow_it() -> None:
    def width(rows: int, seeds: int, seed_spread: float) -> float:
        rng = np.random.default_rng(9)
        found = [gain_of(*simulate(rng, rows=rows, seeds=seeds, seed_spread=seed_spread)) for _ in range(10)]
        return float(np.mean([one.high - one.low for one in found]))

    assert width(120, 5, 0.0) < 0.7 * width(30, 5, 0.0)
    assert width(30, 20, 0.5) < 0.7 * width(30, 3, 0.5)


def test_higher_confidence_is_wider() -> None:
    resampled = Resampled(np.array([0.1, 0.2, 0.15]), np.random.default_rng(0).normal(0.15, 0.05, (500, 3)))
    narrow, wide = (interval(resampled, [50, 50], confidence=level) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


def test_the_p_value_and_the_interval_agree() -> None:
    rng = np.random.default_rng(10)
    for _ in range(30):
        found = gain_of(*simulate(rng, shift=0.6, rows=20))
        assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_resampled_sets_keep_every_class_and_are_shared() -> None:
    labels = np.array([0] * 5 + [1] * 3 + [2])
    rows = TestRows(labels, draws=200, generator=np.random.default_rng(0))
    ones = np.tile(np.eye(3, dtype=np.float32)[labels], (2, 1, 1))
    resampled = rows.resample(log_loss, ones)
    assert np.isfinite(resampled.draws).all()
    difference = rows.resample(log_loss, ones) - resampled
    assert (difference.draws == 0).all()


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_never_lowers_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.asarray(adjusted)[order]) >= 0).all()
