"""The curation threshold: how sure the judge must be of a synthetic row before the chosen ratio may use it.

Curation has thrown away what the judge takes for another class. Whether rows that it is merely unsure about help or
harm is no question of fidelity: borderline rows are where a classifier learns most, and where labels are wrong most
often. So validation decides, as it does for the ratio, and only where some synthetic data was worth its rows at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gan_augment.gain.metrics import balanced_accuracy
from gan_augment.gain.ratio import Counts, Evaluate, Plan
from gan_augment.gain.statistics import Interval, TestRows

__all__ = ["RULE", "ThresholdTrial", "choose_threshold", "stricter_plans"]

RULE = (
    "the lowest threshold whose paired gain in validation balanced accuracy over no threshold is within one standard "
    "error of the best one's and above its own standard error; none, if there is no such"
)


@dataclass(frozen=True)
class ThresholdTrial:
    """A plan under a threshold, and its paired gain over the same ratio without one."""

    plan: Plan
    gain: Interval


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
    plan: Plan, stricter: Sequence[Plan], evaluate: Evaluate, rows: TestRows, seeds: Sequence[int]
) -> tuple[Plan, list[ThresholdTrial]]:
    """The plan by `RULE`, and what each threshold gave on the validation `rows`."""
    if not stricter:
        return plan, []
    base = rows.resample(balanced_accuracy, np.stack(list(evaluate(plan, seeds))))
    trials = []
    for other in stricter:
        scored = rows.resample(balanced_accuracy, np.stack(list(evaluate(other, seeds))))
        trials.append(ThresholdTrial(other, rows.interval(scored - base)))
    best = max(trials, key=lambda trial: trial.gain.mean).gain
    for trial in trials:
        if trial.gain.mean >= best.mean - best.standard_error and trial.gain.mean > trial.gain.standard_error:
            return trial.plan, trials
    return plan, trials
