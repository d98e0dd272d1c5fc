"""The curation threshold: how sure the judge must be of a synthetic row before the chosen ratio may use it.

Curation has thrown away what the judge takes for another class. Whether rows that it is merely unsure about help or
harm is no question of fidelity: borderline rows are where a classifier learns most, and where labels are wrong most
often. So validation decides, as it does for the ratio, and only where some synthetic data was worth its rows at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gan_augment.mixing.ratio import Counts, Evaluate, Plan
from gan_augment.scoring.criterion import Criterion
from gan_augment.scoring.statistics import Interval

__all__ = ["RULE", "ThresholdTrial", "choose_threshold", "stricter_plans"]

RULE = (
    "the lowest threshold that is no more than one paired standard error behind the best one in class-balanced "
    "validation log loss after logit adjustment, and whose paired gain over no threshold is above its own standard "
    "error; none, if there is no such"
)


@dataclass(frozen=True)
class ThresholdTrial:
    """A plan under a threshold; its paired gain over the same ratio without one, in nats and of the headline."""

    plan: Plan
    gain: Interval
    accuracy_gain: Interval


def stricter_plans(plan: Plan, accepted: Mapping[float, Counts]) -> list[Plan]:
    """The plan under each threshold, ascending; `accepted[t]` int64 [K] are the rows whose judge is that sure.

    A threshold that takes all rows of a class away that the plan gives rows to is left out: a class without synthetic
    rows is another question. So is one that changes nothing.
    """
    plans = []
    for threshold, left in sorted(accepted.items()):
        counts = np.minimum(plan.wanted, left)
        counts[plan.counts == 0] = 0
        changes = (left < accepted.get(0.0, left + 1)).any()
        if changes and (counts[plan.counts > 0] > 0).all() and threshold > 0:
            plans.append(replace(plan, counts=counts, threshold=threshold))
    return plans


def choose_threshold(
    plan: Plan, stricter: Sequence[Plan], evaluate: Evaluate, criterion: Criterion, seeds: Sequence[int]
) -> tuple[Plan, list[ThresholdTrial]]:
    """The plan by `RULE`, and what each threshold gave on the validation rows."""
    if not stricter:
        return plan, []
    base = criterion.scores(np.stack(list(evaluate(plan, seeds))))
    scores = [criterion.scores(np.stack(list(evaluate(other, seeds)))) for other in stricter]
    trials = [
        ThresholdTrial(
            other, criterion.interval(own.merit - base.merit), criterion.interval(own.accuracy - base.accuracy)
        )
        for other, own in zip(stricter, scores, strict=True)
    ]
    best = max(scores, key=lambda own: own.merit.values.mean())
    for own, trial in zip(scores, trials, strict=True):
        behind = criterion.interval(best.merit - own.merit)
        if behind.mean <= behind.standard_error and trial.gain.mean > trial.gain.standard_error:
            return trial.plan, trials
    return plan, trials
