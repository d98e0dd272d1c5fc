"""Each fault raises its alarm; healthy rows raise none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gan_augment.fidelity.likeness import Likeness
from gan_augment.synthesis.health.alarms import MIN_ROWS, class_alarm, run_alarm


def rows(seed: int, count: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, 5))


TRAIN, HELD_OUT = rows(0), rows(1)
LIKE = Likeness(real=0.9, synthetic=0.88, real_error=0.02, difference_error=0.03)
UNLIKE = Likeness(real=0.9, synthetic=0.6, real_error=0.02, difference_error=0.03)


def test_fresh_rows_of_the_same_distribution_are_healthy() -> None:
    for seed in range(2, 12):
        assert class_alarm(TRAIN, HELD_OUT, rows(seed), LIKE) is None


@pytest.mark.parametrize(
    ("synthetic", "likeness", "word"),
    [
        (np.repeat(rows(2, 1), 60, axis=0) + 0.01 * rows(3), LIKE, "collapsed"),
        (TRAIN + 0.05 * rows(2), LIKE, "memorised"),
        (rows(2), UNLIKE, "wrong class"),
        (rows(2) + 6, LIKE, "low coverage"),
        (np.full((60, 5), np.nan), LIKE, "not finite"),
    ],
)
def test_each_fault_has_its_name(synthetic: np.ndarray, likeness: Likeness, word: str) -> None:
    alarm = class_alarm(TRAIN, HELD_OUT, synthetic, likeness)
    assert alarm is not None
    assert word in alarm


def test_a_class_that_is_uniform_by_nature_is_not_collapsed() -> None:
    uniform = 0.001 * rows(5)
    assert class_alarm(uniform, 0.001 * rows(6), 0.001 * rows(7), LIKE) is None


def test_too_few_rows_say_nothing_of_distances_but_what_is_no_number_and_what_is_of_another_class_is_told() -> None:
    few = HELD_OUT[: MIN_ROWS - 1]
    assert class_alarm(TRAIN, few, np.zeros((40, 5)), LIKE) is None
    assert class_alarm(TRAIN, few, np.full((40, 5), np.inf), LIKE) == "not finite"
    assert "wrong class" in str(class_alarm(TRAIN, few, rows(2), UNLIKE))


def test_a_difference_that_may_be_chance_is_no_alarm() -> None:
    unsure = Likeness(real=0.9, synthetic=0.6, real_error=0.02, difference_error=0.15)
    assert class_alarm(TRAIN, HELD_OUT, rows(2), unsure) is None
    no_judge = Likeness(real=0.55, synthetic=0.4, real_error=0.04, difference_error=0.04)
    assert class_alarm(TRAIN, HELD_OUT, rows(2), no_judge) is None


def test_many_held_out_rows_need_not_be_covered_by_few_synthetic_ones() -> None:
    """Forty fresh real rows cover a tenth of two thousand."""
    assert class_alarm(rows(0, 2000), rows(1, 2000), rows(2, 40), LIKE) is None


def test_a_table_of_few_levels_whose_rows_all_repeat_is_not_uncovered() -> None:
    """Every real row has its equals, so no neighbour lies nearer than the fifth: real rows cover none either."""
    levels = [np.random.default_rng(seed).integers(0, 2, (80, 2)).astype(float) for seed in range(3)]
    assert class_alarm(*levels, LIKE) is None


def test_one_far_row_among_few_held_out_ones_is_no_collapse() -> None:
    held_out = HELD_OUT[:8].copy()
    held_out[0] = 60
    assert class_alarm(TRAIN, held_out, rows(2), LIKE) is None


@pytest.mark.parametrize(
    ("losses", "word"),
    [
        ({"discriminator": math.nan, "generator": 0.7}, "discriminator's loss is not a number"),
        ({"discriminator": 0.6, "generator": math.inf}, "generator's loss is not a number"),
        ({"discriminator": 0.001, "generator": 9.0}, "the discriminator won"),
        ({"discriminator": 0.65, "generator": 0.75}, None),
    ],
)
def test_faults_of_the_run(losses: dict[str, float], word: str | None) -> None:
    alarm = run_alarm(losses)
    assert (alarm is None) if word is None else (alarm is not None and word in alarm)
