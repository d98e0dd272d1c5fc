"""Whether a translator surely does no better than what costs nothing, image by image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from gan_augment.synthesis.health.alarms import SURE

__all__ = ["surely_no_better"]


def surely_no_better(gains: npt.NDArray[np.float64]) -> bool:
    """Whether the mean of float64 [n] lies at 0 or below, and chance may not be why (Student's t, as 3 errors)."""
    error = float(np.std(gains, ddof=1)) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    return bool(gains.mean() + stats.t.isf(stats.norm.sf(SURE), max(len(gains) - 1, 1)) * error <= 0)
