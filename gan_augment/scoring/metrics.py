"""Scores of predicted probabilities, each for many weightings of the rows at once.

A weighting holds the number of times that each row counts; the bootstrap uses hundreds of weightings, a plain score a
single row of ones. So a number in a table and its interval come from the same lines of code.

Notation: n rows, K classes, B weightings. `probabilities` float [n, K], `labels` int64 [n], `weights` float [B, n].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = [
    "DECISIONS",
    "METRICS",
    "Metric",
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "balanced_log_loss",
    "calibration_error",
    "calibration_of",
    "class_recalls",
    "log_loss",
    "macro_f1",
    "precision_over",
    "rare_classes",
    "recall_over",
    "score",
    "worst_class_recall",
]

Probabilities = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]
Values = npt.NDArray[np.float64]
Metric = Callable[[Probabilities, Labels, Weights], Values]  # -> float64 [B]

_SMALLEST = 1e-7  # probabilities are clipped here before the logarithm: a confident mistake costs at most 16 nats
_BINS = 10


def _indicator(indices: npt.NDArray[np.integer], classes: int) -> Values:
    indicator: Values = (indices[:, None] == np.arange(classes)).astype(np.float64)
    return indicator


def class_recalls(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Recalls float64 [B, K]: share of each class's rows whose largest probability is their own; NaN without rows."""
    true = _indicator(labels, probabilities.shape[1])
    hit = true * (probabilities.argmax(axis=1) == labels)[:, None]
    with np.errstate(invalid="ignore"):
        recalls: Values = (weights @ hit) / (weights @ true)
    return recalls


def recall_over(classes: list[int]) -> Metric:
    """Mean recall of some classes; NaN where none of them has rows."""

    def metric(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
        return _mean_of_known(class_recalls(probabilities, labels, weights)[:, classes])

    return metric


def balanced_accuracy(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Mean recall of the classes that have rows."""
    return _mean_of_known(class_recalls(probabilities, labels, weights))


def _mean_of_known(recalls: Values) -> Values:
    known = ~np.isnan(recalls)
    total = np.where(known, recalls, 0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def worst_class_recall(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Smallest recall of the classes that have rows."""
    recalls = class_recalls(probabilities, labels, weights)
    worst: Values = np.where(np.isnan(recalls), np.inf, recalls).min(axis=1)
    return worst


def accuracy(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Share of rows whose largest probability is their own class's."""
    right: Values = weights @ (probabilities.argmax(axis=1) == labels) / weights.sum(axis=1)
    return right


def macro_f1(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Mean over the classes that have rows or were predicted of 2 hits / (rows + predictions)."""
    classes = probabilities.shape[1]
    true, predicted = _indicator(labels, classes), _indicator(probabilities.argmax(axis=1), classes)
    hits, sizes = weights @ (true * predicted), weights @ true + weights @ predicted
    return _mean_of_known(np.where(sizes > 0, 2 * hits / np.maximum(sizes, 1e-300), np.nan))


def precision_over(classes: list[int]) -> Metric:
    """Mean over some classes of hits / predictions; 0 for a class that has rows and is never predicted."""

    def metric(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
        count = probabilities.shape[1]
        true, chosen = _indicator(labels, count), _indicator(probabilities.argmax(axis=1), count)
        sizes, predictions, hits = weights @ true, weights @ chosen, weights @ (true * chosen)
        precisions = np.where(sizes + predictions > 0, hits / np.maximum(predictions, 1e-300), np.nan)
        return _mean_of_known(precisions[:, classes])

    return metric


def log_loss(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Mean negative logarithm (nats) of the probability given to the true class; smaller is better."""
    own = np.clip(probabilities[np.arange(len(labels)), labels], _SMALLEST, 1)
    loss: Values = weights @ -np.log(own) / weights.sum(axis=1)
    return loss


def balanced_log_loss(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Mean over the classes that have rows of the log loss of each (nats); smaller is better."""
    own = np.clip(probabilities[np.arange(len(labels)), labels], _SMALLEST, 1)
    true = _indicator(labels, probabilities.shape[1])
    with np.errstate(invalid="ignore"):
        losses = (weights @ (true * -np.log(own)[:, None])) / (weights @ true)
    return _mean_of_known(losses)


def average_precision(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Mean over the classes that have rows of the area under precision over recall, each class against the rest.

    It depends only on the order of the probabilities: moving a threshold, or weighting a class, does not change it.
    Equal probabilities share one threshold, as in scikit-learn.
    """
    by_row = np.ascontiguousarray(weights.T, dtype=np.float32)  # whole numbers below 2**24: exact
    per_class = [
        _one_average_precision(probabilities[:, index], labels == index, by_row)
        for index in range(probabilities.shape[1])
    ]
    return _mean_of_known(np.stack(per_class, axis=1))


def _one_average_precision(
    scores: Probabilities, positive: npt.NDArray[np.bool_], by_row: npt.NDArray[np.float32]
) -> Values:
    """Average precision float64 [B]: sum over positives of weight x precision at their score, over the total weight."""
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], np.flatnonzero(positive[order])
    if not len(hits):
        return np.full(by_row.shape[1], np.nan)
    group_end = np.searchsorted(-ordered, -ordered[hits], side="right") - 1  # equal scores share one threshold
    seen = np.cumsum(by_row[order], axis=0)[group_end]
    own = by_row[order[hits]]
    found = np.cumsum(own, axis=0)[np.searchsorted(hits, group_end, side="right") - 1]
    total = own.sum(axis=0, dtype=np.float64)
    area = (own * found / np.maximum(seen, 1)).sum(axis=0, dtype=np.float64)
    return np.where(total > 0, area / np.maximum(total, 1), np.nan)


def calibration_error(probabilities: Probabilities, labels: Labels, weights: Weights) -> Values:
    """Expected calibration error of the largest probability, ten bins of equal width (Guo et al. 2017)."""
    return calibration_of(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, weights)


def calibration_of(confidence: Values, right: npt.NDArray[np.bool_], weights: Weights) -> Values:
    """The same of answers that were `right` or not, float64 and bool [n]."""
    bins = _indicator(np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1), _BINS)
    gaps = np.abs(weights @ (bins * (right - confidence)[:, None])).sum(axis=1)
    error: Values = gaps / weights.sum(axis=1)
    return error


def rare_classes(train_counts: npt.NDArray[np.int64]) -> list[int]:
    """Class indices with less than half of the median class's train rows."""
    return [int(index) for index in np.flatnonzero(train_counts < np.median(train_counts) / 2)]


def score(metric: Metric, probabilities: Probabilities, labels: Labels) -> float:
    """Score of the rows as they are, by one metric."""
    return float(metric(probabilities, labels, np.ones((1, len(labels))))[0])


METRICS: dict[str, Metric] = {
    "balanced_accuracy": balanced_accuracy,
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "worst_class_recall": worst_class_recall,
    "log_loss": log_loss,
    "average_precision": average_precision,
    "calibration_error": calibration_error,
}

DECISIONS = ("balanced_accuracy", "accuracy", "macro_f1", "worst_class_recall")  # of the largest probability alone
