"""Worth of synthetic rows in real rows: the point where the learning curve of the best arm without them reaches theirs.

The best arm without synthetic rows is trained again with fewer rows of the rare classes, which are left out at random,
different ones for each seed. Let L(x) be the test score with x times the existing number of them. Between and beyond
the trained shares, the curve is assumed to be

    L(x) = L(1) + B (1 - x**-0.5)

with one free number, B >= 0: the error falls with the root of the rows towards a floor, a usual shape of learning
curves (Cortes et al. 1993, "Learning curves: asymptotic values and rate of convergence"; Viering and Loog 2021, arXiv
2103.10948). It passes through the score with all rows, so that a gain of zero is worth no row, whatever B is.

The interval of x holds the points at which the arm with synthetic rows does not differ significantly from the curve:
the interval of its gain minus B (1 - x**-0.5) contains 0. So it is the inversion of a test, as in Fieller's theorem
(1954): no division by a slope is needed, and where the slope is near zero, the interval has no end.

That interval covers test rows and seeds. It also has to cover the choice of rows: n x more rows drawn at random are
worth more or less than the curve predicts. For a score that is near linear in what each row adds, with variance v for n
rows, a share s of them drawn at random varies by v (1/s - 1), and going from n to n x rows by v (1 - 1/x): partly
because the new rows are random, partly because they dilute the luck of the old ones. v is measured at the shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gan_augment.scoring.metrics import rare_classes
from gan_augment.scoring.statistics import Interval, Resampled

__all__ = ["FURTHEST", "Worth", "affordable_shares", "explain_worth", "rows_worth", "thinned", "thinned_classes"]

Kind = Literal["about", "more than", "nothing told", "less than nothing", "flat"]

FURTHEST = 2.0  # times the existing rows: beyond that the curve is a guess
FEWEST_ROWS = 8  # rows of a class: a quarter of them is two
_SHARES = (0.25, 0.5)
_ALL_SHARES = (0.25, 0.5, 0.75)
_PART_OF_COST = 0.2
_STEPS = 60
_THESE = "These synthetic rows are worth"
_BEYOND = "; how many more, the learning curve cannot say."


def thinned_classes(counts: npt.NDArray[np.int64]) -> list[int]:
    """Classes of which rows are left out: the rare ones; those under half of the largest; else all."""
    small = [int(index) for index in np.flatnonzero(counts < counts.max() / 2)]
    return rare_classes(counts) or small or list(range(len(counts)))


def thinned(
    labels: npt.NDArray[np.int64], classes: Sequence[int], share: float, generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Rows that stay, in order: of `classes` this share (two rows at least), of the others all.

    Generators of one seed give nested sets: rows that stay in a small share stay in a larger one.
    """
    kept = [np.flatnonzero(~np.isin(labels, classes))]
    for index in classes:
        own = generator.permutation(np.flatnonzero(labels == index))
        kept.append(own[: max(2, round(share * len(own)))])
    return np.sort(np.concatenate(kept))


def affordable_shares(setting: str, trainings: int, seeds: int) -> tuple[float, ...]:
    """Shares to train with, beside all rows; none where "auto" finds them to cost more than a fifth of `trainings`."""
    if setting == "always":
        return _ALL_SHARES
    dear = len(_SHARES) * seeds > _PART_OF_COST * trainings
    return () if setting == "never" or dear else _SHARES


@dataclass(frozen=True)
class Worth:
    """Worth of the arm with synthetic rows, as a multiple of the existing rows.

    Attributes
    ----------
    kind
        The kind of statement that is possible.
    factor
        The estimate; None where the curve does not reach the arm, or does not rise.
    low, high
        The interval's ends; None for an end outside the range of the curve.
    slope
        The gain of the curve from a quarter of the rows to all of them.
    """

    kind: Kind
    factor: float | None
    low: float | None
    high: float | None
    slope: Interval


def rows_worth(
    gain: Resampled,
    losses: Sequence[tuple[float, Resampled]],
    judge: Callable[[Resampled], Interval],
    confidence: float,
) -> Worth:
    """Worth of the arm with synthetic rows.

    Parameters
    ----------
    gain
        Its score minus that of the best arm without.
    losses
        Share of the rows -> the score with all of them minus that with the share, of the best arm without.
    judge
        The interval of a difference, of this `confidence`.
    """
    slope, luck = _slope(losses), _luck(losses)
    least = min(share for share, _ in losses)
    factors = np.geomspace(least, FURTHEST, _STEPS)
    seeds = len(gain.values)
    found = [
        judge(_minus(gain, slope, _rise(factor))).widened(luck * abs(1 - 1 / factor), seeds - 1, confidence)
        for factor in factors
    ]
    steepness = judge(_minus(_nothing(slope), slope, -1.0))
    if all(one.low > 0 for one in found):
        return Worth("more than", None, FURTHEST, None, steepness)
    if steepness.low <= 0:
        return Worth("flat", None, None, None, steepness)
    low, high = _ends(factors, found)
    return Worth(_kind(judge(gain)), _estimate(gain, slope, least), low, high, steepness)


def _slope(losses: Sequence[tuple[float, Resampled]]) -> Resampled:
    """Slope B by least squares, of a curve that is fixed at all rows."""
    falls = np.asarray([-_rise(share) for share, _ in losses])
    weights = falls / (falls**2).sum()
    values, draws = (np.stack([getattr(loss, name) for _, loss in losses]) for name in ("values", "draws"))
    return Resampled(np.tensordot(weights, values, 1), np.tensordot(weights, draws, 1))


def _luck(losses: Sequence[tuple[float, Resampled]]) -> float:
    """Variance v of the score with all rows, had others been drawn; see the module's docstring."""
    return float(np.mean([loss.values.var(ddof=1) / (1 / share - 1) for share, loss in losses]))


def _rise(factor: float) -> float:
    """Rise of the curve, in units of B, from all rows to `factor` times as many: below 0 for fewer."""
    return float(1 - factor**-0.5)


def _minus(first: Resampled, second: Resampled, times: float) -> Resampled:
    return Resampled(first.values - times * second.values, first.draws - times * second.draws)


def _nothing(like: Resampled) -> Resampled:
    return Resampled(np.zeros_like(like.values), np.zeros_like(like.draws))


def _ends(factors: npt.NDArray[np.float64], found: Sequence[Interval]) -> tuple[float | None, float | None]:
    """Ends of the interval: where the arm stops being above the curve, and starts being below; None out of range."""
    lows, highs = (np.asarray([getattr(one, end) for one in found]) for end in ("low", "high"))
    first, last = int((lows <= 0).argmax()), len(highs) - 1 - int((highs >= 0)[::-1].argmax())
    low = None if first == 0 else _crossing(factors, lows, first - 1)
    if not (highs >= 0).any():
        return None, float(factors[0])
    return low, None if last == len(highs) - 1 else _crossing(factors, highs, last)


def _crossing(factors: npt.NDArray[np.float64], values: npt.NDArray[np.float64], place: int) -> float:
    """Zero of the values, which fall, between this place and the next."""
    before, after = values[place], values[place + 1]
    return float(factors[place] + (factors[place + 1] - factors[place]) * before / (before - after))


def _kind(interval: Interval) -> Kind:
    """Kind by the gain's own interval, so that the sentence and the verdict agree on whether there is a gain."""
    if interval.low <= 0 <= interval.high:
        return "nothing told"
    return "about" if interval.low > 0 else "less than nothing"


def _estimate(gain: Resampled, slope: Resampled, least: float) -> float | None:
    """Point where the curve reaches the arm; None beyond its range."""
    rise = float(gain.values.mean() / slope.values.mean())
    return None if rise >= _rise(FURTHEST) else max((1 - rise) ** -2, least)


def explain_worth(worth: Worth, rows: int, whose: str) -> str:
    """Sentence on the worth. `rows`: the real train rows of the classes that `whose` names, in total."""
    said = _Words(worth, rows, whose)
    return {
        "about": said.about,
        "more than": said.more_than,
        "nothing told": said.nothing_told,
        "less than nothing": said.less_than_nothing,
        "flat": said.flat,
    }[worth.kind]()


class _Words:
    """Sentences with rows beside the existing ones."""

    def __init__(self, worth: Worth, rows: int, whose: str) -> None:
        ends = worth.low, worth.high, worth.factor
        self._low, self._high, self._middle = (None if one is None else round(rows * (one - 1)) for one in ends)
        self._rows, self._whose = rows, whose

    @property
    def _most(self) -> str:
        beyond = f"more than {self._rows}, where the learning curve ends"
        return beyond if self._high is None else str(max(self._high, 1))

    def about(self) -> str:
        if self._middle is None:
            return f"{_THESE} more than {max(self._low or 0, 1)} more real rows of {self._whose}{_BEYOND}"
        if self._high is not None and self._high <= 1:
            return f"{_THESE} fewer than {self._high + 1} more real rows of {self._whose}."
        interval = f"interval {max(self._low or 0, 0)} to {self._most}"
        return f"{_THESE} about {self._middle} more real rows of {self._whose} ({interval}), there are {self._rows}."

    def more_than(self) -> str:
        return f"{_THESE} more than {self._rows} more real rows of {self._whose}{_BEYOND}"

    def nothing_told(self) -> str:
        return (
            f"{_THESE} no more real rows of {self._whose} that this test set could tell (interval 0 to {self._most})."
        )

    def less_than_nothing(self) -> str:
        least = "more" if self._low is None else str(-self._low)
        return (
            f"{_THESE} less than nothing: they cost what leaving out about {-(self._middle or 0)} of the {self._rows} "
            f"real rows of {self._whose} costs (interval {-(self._high or 0)} to {least})."
        )

    def flat(self) -> str:
        return (
            "What these synthetic rows are worth in real rows cannot be said: the learning curve of the best arm "
            f"without them does not clearly rise with the {self._rows} real rows of {self._whose}."
        )
