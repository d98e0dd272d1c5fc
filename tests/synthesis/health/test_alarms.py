"""Each fault raises its alarm; healthy rows raise none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gan_augment.fidelity.likeness import Likeness
from gan_augment.synthesis.health.alarms import MIN_ROWS, Ranking, class_alarm, ranking, run_alarm


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


@pytest.mark.parametrize(("train", "held_out"), [(30, 8), (60, 20), (200, 60)])
def test_a_class_with_a_few_rows_far_out_is_not_collapsed(train: int, held_out: int) -> None:
    """They make the mean distance, here of this sample and there of that one."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        parts = [np.exp(2.5 * rng.normal(size=(size, 5))) for size in (train, held_out, 200)]
        assert class_alarm(*parts, LIKE) is None


def test_few_held_out_rows_of_few_levels_are_no_proof_of_copying() -> None:
    """Most rows are equal, so their distances to train are, and a normal approximation is far too sure."""
    alarms = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        parts = [5.0 * (rng.random((size, 5)) < 0.03) for size in (10, 8, 200)]
        alarms += "memorised" in str(class_alarm(*parts, LIKE))
    assert alarms <= 3  # by chance one in a thousand


def test_copies_among_few_levels_are_still_told() -> None:
    rng = np.random.default_rng(0)
    train, held_out = (rng.integers(0, 4, (60, 8)).astype(float) for _ in range(2))
    assert "memorised" in str(class_alarm(train, held_out, np.repeat(train, 3, axis=0), LIKE))


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
    alarm = run_alarm(losses, lambda: Ranking(0.99, 0.03))
    assert (alarm is None) if word is None else (alarm is not None and word in alarm)


@pytest.mark.parametrize("held_out", [Ranking(0.55, 0.03), Ranking(0.9, 0.2), Ranking(0.5, math.inf)])
def test_a_discriminator_that_is_sure_of_its_train_rows_alone_has_not_won(held_out: Ranking) -> None:
    """It knows them by heart, or held-out rows are too few to say that it does not."""
    assert run_alarm({"discriminator": 0.001}, lambda: held_out) is None


def test_without_held_out_rows_nothing_says_that_the_discriminator_is_right() -> None:
    assert run_alarm({"discriminator": 0.001}, None) is None
    assert run_alarm({"discriminator": math.nan}, None) is not None


@pytest.mark.parametrize("sizes", [(3, 40), (10, 40), (40, 200)])
def test_what_is_drawn_as_the_data_are_is_never_told_apart(sizes: tuple[int, int]) -> None:
    """Whatever the discriminator: it has seen neither side. Three classes, of which one may have no held-out row."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        real, drawn = ([rng.normal(shift, size=(size,)) for shift in (0, 3, 9)] for size in sizes)
        assert not ranking([*real[:2], real[2][:0]], drawn).told_apart


def test_what_lies_below_real_rows_is_told_apart_and_equal_logits_are_a_coin() -> None:
    real, drawn = [rows(0)[:, 0], rows(1)[:, 0]], [rows(2)[:, 0] - 5, rows(3)[:, 0] - 5]
    assert ranking(real, drawn).told_apart
    assert ranking([np.zeros(9)], [np.zeros(40)]).share == 0.5
    assert ranking([np.zeros(0)], [np.zeros(40)]) == Ranking(0.5, math.inf)
