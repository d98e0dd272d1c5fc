"""Reversible scales of one numeric column: what a value is to a model, and back.

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

BOUND = 3.0  # in standard deviations: a model never has to reach further out
MAX_QUANTILES = 100
_TAIL = float(ndtr(-BOUND))


class QuantileNormal(Record):
    """Piecewise linear between at most 100 train quantiles, then the normal quantile function; range [-3, 3].

    A value that many rows share covers an interval of ranks. `forward` puts it in the middle, or, given a
    generator, anywhere in the interval at random: a model of the spread-out ranks keeps the value's true share.
    """

    kind: Literal["quantile"] = "quantile"
    landmarks: tuple[float, ...]

    @classmethod
    def fit(cls, values: Floats) -> QuantileNormal:
        """From finite train values [n], n >= 1."""
        count = int(np.clip(len(values), 2, MAX_QUANTILES))
        landmarks = np.quantile(values, np.linspace(0, 1, count))
        # Interpolation may step down by a rounding error between equal values.
        return cls(landmarks=tuple(np.maximum.accumulate(landmarks).tolist()))

    def forward(self, values: Floats, generator: np.random.Generator | None = None) -> Floats:
        """Finite values [n] to [-3, 3]; values outside the train range go to its ends."""
        landmarks, ranks = self._grid()
        # np.interp takes the last of equal landmarks; on the mirrored axis that is the first one.
        above = np.interp(values, landmarks, ranks)
        below = -np.interp(-values, -landmarks[::-1], -ranks[::-1])
        share = 0.5 if generator is None else generator.random(len(values))
        rank = below + share * (above - below)
        scaled: Floats = ndtri(_TAIL + rank * (1 - 2 * _TAIL))
        return scaled

    def backward(self, scaled: Floats) -> Floats:
        """From the normal scale [n] to values inside the train range.

        What lies beyond +-3 is spread over the outermost quantile step, away from its end: the smallest and the largest
        train value are then no spikes, and are hardly ever repeated exactly.
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
    """(value - mean) / standard deviation of the train rows."""

    kind: Literal["standard"] = "standard"
    mean: float
    deviation: float

    @classmethod
    def fit(cls, values: Floats) -> Standard:
        """From finite train values [n], n >= 1."""
        return cls(mean=float(values.mean()), deviation=float(values.std()) or 1.0)

    def forward(self, values: Floats, generator: np.random.Generator | None = None) -> Floats:
        """Finite values [n] to standard scores; `generator` is not used, equal values stay equal."""
        del generator
        return (values - self.mean) / self.deviation

    def backward(self, scaled: Floats) -> Floats:
        """From standard scores [n] to values; a column codec clips them to the train range."""
        return scaled * self.deviation + self.mean
