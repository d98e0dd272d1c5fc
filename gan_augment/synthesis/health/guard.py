"""The translation guard: four figures that say whether a translator, or a generator under conditions, does its work.

- *moved*: it changes its source as far as a fresh real row is from it; at 0 it hands its source back.
- *kept*: what was asked for is read from the outputs as from held-out real rows, by a judge of real rows.
- *conditioned*: from one condition to another its outputs move as real rows do; at 0 the condition is ignored.
- *mixed*: the class mix of what it starts from is that of what it imitates. Where it is not, a translator between the
  two sets makes up the classes that are missing (Cohen et al. 2018, arXiv 1805.08841).

Each stands beside the same figure of real rows. There is a problem where the difference is no chance, and of a size
that matters. Rows are float arrays [n, d] of a feature space that was fitted on train rows alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.fidelity.distances import mean_pairwise_distance, nearest
from gan_augment.synthesis.health.alarms import SURE

__all__ = ["GuardFigure", "conditioned", "kept", "mixed", "moved"]

Rows = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

LEAST_MOVED = 1 / 3  # of what fresh real rows do
LEAST_KEPT = 2 / 3  # as the alarms have it: with a third of wrong rows a class is refused
LEAST_CONDITIONED = 1 / 3
MOST_MADE_UP = 0.05  # of the rows, beyond what the judge gets wrong with real ones
FEW = 2  # rows, below which a figure has no standard error


@dataclass(frozen=True)
class GuardFigure:
    """A figure of synthetic rows, that of real rows, and standard errors; `problem` in words, or None."""

    value: float
    error: float
    real: float
    real_error: float
    problem: str | None = None

    @property
    def behind(self) -> bool:
        """Whether it is below the real rows' figure beyond chance."""
        return self.real - self.value > SURE * math.hypot(self.error, self.real_error)


def moved(sources: Rows, outputs: Rows, fresh: Rows) -> GuardFigure | None:
    """The distance of each output to its own source, in units of the distance between two sources; None: too few rows.

    Beside it that of each `fresh` real row (of the domain to imitate, or held out) to the source that is nearest to it.
    """
    if min(len(sources), len(outputs), len(fresh)) < FEW or not (unit := mean_pairwise_distance(sources)):
        return None
    steps = np.linalg.norm(outputs - sources, axis=1) / unit
    figure = GuardFigure(*_mean(steps), *_mean(nearest(fresh, sources)[0] / unit))
    if not (figure.behind and figure.value < LEAST_MOVED * figure.real):
        return figure
    said = f"not moved: {figure.value:.2f} from its source, fresh real rows {figure.real:.2f} (two sources: 1)"
    return _with(figure, said)


def kept(right: npt.NDArray[np.bool_], real_right: npt.NDArray[np.bool_], chance: float) -> GuardFigure | None:
    """How often a judge of real rows reads what was asked for; None: too few rows, or a judge that knows no better.

    `right` of the outputs, `real_right` of held-out real rows, which the judge has not seen; `chance` in [0, 1).
    """
    if min(len(right), len(real_right)) < FEW:
        return None
    figure = GuardFigure(*_share(right), *_share(real_right))
    if figure.real - chance <= SURE * figure.real_error:
        return None
    if not (figure.behind and figure.value - chance < LEAST_KEPT * (figure.real - chance)):
        return figure
    return _with(figure, f"not kept: read from {figure.value:.0%} of its rows, from {figure.real:.0%} of real ones")


def conditioned(first: Rows, second: Rows, real_first: Rows, real_second: Rows) -> GuardFigure | None:
    """How far the outputs move from the first condition to the second, along the way that real rows do; 1: as far.

    None: too few rows, or real rows of the two conditions whose means do not differ beyond chance.
    """
    if min(map(len, (first, second, real_first, real_second))) < 2 * FEW:
        return None
    # The way is found with one half of the real rows and measured with the other: in many dimensions even rows of one
    # kind have means that differ, and along that difference they would seem to move.
    way = real_second[::2].mean(axis=0) - real_first[::2].mean(axis=0)
    length, error = _apart(real_first[1::2] @ way, real_second[1::2] @ way)
    if length <= SURE * error:
        return None
    value, own_error = _apart(first @ way, second @ way)
    figure = GuardFigure(value / length, own_error / length, 1.0, error / length)
    if not (figure.behind and figure.value < LEAST_CONDITIONED):
        return figure
    return _with(figure, f"not conditioned: it moves {figure.value:.2f} of the way of real rows from one to the other")


def mixed(sources: Ints, read: Ints, real: Ints, real_read: Ints, classes: int) -> GuardFigure | None:
    """The share of rows whose class would have to change for both class mixes to be equal; None: too few rows.

    `sources` int64 [n]: classes of what it starts from; `read` [m]: what a judge reads in the rows to imitate, or in
    the outputs. Beside it the same of held-out real rows: their classes [k], and what the judge reads in them [k].
    """
    if min(map(len, (sources, read, real))) < FEW:
        return None
    one, other = _mix(sources, classes), _mix(read, classes)
    # What the judge itself shifts in real rows is no fault of the others: it is taken off class by class.
    judged = (real_read[:, None] == np.arange(classes)).astype(float) - (real[:, None] == np.arange(classes))
    shift, shift_error = judged.mean(axis=0), judged.std(axis=0, ddof=1) / len(judged) ** 0.5
    errors = np.sqrt(other * (1 - other) * (1 / len(sources) + 1 / len(read)) + shift_error**2)
    excess, chance = _variation(other - one - shift), _variation(errors) * math.sqrt(2 / math.pi)  # a mean |normal|
    spread = float(np.linalg.norm(errors)) / 2
    figure = GuardFigure(_variation(other - one), spread, _variation(shift), _variation(shift_error))
    if not (excess > MOST_MADE_UP and excess - chance > SURE * spread):
        return figure
    return _with(figure, f"mixed: {excess:.0%} of the rows would have to be of another class than its sources are")


def _with(figure: GuardFigure, problem: str) -> GuardFigure:
    return GuardFigure(figure.value, figure.error, figure.real, figure.real_error, problem)


def _mean(values: Rows) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5


def _share(right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """With a standard error in which few rows, that may agree by luck, count as if one more was right and one wrong."""
    moderate, rows = (right.sum() + 1) / (len(right) + 2), len(right) + 2
    return float(right.mean()), float(np.sqrt(moderate * (1 - moderate) / rows))


def _apart(first: Rows, second: Rows) -> tuple[float, float]:
    (one, error), (other, other_error) = _mean(first), _mean(second)
    return other - one, math.hypot(error, other_error)


def _mix(labels: Ints, classes: int) -> Rows:
    return np.bincount(labels, minlength=classes) / len(labels)


def _variation(difference: Rows) -> float:
    return float(np.abs(difference).sum()) / 2
