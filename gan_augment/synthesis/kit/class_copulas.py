"""A kernel-smoothed Gaussian copula a class, over the matrix of a table codec: the distribution behind `copula`.

Three steps from a class's rows to a sampler, each estimated from the class and steadied by what all classes share:

1. *Marginals.* Each number is mapped so that it is normal within the class (piecewise linear between the class's
   quantiles); a class of n rows trusts its own quantiles n / (n + 20), and a normal curve for the rest.
2. *Covariance.* The class's own, shrunk toward the one within all classes; the share is estimated as in Ledoit & Wolf
   2004 (J. Multivariate Analysis 88, 365-411).
3. *Smoothing.* A sample is sqrt(1 - h^2) x (a row) + h x (Gaussian noise of that covariance), both around the mean:
   the variance-preserving smoothed bootstrap (Silverman & Young 1987, Biometrika 74, 469-479). h = 1 is the plain
   Gaussian copula; a smaller h follows clusters that a Gaussian would bridge. The h with the largest leave-one-out
   likelihood is taken.

Categories and missing entries are the largest of correlated scores (a multinomial probit); the scores are shifted
until each level comes out as often as in the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, ndtr, ndtri

from gan_augment.encoding.table import Block, fill_unobserved

__all__ = ["ClassCopulas", "fit_copulas"]

Matrix = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

KNOTS = np.linspace(-4, 4, 33)  # of a marginal map, in the class's standard deviations
OWN_MARGINAL_ROWS = 20  # a class of this many rows trusts its own quantiles half
SMOOTHINGS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
LIKELIHOOD_ROWS = 400  # the likelihood compares each row with each: more rows would only cost time
MAX_CENTRES = 2000  # rows of a class that samples start from
SHIFT_DRAWS = 2048
SHIFT_ROUNDS = 12
UNSEEN_WEIGHT = 0.5  # a class's level shares count this many rows of all classes' shares in


@dataclass(frozen=True)
class ClassCopulas:
    """Of k classes, over a matrix of width d with v value columns.

    Attributes
    ----------
    classes
        int64 [k]: the class indices that were learnt, ascending.
    counts
        int64 [k]: how many train rows each one had.
    means, factors
        float32 [k, d] and [k, d, d]: mean, and Cholesky factor of the shrunk covariance, on the mapped scale.
    centres, centre_ends
        float32 [c, d] and int64 [k]: the rows that samples start from less their class's mean, class after class.
    smoothings
        float32 [k]: h in (0, 1].
    shifts
        float32 [k, d]: added to the scores of choice blocks.
    values, knots_in, knots_out
        int64 [v], float32 [k, v, 33] twice: each value column's map from the mapped scale to the codec's.
    shrinkages
        float32 [k]: the share of the common covariance in each class's.
    """

    classes: Indices
    counts: Indices
    means: Matrix
    factors: Matrix
    centres: Matrix
    centre_ends: Indices
    smoothings: Matrix
    shifts: Matrix
    values: Indices
    knots_in: Matrix
    knots_out: Matrix
    shrinkages: Matrix

    def draw(self, place: int, count: int, generator: np.random.Generator) -> Matrix:
        """float32 [count, d] of class `classes[place]`: scores in choice blocks, the normal scale in value blocks."""
        drawn: Matrix = self._mapped(place, count, generator) + self.shifts[place]
        for number, column in enumerate(self.values):
            knots = self.knots_in[place, number], self.knots_out[place, number]
            drawn[:, column] = np.interp(drawn[:, column], *knots)
        return drawn

    def _mapped(self, place: int, count: int, generator: np.random.Generator) -> Matrix:
        h = self.smoothings[place]
        noise: Matrix = generator.standard_normal((count, self.means.shape[1]), dtype=np.float32)
        drawn = self.means[place] + h * (noise @ self.factors[place].T)
        if h < 1:
            first = self.centre_ends[place - 1] if place else 0
            chosen = generator.integers(first, self.centre_ends[place], size=count)
            drawn = drawn + np.sqrt(1 - h * h) * self.centres[chosen]
        return np.asarray(drawn, dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What a safetensors file holds."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def fit_copulas(
    matrix: Matrix,
    labels: Indices,
    blocks: Sequence[Block],
    generator: np.random.Generator,
    *,
    shrinkage: float | None = None,
    smoothing: float | None = None,
) -> ClassCopulas:
    """From an encoded matrix [n, d] (ties spread, see `TableCodec.encode`) and class indices [n].

    `shrinkage` and `smoothing` are estimated where they are None.
    """
    classes = np.unique(labels)
    filled = fill_unobserved(matrix, labels, blocks, generator)
    knots = _map_marginals(filled, matrix, labels, blocks)
    means: Floats = np.stack([filled[labels == c].mean(axis=0) for c in classes])
    centred = filled - means[np.searchsorted(classes, labels)]
    common = _shrunk(centred, np.diag(np.var(centred, axis=0)), None)[0]
    values = np.array([block.start for block in blocks if block.kind == "value"], dtype=np.int64)
    factors, centres, smoothings, shares = [], [], [], []
    for c in classes:
        rows = centred[labels == c]
        covariance, share = _shrunk(rows, common, shrinkage)
        h = _best_smoothing(rows, covariance, values, generator) if smoothing is None else smoothing
        factors.append(_factor(covariance))
        shares.append(share)
        smoothings.append(h)
        centres.append(_sample_rows(rows, MAX_CENTRES, generator) if h < 1 else rows[:0])
    copulas = ClassCopulas(
        classes=classes,
        counts=np.array([(labels == c).sum() for c in classes], dtype=np.int64),
        means=means.astype(np.float32),
        factors=np.stack(factors).astype(np.float32),
        centres=np.concatenate(centres).astype(np.float32),
        centre_ends=np.cumsum([len(rows) for rows in centres]),
        smoothings=np.array(smoothings, dtype=np.float32),
        shifts=np.zeros(means.shape, dtype=np.float32),
        values=values,
        knots_in=knots[0].astype(np.float32),
        knots_out=knots[1].astype(np.float32),
        shrinkages=np.array(shares, dtype=np.float32),
    )
    _set_shifts(copulas, _level_shares(matrix, labels, classes), blocks, generator)
    return copulas


def _map_marginals(filled: Floats, matrix: Matrix, labels: Indices, blocks: Sequence[Block]) -> tuple[Floats, Floats]:
    """Map the value columns of `filled` in place; the maps' knots [k, v, 33] on the mapped and on the codec's scale."""
    classes = np.unique(labels)
    numbers = [block for block in blocks if block.kind == "value"]
    inside, outside = np.zeros((2, len(classes), len(numbers), len(KNOTS)))
    for number, block in enumerate(numbers):
        column = filled[:, block.start].copy()
        common = np.mean([column[labels == c].var() for c in classes])
        for place, c in enumerate(classes):
            own = labels == c
            counts = own.sum() if block.switch is None else (matrix[own, block.switch] > 0).sum()
            normal, quantiles = _marginal_knots(column[own], int(counts), float(common))
            inside[place, number], outside[place, number] = normal, quantiles
            filled[own, block.start] = np.interp(column[own], quantiles, normal)
    return inside, outside


def _marginal_knots(values: Floats, counts: int, common: float) -> tuple[Floats, Floats]:
    """A normal curve through a class's values, and its mixture with their own quantiles, at the knots.

    `counts`: how many of the values were not filled in. `common`: the variance within the classes, which counts as two
    rows, so that one row alone has a spread too.
    """
    spread = np.sqrt((len(values) * values.var() + 2 * common) / (len(values) + 2)) + 1e-3
    normal = values.mean() + spread * KNOTS
    trust = counts / (counts + OWN_MARGINAL_ROWS)
    return normal, trust * np.quantile(values, ndtr(KNOTS)) + (1 - trust) * normal


def _shrunk(centred: Floats, target: Floats, share: float | None) -> tuple[Floats, float]:
    """The covariance of centred rows [n, d] mixed with `target`, and the target's share (estimated where None)."""
    count = len(centred)
    if count < 2:
        return target, 1.0
    covariance = centred.T @ centred / count
    if share is None:
        noise = (np.square(np.square(centred).sum(axis=1)).mean() - np.square(covariance).sum()) / count
        distance = np.square(covariance - target).sum()
        # The estimate itself is unreliable below some ten rows (with two rows it is always 0).
        share = float(np.clip(noise / max(distance, 1e-12), 1 / (count - 1), 1))
    return (1 - share) * covariance * count / (count - 1) + share * target, share


def _best_smoothing(rows: Floats, covariance: Floats, values: Indices, generator: np.random.Generator) -> float:
    """The h under which each row's numbers are the likeliest given the class's other rows; 1 where none can be chosen.

    Categories take no part: the likelihood of a discrete value under a continuous kernel has no maximum.
    """
    if len(rows) < 8 or len(values) == 0:
        return 1.0
    factor = _factor(covariance[np.ix_(values, values)])
    numbers = _sample_rows(rows, LIKELIHOOD_ROWS, generator)[:, values]
    white = np.asarray(np.linalg.solve(factor, numbers.T).T, dtype=np.float64)
    return max(SMOOTHINGS, key=lambda h: _left_out_likelihood(white, h))


def _left_out_likelihood(white: Floats, h: float) -> float:
    """Mean log-density of whitened rows [n, d], each under the kernels of the others, up to a constant."""
    count, width = white.shape
    others = np.sqrt(1 - h * h) * white
    squared = (white**2).sum(1)[:, None] + (others**2).sum(1)[None, :] - 2 * white @ others.T
    np.fill_diagonal(squared, np.inf)
    likelihoods = logsumexp(-0.5 * squared / h**2, axis=1) - np.log(count - 1) - width * np.log(h)
    return float(likelihoods.mean())


def _sample_rows(rows: Floats, most: int, generator: np.random.Generator) -> Floats:
    return rows if len(rows) <= most else rows[generator.choice(len(rows), size=most, replace=False)]


def _factor(covariance: Floats) -> Floats:
    # A one-hot block's covariance is singular, as its columns add up to 1.
    return np.asarray(np.linalg.cholesky(covariance + 1e-6 * np.eye(len(covariance))), dtype=np.float64)


def _level_shares(matrix: Matrix, labels: Indices, classes: Indices) -> Floats:
    every = matrix.mean(axis=0, dtype=np.float64)
    shares = [
        (matrix[labels == c].sum(axis=0, dtype=np.float64) + UNSEEN_WEIGHT * every)
        / ((labels == c).sum() + UNSEEN_WEIGHT)
        for c in classes
    ]
    return np.stack(shares)


def _set_shifts(copulas: ClassCopulas, shares: Floats, blocks: Sequence[Block], generator: np.random.Generator) -> None:
    choices = [slice(block.start, block.stop) for block in blocks if block.kind == "choice"]
    for place in range(len(copulas.classes) if choices else 0):
        drawn = copulas.draw(place, SHIFT_DRAWS, generator)
        for own in choices:
            copulas.shifts[place, own] = _shift(drawn[:, own], shares[place, own])


def _shift(scores: Matrix, shares: Floats) -> Floats:
    """What to add to scores [n, levels] so that each level is the largest in its share of the rows."""
    floor = 0.25 / len(scores)
    wanted = ndtri(np.clip(shares, floor, 1 - floor))
    spread = np.maximum(scores.std(axis=0), 0.05)
    shift = np.zeros(len(shares))
    for _ in range(SHIFT_ROUNDS):
        won = np.bincount((scores + shift).argmax(axis=1), minlength=len(shares)) / len(scores)
        shift += 0.7 * spread * (wanted - ndtri(np.clip(won, floor, 1 - floor)))
    return shift
