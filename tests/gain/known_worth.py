"""Rows whose worth in real rows is known: fresh real ones, and copies of those that are there.

Three Gaussian classes in 20 dimensions, 200 common rows and two rare classes; logistic regression; 150 test rows a
class.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from gan_augment.gain.learning_curve import Worth, rows_worth, thinned
from gan_augment.scoring.metrics import balanced_accuracy
from gan_augment.scoring.statistics import Interval, Resampled, TestRows

__all__ = ["covers", "worth_of"]

Floats = npt.NDArray[np.float64]

COMMON, EACH, DIMENSIONS, SEEDS = 200, 150, 20, 5
MEANS = np.stack([np.zeros(DIMENSIONS), np.full(DIMENSIONS, 0.45), np.repeat([0.45, -0.45], DIMENSIONS // 2)])


def worth_of(run: int, rare: int, added: int, *, copies: bool) -> Worth:
    """What `added` rows of both rare classes, of `rare` rows each, are worth: fresh real ones, or copies."""
    known = _without_more(run, rare)
    rng, made, labels, real = copy.deepcopy(known.rng), np.repeat([1, 2], added), known.labels, known.real
    more = np.concatenate([real[labels == c][:added] for c in (1, 2)]) if copies else _draw(rng, made)
    rows = TestRows(known.tested, draws=200, generator=rng)

    def score(predicted: Floats) -> Resampled:
        return rows.resample(balanced_accuracy, predicted)

    full = score(known.full)
    both = score(_fit_all([np.concatenate([real, more])] * SEEDS, [np.concatenate([labels, made])] * SEEDS, known.test))
    losses = [(share, full - score(predicted)) for share, predicted in known.thinned]

    def judge(difference: Resampled) -> Interval:
        return rows.interval(difference, resolution=1 / len(known.tested))

    return rows_worth(both - full, losses, judge, 0.95)


@dataclass(frozen=True)
class _WithoutMore:
    """Rows of a run before any are added, and the predictions of its test rows from all of them and from fewer."""

    rng: np.random.Generator
    real: Floats
    labels: npt.NDArray[np.int64]
    test: Floats
    tested: npt.NDArray[np.int64]
    full: Floats
    thinned: list[tuple[float, Floats]]


@functools.cache
def _without_more(run: int, rare: int) -> _WithoutMore:
    """The same for fresh rows and for copies, so it is fitted once."""
    rng = np.random.default_rng(run)
    labels = np.repeat([0, 1, 2], [COMMON, rare, rare])
    real, tested = _draw(rng, labels), np.repeat([0, 1, 2], EACH)
    test, fewer = _draw(rng, tested), []
    for share in (0.25, 0.5):
        kept = [thinned(labels, [1, 2], share, np.random.default_rng(seed)) for seed in range(SEEDS)]
        fewer.append((share, _fit_all([real[one] for one in kept], [labels[one] for one in kept], test)))
    return _WithoutMore(rng, real, labels, test, tested, _fit_all([real] * SEEDS, [labels] * SEEDS, test), fewer)


def _fit_all(features: list[Floats], targets: list[npt.NDArray[np.int64]], test: Floats) -> Floats:
    return np.stack([_fit(x, y, seed, test) for seed, (x, y) in enumerate(zip(features, targets, strict=True))])


def _draw(rng: np.random.Generator, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return rng.normal(size=(len(labels), DIMENSIONS)) + MEANS[labels]


def _fit(
    features: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], seed: int, test: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    kept = np.random.default_rng(seed).random(len(labels)) > 0.05  # what makes seeds differ
    model = LogisticRegression(class_weight="balanced").fit(features[kept], labels[kept])
    found: npt.NDArray[np.float64] = model.predict_proba(test)
    return found


def covers(found: Worth, factor: float) -> bool:
    """Whether the interval holds the truth."""
    return (found.low or 0) <= factor <= (found.high or np.inf)
