"""Each fault raises its alarm; healthy rows raise none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gan_augment.synthesis.alarms import MIN_ROWS, class_alarm, run_alarm


def rows(seed: int, count: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, 5))


TRAIN, HELD_OUT = rows(0), rows(1)


def test_fresh_rows_of_the_same_distribution_are_healthy() -> None:
    for seed in range(2, 12):
        assert class_alarm(TRAIN, HELD_OUT, rows(seed), 0.95) is None


@pytest.mark.parametrize(
    ("synthetic", "agreement", "word"),
    [
        (np.repeat(rows(2, 1), 60, axis=0) + 0.01 * rows(3), 0.95, "collapsed"),
        (TRAIN + 0.05 * rows(2), 0.95, "memorised"),
        (rows(2), 0.3, "wrong class"),
        (rows(2) + 6, 0.95, "low coverage"),
        (np.full((60, 5), np.nan), 0.95, "not finite"),
    ],
)
def test_each_fault_has_its_name(synthetic: np.ndarray, agreement: float, word: str) -> None:
    alarm = class_alarm(TRAIN, HELD_OUT, synthetic, agreement)
    assert alarm is not None
    assert word in alarm


def test_a_class_that_is_uniform_by_nature_is_not_collapsed() -> None:
    uniform = 0.001 * rows(5)
    assert class_alarm(uniform, 0.001 * rows(6), 0.001 * rows(7), 0.95) is None


def test_too_few_rows_say_nothing() -> None:
    assert class_alarm(TRAIN, HELD_OUT[: MIN_ROWS - 1], np.zeros((40, 5)), 0.0) is None


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
