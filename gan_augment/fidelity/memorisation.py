"""Tests for copied training rows: a comparison with held-out rows, not a bare threshold.

Both sides are one-dimensional: the distance to the nearest train row, of synthetic rows and of real rows that the
synthesizer never saw. If synthetic rows lie systematically nearer, the synthesizer copies.

Meehan, Chaudhuri, Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models", 2004.05675:
their C_T is the Mann-Whitney z, averaged over cells of the data space; the cells here are the classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

__all__ = ["CopyTest", "copy_test", "copy_test_in_cells"]

Distances = npt.NDArray[np.floating]
_RANKED = 100_000  # synthetic rows up to which SciPy is used, which is exact for few


@dataclass(frozen=True)
class CopyTest:
    """Result of the test.

    Attributes
    ----------
    ratio
        Median distance of synthetic rows to train over that of held-out rows: 1 is like fresh rows, 0 is copies.
    statistic
        Mann-Whitney z; below 0 synthetic rows lie nearer to train than held-out ones do (copying), above 0
        farther (underfitting).
    pvalue
        One-sided: how likely such nearness is if synthetic rows were fresh ones. Small means copying.
    """

    ratio: float
    statistic: float
    pvalue: float


def copy_test(synthetic: Distances, heldout: Distances) -> CopyTest:
    """Test a class for copies. Both arguments float [n]: distance to the nearest train row; at least one value each.

    The p-value is exact for small samples without ties.
    """
    excess, spread = _rank_excess(synthetic, heldout)
    return CopyTest(
        ratio=_ratio(np.median(synthetic), np.median(heldout)),
        statistic=float(excess / spread) if spread else 0.0,
        pvalue=_pvalue(synthetic, heldout, excess, spread),
    )


def copy_test_in_cells(cells: Iterable[tuple[Distances, Distances]]) -> CopyTest:
    """Test all classes together: each is ranked within itself, so that a class that is easy to copy hides no other.

    `cells` are (synthetic, heldout) pairs as for `copy_test`. The statistic is van Elteren's stratified Mann-Whitney
    z (weights 1 / (n + m + 1)), whose null distribution is known; the ratio is the mean over rows of the cells' ratios.
    """
    total = variance = 0.0
    ratios, sizes = [], []
    for synthetic, heldout in cells:
        excess, spread = _rank_excess(synthetic, heldout)
        weight = 1 / (len(synthetic) + len(heldout) + 1)
        total += weight * excess
        variance += (weight * spread) ** 2
        ratios.append(_ratio(np.median(synthetic), np.median(heldout)))
        sizes.append(len(synthetic))
    if not sizes:
        raise ValueError("no cell to test")
    z = total / variance**0.5 if variance else 0.0
    return CopyTest(float(np.average(ratios, weights=sizes)), z, float(ndtr(z)) if variance else 1.0)


def _rank_excess(synthetic: Distances, heldout: Distances) -> tuple[float, float]:
    """Mann-Whitney U of the synthetic rows less its null mean, and its standard deviation with ties."""
    n, m = len(synthetic), len(heldout)
    if not n or not m:
        raise ValueError(f"the copy test needs rows on both sides, got {n} synthetic and {m} held-out")
    both = np.concatenate([synthetic, heldout])
    both.sort()
    # Counts instead of ranks: with millions of synthetic rows, one sorted copy is enough.
    u = _above(both, heldout) - _above(np.sort(heldout), heldout)
    total = n + m
    tied = _tie_term(both) / (total * (total - 1))
    return float(u - n * m / 2), float(np.sqrt(n * m / 12 * max(total + 1 - tied, 0.0)))


def _above(ordered: Distances, values: Distances) -> float:
    """Number of `ordered` above each of `values`, summed; equal ones count half."""
    left, right = (np.searchsorted(ordered, values, side).sum(dtype=np.float64) for side in ("left", "right"))
    return float(len(ordered) * len(values) - (left + right) / 2)


def _tie_term(ordered: Distances) -> float:
    """Sum of t^3 - t over the runs of t equal values."""
    same = np.flatnonzero(ordered[1:] == ordered[:-1])  # as above; in a run, one after the other
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(same) != 1) + 1, [len(same)]])
    ties = (np.diff(bounds) + 1).astype(np.float64)
    return float((ties**3 - ties).sum())


def _pvalue(synthetic: Distances, heldout: Distances, excess: float, spread: float) -> float:
    if not spread:
        return 1.0
    if len(synthetic) <= _RANKED:
        from scipy.stats import mannwhitneyu

        return float(mannwhitneyu(synthetic, heldout, alternative="less").pvalue)
    return float(ndtr((excess + 0.5) / spread))  # SciPy's method for this many rows, without its many copies


def _ratio(synthetic: np.floating, heldout: np.floating) -> float:
    if heldout == 0:  # held-out rows repeat train rows exactly: being equally near is no sign of copying
        return 1.0
    return float(synthetic / heldout)
