"""Collapse and overfitting alarms, per class and for the whole run.

Each compares with what real rows of the same class do: a class that is uniform by nature, or that overlaps with
another, raises none. Two things are asked for: a difference that is no chance, and one of the size at which pilots
failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist

from gan_augment.fidelity.distances import kth_neighbour_distance, nearest
from gan_augment.fidelity.likeness import Likeness
from gan_augment.fidelity.memorisation import copy_test
from gan_augment.fidelity.metrics import diversity_ratio

__all__ = ["MIN_ROWS", "SURE", "Ranking", "class_alarm", "ranking", "run_alarm"]

Rows = npt.NDArray[np.floating]

MIN_ROWS = 8  # held-out rows of a class, below which their distances mean nothing
COLLAPSED_DIVERSITY = 0.4  # of what real rows have
RANKED = 500  # rows; more make no verdict surer
MEMORISED_RATIO = 0.5
LOW_COVERAGE = 1 / 3  # of what as many real rows cover
CHANCE = 0.001
SURE = 3.0  # standard errors
DEAD_DISCRIMINATOR_LOSS = 0.02  # log 2 is a coin; this is a discriminator that is right with e^4 to 1, on average
COIN = 0.5
HALFWAY = 0.75  # from a coin to what such a discriminator does with its train rows


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
    """By the more uniform of the two real parts: one far row among few of either is no sign of a collapse.

    Where a few rows lie far out by nature they make the mean, so the median has to say the same.
    """
    for ratio in (diversity_ratio, _median_ratio):
        diversity = ratio(held_out, synthetic)
        if diversity >= COLLAPSED_DIVERSITY * min(1.0, ratio(held_out, train)):
            return None
    return f"collapsed: pairwise distance {diversity_ratio(held_out, synthetic):.2f} of the real rows'"


def _median_ratio(real: Rows, synthetic: Rows) -> float:
    """`diversity_ratio` of the median distances of at most the first `RANKED` rows."""
    spread, made = (float(np.median(pdist(rows[:RANKED]))) for rows in (real, synthetic))
    if spread == 0:
        return 1.0 if made == 0 else math.inf
    return made / spread


def _memorised(train: Rows, held_out: Rows, synthetic: Rows) -> str | None:
    made, fresh = nearest(synthetic, train)[0], nearest(held_out, train)[0]
    copying = copy_test(made, fresh)
    if copying.ratio < MEMORISED_RATIO and _nearer_by_chance(made, fresh) < CHANCE:
        return f"memorised: {copying.ratio:.2f} of the distance to train that fresh rows have"
    return None


def _nearer_by_chance(made: Rows, fresh: Rows) -> float:
    """The p-value of Mann and Whitney with ties broken in favour of `made`: few fresh rows of few levels tie a lot."""
    from scipy.stats import mannwhitneyu

    order = np.argsort(np.concatenate([fresh, made]), kind="stable")  # of equals the fresh ones come first
    place = np.empty(len(order))
    place[order] = np.arange(len(order))
    return float(mannwhitneyu(place[len(fresh) :], place[: len(fresh)], alternative="less").pvalue)


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


@dataclass(frozen=True)
class Ranking:
    """How often the discriminator ranks a held-out real row above a generated one of its class, in [0, 1].

    The mean over classes, and its standard error where the generator draws what the data are.
    """

    share: float
    error: float

    @property
    def told_apart(self) -> bool:
        """Whether it tells rows that it has not seen from generated ones, beyond chance, and not only its train rows.

        A discriminator that knows its train rows by heart is as sure of them beside a perfect generator.
        """
        return self.share - COIN > SURE * self.error and self.share > HALFWAY


def ranking(real: Sequence[Rows], generated: Sequence[Rows]) -> Ranking:
    """From the logits [n] of held-out real rows and of generated ones, class by class; each class counts alike."""
    shares, variances = [], []
    for held_out, drawn in zip(real, generated, strict=True):
        n, m = len(held_out), len(drawn)
        if n and m:
            shares.append(float(np.mean(held_out[:, None] > drawn) + np.mean(held_out[:, None] == drawn) / 2))
            variances.append((n + m + 1) / (12 * n * m))  # Mann and Whitney 1947
    if not shares:
        return Ranking(COIN, math.inf)
    return Ranking(float(np.mean(shares)), math.sqrt(sum(variances)) / len(shares))


def run_alarm(losses: Mapping[str, float], held_out: Callable[[], Ranking] | None) -> str | None:
    """What is wrong with the run as a whole since the last tick, or None.

    `losses`: mean loss of each phase. `held_out`: how held-out real rows stand beside generated ones; None where there
    are none, and nothing to say that a sure discriminator is right.
    """
    for name, value in losses.items():
        if not math.isfinite(value):
            return f"the {name}'s loss is not a number"
    if losses.get("discriminator", math.inf) >= DEAD_DISCRIMINATOR_LOSS or held_out is None:
        return None
    found = held_out()
    if not found.told_apart:
        return None
    return (
        f"the discriminator won (loss {losses['discriminator']:.4f}; it ranks {found.share:.0%} of held-out real rows "
        "above generated ones): nothing is left to learn from it"
    )
