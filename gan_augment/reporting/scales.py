"""Numbers to places on an axis, and to words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Axis", "nice_axis", "number", "percent", "signed"]


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high` with ticks at round values."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a value lies, in per cent of the axis, kept within it."""
        return round(100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 3)


def nice_axis(values: Iterable[float], *, ticks: int = 5, include: float | None = None) -> Axis:
    """An axis around the finite ones of `values` (and `include`), ending on round values."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    if include is not None:
        known.append(include)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        spread = abs(high) * 0.1 or 1.0
        low, high = low - spread, high + spread
    step = _nice_step((high - low) / max(ticks - 1, 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Axis(first * step, last * step, tuple(n * step for n in range(first, last + 1)))


def _nice_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * 0.999)


def number(value: float | int | None, digits: int = 3) -> str:
    """A number as people write it: significant digits, no exponent in everyday ranges, a dash for none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}".replace(",", "\u202f")
    text = f"{value:.{digits}g}"
    return f"{float(text):g}".replace("-", "\u2212") if 1e-4 <= abs(value) < 1e6 else text.replace("-", "\u2212")


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as per cent, a dash for none."""
    return "–" if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f}\u202f%"


def signed(points: float | None, digits: int = 1) -> str:
    """Percentage points with their sign; a value that rounds to nothing has none."""
    if points is None or not math.isfinite(points):
        return "–"
    text = f"{points:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\u2212")
