"""Gain over several trainings of the synthesizer, with an interval that covers their variation too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.measurement import headline
from gan_augment.gain.untried import explain_untried, not_tried
from gan_augment.gain.verdict import Verdict, decide
from gan_augment.scoring.statistics import Resampled

__all__ = ["Replicate", "combine", "replicate_of"]

_COVERS = "test rows, classifier seeds and training the synthesizer again; not another split of the data"


@dataclass(frozen=True)
class Replicate:
    """Training of the synthesizer and all later stages, with another seed.

    `gain` is the paired difference between the two arms that its own validation named; `ratio` its own choice.
    `untried`: the reason, in words, where the classes that need synthetic rows got none; then the gain does not concern
    such rows.
    """

    gain: Resampled
    ratio: float
    baseline: str
    synthetic: str
    untried: str | None = None


def replicate_of(arms: Sequence[ArmPredictions], plan: Mapping[str, Any], evaluation: Evaluation) -> Replicate:
    """Replicate scored on the rows that all replicates share. `plan`: mix's plan.json of its training."""
    baseline, synthetic = headline(arms)
    paired = evaluation.paired(evaluation.headline, synthetic.decided, baseline.decided)
    untried = not_tried(evaluation.spec, baseline.record.train_counts, plan)
    why = explain_untried(evaluation.spec, dict(plan)) if untried else None
    return Replicate(paired, float(plan["ratio"]), baseline.record.arm, synthetic.record.arm, why)


def combine(replicates: Sequence[Replicate], evaluation: Evaluation) -> dict[str, Any]:
    """Contents of replicates.json; gains in percentage points.

    Each replicate counts once, with the mean over its classifier seeds: replicates take the place of the seeds of the
    single measurement, so the seeds' own variation is in the replicates' differences. "helps" also needs a ratio above
    0 in more than half of the replicates. Replicates without tried synthetic rows do not count: the gain is that of the
    others, and where these are at most half, the verdict is "not tried" and no gain is given.
    """
    tried = [one for one in replicates if one.untried is None]
    verdict: Verdict = "not tried"
    gain = None
    if 2 * len(tried) > len(replicates):
        verdict, gain = _gain_over(tried, len(replicates), evaluation)
    return {
        "replicates": len(replicates),
        "tried": len(tried),
        "verdict": verdict,
        "gain": gain,
        "each": [_one(replicate) for replicate in replicates],
    }


def _gain_over(tried: Sequence[Replicate], trainings: int, evaluation: Evaluation) -> tuple[Verdict, dict[str, Any]]:
    """Verdict over these replicates, of this many trainings, and the record of their gain."""
    means = Resampled(
        np.asarray([one.gain.values.mean() for one in tried]),
        np.stack([one.gain.draws.mean(axis=1) for one in tried], axis=1),
    )
    interval = evaluation.rows.interval(
        means, confidence=evaluation.config.confidence, resolution=1 / len(evaluation.labels)
    )
    used = float(2 * sum(one.ratio > 0 for one in tried) > trainings)
    figures = interval.rounded(3, 100)
    return decide(interval, used, evaluation.config.minimum_gain / 100), {
        "points": figures["mean"],
        "low": figures["low"],
        "high": figures["high"],
        "confidence": evaluation.config.confidence,
        "smallest_detectable": round(interval.smallest_detectable * 100, 3),
        "covers": _COVERS,
    }


def _one(replicate: Replicate) -> dict[str, Any]:
    points = round(float(replicate.gain.values.mean()) * 100, 3)
    return {
        "points": points if replicate.untried is None else None,
        "ratio": replicate.ratio,
        "baseline_arm": replicate.baseline,
        "synthetic_arm": replicate.synthetic,
        "not_tried": replicate.untried,
    }
