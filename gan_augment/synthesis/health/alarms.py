"""Collapse and overfitting alarms, per class and for the whole run.

Each compares with what real rows of the same class do: a class that is uniform by nature, or that overlaps with
another, raises none. Two things are asked for: a difference that is no chance, and one of the size at which pilots
failed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gan_augment.fidelity.distances import kth_neighbour_distance, nearest
from gan_augment.fidelity.likeness import Likeness
from gan_augment.fidelity.memorisation import copy_test
from gan_augment.fidelity.metrics import diversity_ratio

__all__ = ["MIN_ROWS", "class_alarm", "run_alarm"]

Rows = npt.NDArray[np.floating]

MIN_ROWS = 8  # held-out rows of a class, below which their distances mean nothing
COLLAPSED_DIVERSITY = 0.4  # of what real rows have
MEMORISED_RATIO = 0.5
LOW_COVERAGE = 1 / 3  # of what as many real rows cover
CHANCE = 0.001
SURE = 3.0  # standard errors
DEAD_DISCRIMINATOR_LOSS = 0.02  # log 2 is a coin; this is a discriminator that is right with e^4 to 1, on average


def class_alarm(train: Rows, held_out: Rows, synthetic: Rows, likeness: Likeness | None) -> str | None:
    """What is wrong with one class's synthetic rows [n, d] in words, or None.

    `train`, `held_out`: the class's real rows. `likeness`: how the synthetic rows stand beside held-out real rows of
    the class with a classifier of real rows; None where there is no second class to tell them from.
    """
    if not np.isfinite(synthetic).all():
        return "not finite"
    enough = min(len(held_out), len(synthetic), len(train)) >= MIN_ROWS
    shape = (_collapsed, _memorised) if enough else ()
    found = [check(train, held_out, synthetic) for check in shape]
    found.append(likeness.problem if likeness is not None else None)
    if enough:
        found.append(_uncovered(train, held_out, synthetic))
    return next((problem for problem in found if problem), None)


def _collapsed(train: Rows, held_out: Rows, synthetic: Rows) -> str | None:
    """By the more uniform of the two real parts: one far row among few of either is no sign of a collapse."""
    diversity = diversity_ratio(held_out, synthetic)
    if diversity < COLLAPSED_DIVERSITY * min(1.0, diversity_ratio(held_out, train)):
        return f"collapsed: pairwise distance {diversity:.2f} of the real rows'"
    return None


def _memorised(train: Rows, held_out: Rows, synthetic: Rows) -> str | None:
    copying = copy_test(nearest(synthetic, train)[0], nearest(held_out, train)[0])
    if copying.ratio < MEMORISED_RATIO and copying.pvalue < CHANCE:
        return f"memorised: {copying.ratio:.2f} of the distance to train that fresh rows have"
    return None


def _uncovered(train: Rows, held_out: Rows, synthetic: Rows) -> str | None:
    """Held-out rows with a synthetic row in reach, against those with one of as many train rows in reach."""
    count = min(len(train), len(synthetic))
    reach = kth_neighbour_distance(held_out, min(5, len(held_out) - 1))
    covered, usual = (nearest(held_out, rows[:count])[0] < reach for rows in (synthetic, train))
    lost = usual.astype(float) - covered
    error = float(np.std(lost, ddof=1)) / len(lost) ** 0.5
    if covered.mean() < LOW_COVERAGE * usual.mean() and lost.mean() > SURE * error:
        return (
            f"low coverage: {covered.mean():.2f} of the held-out rows have a synthetic neighbour, "
            f"{usual.mean():.2f} have one among as many real rows"
        )
    return None


def run_alarm(losses: Mapping[str, float]) -> str | None:
    """What is wrong with the run as a whole since the last tick, or None. `losses`: mean loss of each phase."""
    for name, value in losses.items():
        if not math.isfinite(value):
            return f"the {name}'s loss is not a number"
    if losses.get("discriminator", math.inf) < DEAD_DISCRIMINATOR_LOSS:
        return f"the discriminator won (loss {losses['discriminator']:.4f}): nothing is left to learn from it"
    return None
