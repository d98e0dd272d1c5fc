"""Metrics against scikit-learn, and their weighted form against rows repeated by hand."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from gan_augment.scoring.metrics import METRICS, balanced_log_loss, precision_over, rare_classes, recall_over, score

CLASSES = 4


def toy(seed: int, rows: int = 60) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(CLASSES), rng.integers(0, CLASSES, rows - CLASSES)])
    probabilities = rng.dirichlet(np.ones(CLASSES), rows) + 0.7 * np.eye(CLASSES)[labels] * rng.random((rows, 1))
    rounded = np.round(probabilities / probabilities.sum(axis=1, keepdims=True), 2)  # rounded: many ties
    return rounded.astype(np.float32), labels


REFERENCE = {
    "balanced_accuracy": lambda p, y: sk.balanced_accuracy_score(y, p.argmax(1)),
    "accuracy": lambda p, y: sk.accuracy_score(y, p.argmax(1)),
    "macro_f1": lambda p, y: sk.f1_score(y, p.argmax(1), average="macro"),
    "worst_class_recall": lambda p, y: sk.recall_score(y, p.argmax(1), average=None).min(),
    "average_precision": lambda p, y: sk.average_precision_score(np.eye(CLASSES)[y], p, average="macro"),
    "log_loss": lambda p, y: -np.mean(np.log(np.clip(p[np.arange(len(y)), y], 1e-7, 1))),
}


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(name: str, seed: int) -> None:
    probabilities, labels = toy(seed)
    assert score(METRICS[name], probabilities, labels) == pytest.approx(
        REFERENCE[name](probabilities, labels), abs=1e-6
    )


@pytest.mark.parametrize("name", METRICS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=15)
def test_a_weight_is_a_repetition(name: str, seed: int) -> None:
    probabilities, labels = toy(seed % 7, rows=25)
    counts = np.random.default_rng(seed).integers(0, 4, len(labels))
    counts[0] += 1
    repeated = np.repeat(np.arange(len(labels)), counts)
    weighted = METRICS[name](probabilities, labels, counts[None].astype(np.float64))[0]
    assert weighted == pytest.approx(score(METRICS[name], probabilities[repeated], labels[repeated]), abs=1e-5)


@pytest.mark.parametrize("name", METRICS)
def test_perfect_predictions_score_perfectly(name: str) -> None:
    labels = np.arange(12) % CLASSES
    expected = 0.0 if name in ("log_loss", "calibration_error") else 1.0
    assert score(METRICS[name], np.eye(CLASSES, dtype=np.float32)[labels], labels) == pytest.approx(expected, abs=1e-6)


def test_absent_classes_are_left_out_and_not_counted_as_zero() -> None:
    probabilities = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    labels = np.array([0, 0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score(METRICS["balanced_accuracy"], probabilities, labels) == 1.0
        assert score(METRICS["average_precision"], probabilities, labels) == 1.0
        assert np.isnan(score(recall_over([2]), probabilities, labels))


def test_average_precision_does_not_move_with_a_threshold_and_balanced_accuracy_does() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [80, 20])
    evidence = rng.normal(labels * 1.5, 1)
    one = 1 / (1 + np.exp(-(evidence - 3)))
    moved = 1 / (1 + np.exp(-(evidence - 1)))  # the same order, another threshold
    first, second = (np.stack([1 - p, p], axis=1) for p in (one, moved))
    assert score(METRICS["average_precision"], first, labels) == pytest.approx(
        score(METRICS["average_precision"], second, labels)
    )
    assert (
        score(METRICS["balanced_accuracy"], second, labels) > score(METRICS["balanced_accuracy"], first, labels) + 0.1
    )


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = np.tile(np.array([[0.9, 0.1]]), (10, 1))
    labels = np.repeat([0, 1], [6, 4])  # sure to 0.9, right in 0.6
    assert score(METRICS["calibration_error"], probabilities, labels) == pytest.approx(0.3)


def test_rare_is_below_half_of_the_median_class() -> None:
    assert rare_classes(np.array([60, 60, 60, 29, 30, 10])) == [5]
    assert rare_classes(np.array([50, 50, 50, 50, 20])) == [4]
    assert rare_classes(np.array([50, 50])) == []


@pytest.mark.parametrize("seed", range(3))
def test_precision_of_some_classes_is_scikit_learns(seed: int) -> None:
    probabilities, labels = toy(seed)
    each = sk.precision_score(labels, probabilities.argmax(1), average=None, zero_division=0)
    assert score(precision_over([1, 3]), probabilities, labels) == pytest.approx(each[[1, 3]].mean())
    never = np.eye(CLASSES, dtype=np.float32)[np.zeros(len(labels), dtype=int)]
    assert score(precision_over([1]), never, labels) == 0.0
    assert np.isnan(score(precision_over([3]), never[labels < 3], labels[labels < 3]))


def test_everything_called_rare_has_recall_and_no_precision() -> None:
    labels = np.repeat([0, 1], [90, 10])
    rare = np.tile(np.array([[0.1, 0.9]], dtype=np.float32), (100, 1))
    assert score(recall_over([1]), rare, labels) == 1.0
    assert score(precision_over([1]), rare, labels) == pytest.approx(0.1)


@pytest.mark.parametrize("seed", range(3))
def test_balanced_log_loss_is_that_of_each_class_counting_once(seed: int) -> None:
    probabilities, labels = toy(seed)
    own = np.clip(probabilities[np.arange(len(labels)), labels], 1e-7, 1)
    expected = np.mean([-np.log(own[labels == index]).mean() for index in range(CLASSES)])
    assert score(balanced_log_loss, probabilities, labels) == pytest.approx(expected, abs=1e-6)
    known = labels > 0
    assert np.isfinite(score(balanced_log_loss, probabilities[known], labels[known]))
