"""Curation threshold: the certainty of the judge that a synthetic row needs for the chosen ratio.

Curation has rejected rows that the judge takes for another class. Whether rows of which it is merely unsure help or
harm is not a question of fidelity: a classifier learns most from borderline rows, and their labels are wrong most
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
    """Plan under a threshold; its paired gain over the same ratio without one, in nats and in the headline."""

    plan: Plan
    gain: Interval
    accuracy_gain: Interval


def stricter_plans(plan: Plan, accepted: Mapping[float, Counts]) -> list[Plan]:
    """Plans under each threshold, ascending; `accepted[t]` int64 [K] are the rows with that certainty of the judge.

    A threshold that removes all rows of a class that has rows in the plan is left out: classes without synthetic rows
    are decided elsewhere. So is a threshold that changes nothing.
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
    """Plan by `RULE`, and the results of each threshold on the validation rows."""
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
