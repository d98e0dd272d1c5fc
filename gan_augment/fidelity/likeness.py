"""Likeness of rows to their class: whether they look like its held-out real rows, or rather like other classes.

A judge trained on real rows gives every row a score for the class. A row's *standing* is the share of real rows of the
other classes that it outranks, each class with the same weight: 0.5 is the mean of a row of another class, and the
standing of the class's held-out real rows is all that can be expected. Neither priors nor absolute probabilities enter.
So a class that is rare, or that overlaps with others, needs no better standing than its own real rows have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Likeness", "likeness", "standing"]

Floats = npt.NDArray[np.floating]

_CHANCE = 0.5  # the mean standing of rows of the other classes
_SURE = 3.0  # standard errors; a normal variable lies that far below its mean once in 740
_FEW = 30  # rows
_WRONG = 1 / 3  # of the rows. Labels shuffled over two classes of one size are wrong for half of them


@dataclass(frozen=True)
class Likeness:
    """Mean standings in [0, 1], with standard errors.

    Attributes
    ----------
    real
        Of held-out real rows of the class.
    synthetic
        Of synthetic rows.
    real_error, difference_error
        Of `real`, and of the difference between the two.
    """

    real: float
    synthetic: float
    real_error: float
    difference_error: float

    @property
    def judged(self) -> bool:
        """Whether the judge separates held-out real rows of the class from rows of other classes, beyond chance."""
        return self.real - _CHANCE > _SURE * self.real_error

    @property
    def wrong_share(self) -> float:
        """Share of other classes' rows that, mixed into real rows of the class, would give this standing."""
        return (self.real - self.synthetic) / (self.real - _CHANCE) if self.real > _CHANCE else 0.0

    @property
    def problem(self) -> str | None:
        """Description of the problem where the rows look like those of other classes, beyond chance; else None."""
        behind = self.real - self.synthetic > _SURE * self.difference_error
        if not (self.judged and behind and self.wrong_share > _WRONG):
            return None
        return (
            f"wrong class: its rows outrank {self.synthetic:.0%} of other classes' real rows in likeness to the class, "
            f"held-out real rows of it {self.real:.0%} (chance: 50%)"
        )


def standing(scores: Floats, others: Mapping[int, Floats]) -> Floats:
    """Standing float64 [n]: the share of the other classes' rows below each score; ties count half, classes equally.

    `others`: class index -> its real rows' scores for the class in question; empty classes are ignored.
    """
    shares = [_share_below(np.sort(own), scores) for own in others.values() if len(own)]
    mean: Floats = np.mean(shares, axis=0) if shares else np.full(len(scores), _CHANCE)
    return mean


def _share_below(ordered: Floats, scores: Floats) -> Floats:
    left, right = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    share: Floats = (left + right) / (2 * len(ordered))
    return share


def likeness(real: Floats, synthetic: Floats, others: Sequence[int]) -> Likeness | None:
    """Likeness from the standings of held-out real rows of the class and of synthetic ones; None below 2 rows a side.

    `others`: the number of real rows of each other class among which they were ranked.
    """
    counts = [count for count in others if count]
    if min(len(real), len(synthetic)) < 2 or not counts:
        return None
    own, made = _variance(real), _variance(synthetic)
    # Both are ranked among the same rows, so the sampling error of those moves the two together.
    among = sum(1 / (12 * count) for count in counts) / len(counts) ** 2
    gap = abs(float(np.mean(real)) - float(np.mean(synthetic)))
    return Likeness(
        real=float(np.mean(real)),
        synthetic=float(np.mean(synthetic)),
        real_error=float(np.sqrt(own + among)),
        difference_error=float(np.sqrt(own + made + among * gap)),
    )


def _variance(standings: Floats) -> float:
    """Variance of their mean. Few rows may agree by luck, so two more at the ends are added to them."""
    with_ends = np.concatenate([standings, [0.0, 1.0]]) if len(standings) < _FEW else standings
    return float(np.var(with_ends, ddof=1)) / len(with_ends)
