"""The gain over several trainings of the synthesizer: an interval that covers their luck too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.measurement import headline
from gan_augment.gain.verdict import decide
from gan_augment.scoring.metrics import balanced_accuracy
from gan_augment.scoring.statistics import Resampled

__all__ = ["Replicate", "combine", "replicate_of"]

_COVERS = "test rows, classifier seeds and training the synthesizer again; not another split of the data"


@dataclass(frozen=True)
class Replicate:
    """One training of the synthesizer and all that follows, with another seed.

    `gain` is the paired difference between the two arms that its own validation named; `ratio` what it chose.
    """

    gain: Resampled
    ratio: float
    baseline: str
    synthetic: str


def replicate_of(arms: Sequence[ArmPredictions], ratio: float, evaluation: Evaluation) -> Replicate:
    """A replicate, scored on the rows that all replicates share."""
    baseline, synthetic = headline(arms)
    paired = evaluation.paired(balanced_accuracy, synthetic.decided, baseline.decided)
    return Replicate(paired, ratio, baseline.record.arm, synthetic.record.arm)


def combine(replicates: Sequence[Replicate], evaluation: Evaluation) -> dict[str, Any]:
    """replicates.json; gains in percentage points.

    Each replicate counts once, with the mean over its classifier seeds: replicates stand where seeds stand in the
    single measurement, so the seeds' own variation is in the replicates' differences. "helps" also needs a ratio
    above 0 in more than half of the replicates.
    """
    means = Resampled(
        np.asarray([one.gain.values.mean() for one in replicates]),
        np.stack([one.gain.draws.mean(axis=1) for one in replicates], axis=1),
    )
    interval = evaluation.rows.interval(
        means, confidence=evaluation.config.confidence, resolution=1 / len(evaluation.labels)
    )
    used = float(np.median([one.ratio > 0 for one in replicates]) > 0.5)
    figures = interval.rounded(3, 100)
    return {
        "replicates": len(replicates),
        "verdict": decide(interval, used, evaluation.config.minimum_gain / 100),
        "gain": {
            "points": figures["mean"],
            "low": figures["low"],
            "high": figures["high"],
            "confidence": evaluation.config.confidence,
            "smallest_detectable": round(interval.smallest_detectable * 100, 3),
            "covers": _COVERS,
        },
        "each": [
            {
                "points": round(float(one.gain.values.mean()) * 100, 3),
                "ratio": one.ratio,
                "baseline_arm": one.baseline,
                "synthetic_arm": one.synthetic,
            }
            for one in replicates
        ],
    }
