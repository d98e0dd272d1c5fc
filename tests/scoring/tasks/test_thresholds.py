"""Thresholds that move once more."""

from __future__ import annotations

import numpy as np

from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import balanced_accuracy, score
from gan_augment.scoring.tasks.thresholds import class_means, tune

LABELS = np.repeat([0, 1], [80, 20])


def reluctant() -> np.ndarray:
    """[3, n, 2]: right in its order, and too reluctant to name the rare class."""
    rng = np.random.default_rng(0)
    rare = 1 / (1 + np.exp(-(rng.normal(size=(3, 100)) + 3 * LABELS - 3)))
    return np.stack([1 - rare, rare], axis=-1)


def test_means_are_those_of_classes_of_equal_size() -> None:
    given = reluctant()
    by_class = [given.mean(axis=0)[index == LABELS].mean(axis=0) for index in (0, 1)]
    np.testing.assert_allclose(class_means(given, LABELS), np.mean(by_class, axis=0))


def test_the_rare_class_is_set_free() -> None:
    given = reluctant()
    moved = adjust(given, tune(given, LABELS))
    assert score(balanced_accuracy, moved[0], LABELS) > score(balanced_accuracy, given[0], LABELS) + 0.05


def test_what_is_right_already_stays() -> None:
    sure = np.eye(2)[LABELS][None] * 0.9 + 0.05
    assert tune(sure, LABELS).tau == 0.0
