"""Reversible scales of one numeric column: between its values and the numbers that a model sees.

`QuantileNormal` makes any continuous column look standard normal (through its train quantiles), so that
heavy tails, skew and units do not matter; `Standard` only centres and divides.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from gan_augment.core.records import Record

__all__ = ["QuantileNormal", "Standard"]

Floats = npt.NDArray[np.float64]

BOUND = 3.0  # standard deviations: the range that a model has to reach
MAX_QUANTILES = 100
_TAIL = float(ndtr(-BOUND))


class QuantileNormal(Record):
    """Scale that is piecewise linear between at most 100 train quantiles, then normal quantiles; range [-3, 3].

    A value that many rows share covers an interval of ranks. `forward` puts it in the middle, or, given a
    generator, anywhere in the interval at random: a model of the spread-out ranks keeps the value's true share.
    """

    kind: Literal["quantile"] = "quantile"
    landmarks: tuple[float, ...]

    @classmethod
    def fit(cls, values: Floats) -> QuantileNormal:
        """Scale fitted to finite train values [n], n >= 1."""
        count = int(np.clip(len(values), 2, MAX_QUANTILES))
        landmarks = np.quantile(values, np.linspace(0, 1, count))
        # Interpolation between equal values may decrease by a rounding error.
        return cls(landmarks=tuple(np.maximum.accumulate(landmarks).tolist()))

    def forward(self, values: Floats, generator: np.random.Generator | None = None) -> Floats:
        """Scaled values in [-3, 3] of finite values [n]; values outside the train range go to its ends."""
        landmarks, ranks = self._grid()
        # np.interp takes the last of equal landmarks; on the mirrored axis that is the first one.
        above = np.interp(values, landmarks, ranks)
        below = -np.interp(-values, -landmarks[::-1], -ranks[::-1])
        share = 0.5 if generator is None else generator.random(len(values))
        rank = below + share * (above - below)
        scaled: Floats = ndtri(_TAIL + rank * (1 - 2 * _TAIL))
        return scaled

    def backward(self, scaled: Floats) -> Floats:
        """Values inside the train range, from the normal scale [n].

        Values beyond +-3 are spread over the outermost quantile step, away from its end. So the smallest and the
        largest train value do not become spikes, and are hardly ever repeated exactly.
        """
        landmarks, ranks = self._grid()
        inside = np.clip(scaled, -BOUND, BOUND)
        rank = (ndtr(inside) - _TAIL) / (1 - 2 * _TAIL)
        rank += ranks[1] * np.expm1(-np.abs(scaled - inside)) * np.sign(scaled)
        values: Floats = np.interp(rank, ranks, landmarks)
        return values

    def _grid(self) -> tuple[Floats, Floats]:
        return np.asarray(self.landmarks), np.linspace(0, 1, len(self.landmarks))


class Standard(Record):
    """Standard score: (value - mean) / standard deviation of the train rows."""

    kind: Literal["standard"] = "standard"
    mean: float
    deviation: float

    @classmethod
    def fit(cls, values: Floats) -> Standard:
        """Scale fitted to finite train values [n], n >= 1."""
        return cls(mean=float(values.mean()), deviation=float(values.std()) or 1.0)

    def forward(self, values: Floats, generator: np.random.Generator | None = None) -> Floats:
        """Standard scores of finite values [n]; `generator` is not used, equal values stay equal."""
        del generator
        return (values - self.mean) / self.deviation

    def backward(self, scaled: Floats) -> Floats:
        """Values from standard scores [n]; a column codec clips them to the train range."""
        return scaled * self.deviation + self.mean
