"""Paired intervals over two sources of chance: the rows of the test set, and the seeds of the classifiers.

Every classifier is scored on the same rows, and the s-th seed of one arm is compared with the s-th of another, so
seeds and rows are crossed. The variance of a mean over S seeds is then

    rows + seeds - interaction

where *rows* is the variance of the seeds' mean under resampling of test rows (a bootstrap stratified by class, Efron
and Tibshirani 1993), *seeds* is the variance between the seeds' scores divided by S, and *interaction* is contained in
both of them (each seed errs on different rows), and so subtracted once. These are the analysis-of-variance estimates of
a two-way random-effects layout (Searle, Casella and McCulloch 1992, ch. 4; for classifiers Bouthillier et al. 2021,
arXiv 2103.03098). With five seeds a normal quantile is too short: the interval uses Student's t with Satterthwaite's
degrees of freedom (1946). docs/measurement.md shows its coverage beside that of a plain percentile bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special  # `scipy.stats` takes a second to import

from gan_augment.scoring.metrics import Labels, Metric, Probabilities

__all__ = ["Interval", "Resampled", "TestRows", "holm", "interval"]

Values = npt.NDArray[np.float64]

_POWER = 0.8  # the smallest detectable gain is detected with this probability
_LARGEST_BLOCK = 4_000_000  # weights held at once; above it, fewer draws are made
_FEWEST_DRAWS = 200


@dataclass(frozen=True)
class Interval:
    """Estimate with its uncertainty.

    Attributes
    ----------
    mean, low, high
        The estimate and the ends of its interval, in the metric's units.
    standard_error
        Standard deviation of the estimate.
    degrees
        Degrees of freedom of Student's t.
    p_value
        Two-sided, of the hypothesis that the true value is zero; of use for differences only.
    """

    mean: float
    low: float
    high: float
    standard_error: float
    degrees: float
    p_value: float

    @property
    def smallest_detectable(self) -> float:
        """True value that would differ significantly from zero in four of five repetitions of the experiment."""
        half = self.high - self.mean
        return float(half + special.stdtrit(self.degrees, _POWER) * self.standard_error)

    def within(self, low: float, high: float) -> Interval:
        """Interval with its ends cut to the range of the metric, which Student's t does not respect."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    def widened(self, variance: float, degrees: int, confidence: float) -> Interval:
        """Interval with one more source of chance, of these degrees of freedom; Satterthwaite's for the sum."""
        total = self.standard_error**2 + variance
        parts = self.standard_error**4 / self.degrees + variance**2 / max(degrees, 1)
        freedom = float(np.clip(total**2 / max(parts, 1e-300), 1.0, 1e6))
        error = float(np.sqrt(total))
        half = float(special.stdtrit(freedom, 0.5 + confidence / 2)) * error
        p_value = float(2 * special.stdtr(freedom, -abs(self.mean) / error))
        return Interval(self.mean, self.mean - half, self.mean + half, error, freedom, p_value)

    def rounded(self, digits: int = 4, factor: float = 1.0) -> dict[str, float]:
        """Mean, low and high for a JSON report, multiplied by `factor`."""
        return {name: round(getattr(self, name) * factor, digits) for name in ("mean", "low", "high")}


@dataclass(frozen=True)
class Resampled:
    """Metric of one arm, or the difference of two.

    Attributes
    ----------
    values
        float64 [seeds]: the metric of each seed on the test rows as they are.
    draws
        float64 [B, seeds]: the same on B resampled sets of rows, which all arms share.
    """

    values: Values
    draws: Values

    def __sub__(self, other: Resampled) -> Resampled:
        """Paired difference: seed by seed, row set by row set."""
        return Resampled(self.values - other.values, self.draws - other.draws)


class TestRows:
    """Labelled rows and their resampled versions, shared by all comparisons on them.

    Parameters
    ----------
    labels
        int64 [n] class indices: the strata within which rows are resampled.
    targets
        The truth for the metrics; the labels if None.
    draws
        The number of resampled sets; fewer are made where n is above a few thousand.
    generator
        The source of randomness of the sets.
    """

    __test__ = False  # not a pytest class

    def __init__(
        self, labels: Labels, targets: Labels | None = None, *, draws: int, generator: np.random.Generator
    ) -> None:
        self.labels, self.targets = labels, labels if targets is None else targets
        self.strata = np.unique(labels, return_counts=True)[1]
        count = int(np.clip(_LARGEST_BLOCK // max(len(labels), 1), _FEWEST_DRAWS, draws))
        self.weights = _stratified_counts(labels, count, generator)

    def __len__(self) -> int:
        return len(self.labels)

    def resample(self, metric: Metric, probabilities: npt.NDArray[np.floating]) -> Resampled:
        """Metric of `probabilities` [seeds, n, K], seed by seed."""
        once = np.ones((1, len(self)))
        values = [metric(one, self.targets, once)[0] for one in probabilities]
        draws: list[Values] = []
        for place, one in enumerate(probabilities):
            draws.append(draws[-1] if _same_as_last(probabilities, place) else metric(one, self.targets, self.weights))
        return Resampled(np.asarray(values), np.stack(draws, axis=1))

    def interval(
        self,
        resampled: Resampled,
        *,
        confidence: float = 0.95,
        resolution: float = 0.0,
        among: npt.NDArray[np.bool_] | None = None,
    ) -> Interval:
        """Interval with the degrees of freedom of these rows, or of those `among` them on which the value depends."""
        strata = self.strata if among is None else np.unique(self.labels[among], return_counts=True)[1]
        return interval(resampled, strata, confidence=confidence, resolution=resolution)


def _same_as_last(probabilities: Probabilities, place: int) -> bool:
    # A classifier without randomness predicts the same for every seed: score it once.
    return place > 0 and np.array_equal(probabilities[place], probabilities[place - 1])


def _stratified_counts(labels: Labels, draws: int, generator: np.random.Generator) -> Values:
    """Counts float64 [draws, n] of how often each row was drawn; every class keeps its number of rows."""
    counts = np.zeros((draws, len(labels)))
    for index in np.unique(labels):
        own = np.flatnonzero(labels == index)
        counts[:, own] = generator.multinomial(len(own), np.full(len(own), 1 / len(own)), size=draws)
    return counts


def interval(
    resampled: Resampled,
    strata: Sequence[int] | npt.NDArray[np.int64],
    *,
    confidence: float = 0.95,
    resolution: float = 0.0,
) -> Interval:
    """Interval of the mean over seeds; see the module's docstring for the method.

    Parameters
    ----------
    strata
        Rows in each resampled stratum (class).
    resolution
        A lower bound on the standard error: one test row's weight, where the value moves in
        steps of whole rows. Without it, two arms that agree on every row of a tiny test set would seem to
        agree with certainty.
    """
    seeds = len(resampled.values)
    rows_freedom = max(float(sum(size - 1 for size in strata)), 1.0)
    enlarge = sum(strata) / rows_freedom  # a bootstrap's variance is (n - 1) / n of the unbiased one
    rows = float(resampled.draws.mean(axis=1).var()) * enlarge
    between = float(resampled.values.var(ddof=1)) / seeds if seeds > 1 else 0.0
    shared = min(_interaction(resampled) * enlarge, rows, between)
    variance = max(rows + between - shared, resolution**2, 1e-24)
    # `between` is used here in full: with `between - shared` the measured coverage was 92 %, not 95.
    freedom = variance**2 / (rows**2 / rows_freedom + between**2 / max(seeds - 1, 1) + 1e-300)
    freedom = float(np.clip(freedom, 1.0, 1e6))
    error, mean = float(np.sqrt(variance)), float(resampled.values.mean())
    half = float(special.stdtrit(freedom, 0.5 + confidence / 2)) * error
    p_value = float(2 * special.stdtr(freedom, -abs(mean) / error))
    return Interval(mean, mean - half, mean + half, error, freedom, p_value)


def _interaction(resampled: Resampled) -> float:
    """Variance of the seeds' mean that comes from each seed erring on different rows."""
    seeds = resampled.draws.shape[1]
    if seeds < 2:
        return 0.0
    apart = resampled.draws - resampled.draws.mean(axis=1, keepdims=True)
    return float(apart.var(axis=0).mean() / (seeds - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (1979): compare with 0.05 to keep the chance of any false finding below 5 %."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[place])
        adjusted[place] = min(1.0, largest)
    return [float(value) for value in adjusted]
