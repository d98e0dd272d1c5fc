"""Mixing ratio: the number of synthetic rows per class, and its choice on validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.scoring.criterion import Criterion, Scores
from gan_augment.scoring.statistics import Interval

__all__ = [
    "RULE",
    "Choice",
    "Evaluate",
    "Plan",
    "Trial",
    "choose_ratio",
    "drop_useless_classes",
    "first_rows",
    "make_plans",
    "search_ratios",
]

RULE = (
    "the smallest ratio that is no more than one paired standard error behind the best one in class-balanced "
    "validation log loss after logit adjustment; a ratio above 0 also needs a paired gain over ratio 0 above its own "
    "standard error"
)

_HOPELESS = 2.0  # a ratio is dropped after a round that left it this many standard errors behind the best

Counts = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]
Evaluate = Callable[["Plan", Sequence[int]], Sequence[Probabilities]]  # a plan and seeds -> validation predictions


@dataclass(frozen=True)
class Plan:
    """Ratio and its synthetic rows per class: `counts` int64 [K]; `wanted` before capping.

    `threshold`: the judge's probability of the own class that a row needs, above curation's own limit; 0: none.
    """

    ratio: float
    counts: Counts
    wanted: Counts
    threshold: float = 0.0

    @property
    def capped(self) -> bool:
        """Whether fewer rows were accepted than the ratio needs."""
        return bool((self.counts < self.wanted).any())

    def onto(self, real: Counts, accepted: Counts) -> Plan:
        """Plan for other rows: int64 [K] real ones, and accepted ones under the plan's threshold.

        A class without rows in the plan gets none here. For the plan's own rows it is the plan itself.
        """
        wanted = np.where(self.counts > 0, _wanted(self.ratio, real), 0)
        return Plan(self.ratio, np.minimum(wanted, accepted), wanted, self.threshold)


def make_plans(ratios: Sequence[float], real: Counts, accepted: Counts) -> list[Plan]:
    """Plans, one per ratio, ascending; plans with the same counts as a smaller ratio's are dropped.

    Ratio r fills every class up to r times the size of the largest real class:
    max(0, round(r * max(real)) - real), at most `accepted`. Ratio 0 adds nothing.
    """
    plans: list[Plan] = []
    for ratio in sorted({0.0, *ratios}):
        wanted = _wanted(ratio, real)
        plan = Plan(ratio, np.minimum(wanted, accepted), wanted)
        if all((plan.counts != other.counts).any() for other in plans):
            plans.append(plan)
    return plans


def _wanted(ratio: float, real: Counts) -> Counts:
    wanted: Counts = np.maximum(0, np.round(ratio * real.max()).astype(np.int64) - real)
    return wanted


def first_rows(candidates: Samples, counts: Counts, spec: DatasetSpec) -> Samples:
    """First `counts[k]` rows of each class k, in their order; candidates are in order of preference."""
    labels = candidates.label_indices(spec)
    rank = np.zeros(len(labels), dtype=np.int64)
    for index in range(len(spec.classes)):
        own = labels == index
        rank[own] = np.arange(own.sum())
    return candidates.take(rank < counts[labels])


@dataclass(frozen=True)
class Trial:
    """Validation result of a plan.

    Attributes
    ----------
    accuracy
        The headline after adjustment, for the reader.
    gain
        The paired gain over ratio 0, in nats of class-balanced log loss after adjustment; None for ratio 0 itself.
    accuracy_gain
        The same for the headline.
    behind
        The paired loss against the best ratio above 0, in nats; None for ratio 0, and where a trial was dropped.
    """

    plan: Plan
    accuracy: Interval
    gain: Interval | None
    accuracy_gain: Interval | None
    behind: Interval | None
    seeds: int
    stopped_early: bool


@dataclass(frozen=True)
class Choice:
    """Ratio chosen (0 allowed), and the best one above 0, which the arms with synthetic data show (0 if none)."""

    ratio: float
    shown_ratio: float


def search_ratios(
    plans: Sequence[Plan],
    evaluate: Evaluate,
    criterion: Criterion,
    seeds: Sequence[int],
    *,
    early_stopping: bool = True,
) -> list[Trial]:
    """Train and score every plan on the validation rows: one seed first, then the others for promising plans.

    A plan is dropped when its paired difference to the best plan is more than two standard errors below zero after the
    first seed. Ratio 0 is never dropped: every gain is measured against it.
    """
    first = {plan.ratio: list(evaluate(plan, seeds[:1])) for plan in plans}
    hopeless = _hopeless({ratio: _scored(criterion, one) for ratio, one in first.items()}) if early_stopping else set()
    results: dict[float, Scores] = {}
    for plan in plans:
        more = [] if plan.ratio in hopeless else list(evaluate(plan, seeds[1:]))
        results[plan.ratio] = _scored(criterion, first[plan.ratio] + more)
    best = _best({ratio: one for ratio, one in results.items() if ratio > 0 and ratio not in hopeless})
    return [_trial(plan, results, best, criterion, plan.ratio in hopeless) for plan in plans]


def _scored(criterion: Criterion, probabilities: Sequence[Probabilities]) -> Scores:
    return criterion.scores(np.stack(probabilities))


def _best(scores: dict[float, Scores]) -> float | None:
    """Smallest of the ratios with the largest merit; None without ratios."""
    return max(scores, key=lambda ratio: (scores[ratio].merit.values.mean(), -ratio), default=None)


def _hopeless(scores: dict[float, Scores]) -> set[float]:
    best = _best(scores)
    assert best is not None
    behind = {ratio: scores[best].merit - one.merit for ratio, one in scores.items() if ratio not in (0.0, best)}
    return {ratio for ratio, gap in behind.items() if gap.values.mean() > _HOPELESS * gap.draws.std() > 0}


def _trial(plan: Plan, results: dict[float, Scores], best: float | None, criterion: Criterion, stopped: bool) -> Trial:
    own = results[plan.ratio]
    seeds = len(own.merit.values)
    gain = accuracy_gain = behind = None
    if plan.ratio > 0:
        gain, accuracy_gain = map(criterion.interval, own - results[0.0].first(seeds))
    if plan.ratio > 0 and not stopped and best is not None:
        behind = criterion.interval(results[best].merit - own.merit)
    accuracy = criterion.interval(own.accuracy).within(0.0, 1.0)
    return Trial(plan, accuracy, gain, accuracy_gain, behind, seeds, stopped)


def choose_ratio(trials: Sequence[Trial]) -> Choice:
    """Choose by `RULE` (Breiman et al. 1984's one-standard-error rule, with no synthetic data as simplest model)."""
    above = [trial for trial in trials if trial.gain is not None and not trial.stopped_early]
    if not above:
        stopped = [trial.plan.ratio for trial in trials if trial.gain is not None]
        return Choice(0.0, min(stopped, default=0.0))
    best = max(above, key=lambda trial: (_gain(trial).mean, -trial.plan.ratio))
    near = [trial for trial in above if trial.behind is None or trial.behind.mean <= trial.behind.standard_error]
    worth = [trial for trial in near if _gain(trial).mean > _gain(trial).standard_error]
    if _gain(best).mean <= _gain(best).standard_error or not worth:
        return Choice(0.0, best.plan.ratio)
    chosen = min(worth, key=lambda trial: trial.plan.ratio).plan.ratio
    return Choice(chosen, chosen)


def _gain(trial: Trial) -> Interval:
    assert trial.gain is not None
    return trial.gain


def drop_useless_classes(plan: Plan, evaluate: Evaluate, criterion: Criterion, seeds: Sequence[int]) -> Plan:
    """Plan without the synthetic rows of classes that do not need them: a ratio per class, by backward elimination.

    A class loses its synthetic rows where the paired validation loss without them is within its standard error. Because
    classes interact, all removals are then tried together, and undone where they lose more than a standard error.
    """
    full = _scored(criterion, evaluate(plan, seeds))
    useless = np.zeros(len(plan.counts), dtype=bool)
    for index in np.flatnonzero(plan.counts):
        smaller = _without(plan, np.arange(len(plan.counts)) == index)
        useless[index] = _dispensable(full, smaller, evaluate, criterion, seeds)
    if not useless.any():
        return plan
    smaller = _without(plan, useless)
    if useless.sum() == 1 or (smaller.counts.any() and _dispensable(full, smaller, evaluate, criterion, seeds)):
        return smaller
    return plan


def _without(plan: Plan, classes: npt.NDArray[np.bool_]) -> Plan:
    counts, wanted = (np.where(classes, 0, rows) for rows in (plan.counts, plan.wanted))
    return Plan(plan.ratio, counts, wanted, plan.threshold)


def _dispensable(full: Scores, smaller: Plan, evaluate: Evaluate, criterion: Criterion, seeds: Sequence[int]) -> bool:
    if not smaller.counts.any():
        return False  # that would be ratio 0, which the search has judged already
    loss = criterion.interval(full.merit - _scored(criterion, evaluate(smaller, seeds)).merit)
    return loss.mean <= loss.standard_error
