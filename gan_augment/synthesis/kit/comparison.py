"""Whether a translator surely does no better than what costs nothing, image by image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from gan_augment.synthesis.health.alarms import SURE

__all__ = ["surely_no_better", "surely_worse"]


def surely_no_better(gains: npt.NDArray[np.float64]) -> bool:
    """Whether the mean of float64 [n] lies at 0 or below, and chance may not be why (Student's t, as 3 errors)."""
    return bool(gains.mean() + _margin(gains) <= 0)


def surely_worse(more: npt.NDArray[np.float64]) -> bool:
    """Whether the mean of float64 [n] lies above 0, and chance is not why (likewise)."""
    return bool(more.mean() - _margin(more) > 0)


def _margin(values: npt.NDArray[np.float64]) -> float:
    """How far the mean may lie from the truth by chance; 0 for a single value, which says nothing of chance."""
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return float(stats.t.isf(stats.norm.sf(SURE), max(len(values) - 1, 1)) * error)
