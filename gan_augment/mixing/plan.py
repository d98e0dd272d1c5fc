"""Outputs of the ratio search: plan.json for the arms, metrics and a curve for DVC."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gan_augment.core.atomic import replacing_file
from gan_augment.core.records import DatasetSpec
from gan_augment.mixing.curation_threshold import ThresholdTrial
from gan_augment.mixing.ratio import RULE, Choice, Counts, Plan, Trial

__all__ = ["Search", "curve", "plan_record", "search_metrics", "write_curve"]


@dataclass(frozen=True)
class Search:
    """Trials of a search, and the choice.

    `shown` is the plan of the shown ratio, perhaps without the synthetic rows of some classes. `validation_rows` chose;
    with cross-fitting those of `folds` folds, else (0) the validation part. `headline` names the metric shown to the
    reader.
    """

    spec: DatasetSpec
    trials: tuple[Trial, ...]
    choice: Choice
    shown: Plan
    thresholds: tuple[ThresholdTrial, ...] = ()
    validation_rows: int = 0
    folds: int = 0
    headline: str = field(kw_only=True)

    @property
    def chosen(self) -> Plan:
        """Plan to use: the shown one, or none at all."""
        return self.shown if self.choice.ratio > 0 else self.trial_of(0.0).plan

    def trial_of(self, ratio: float) -> Trial:
        """Trial of a ratio."""
        return next(trial for trial in self.trials if trial.plan.ratio == ratio)

    def per_class(self, counts: Counts) -> dict[str, int]:
        """Rows by class key."""
        return {record.key: int(count) for record, count in zip(self.spec.classes, counts, strict=True)}


def plan_record(search: Search) -> dict[str, Any]:
    """Contents of plan.json: the chosen ratio and its rows per class, and the ratio that the arms show."""
    choice, shown = search.choice, search.shown
    return {
        "ratio": choice.ratio,
        "shown_ratio": choice.shown_ratio,
        "judge_probability": shown.threshold,
        "counts": search.per_class(search.chosen.counts),
        "shown_counts": search.per_class(shown.counts),
        "capped": {
            record.key: int(wanted)
            for record, wanted, count in zip(search.spec.classes, shown.wanted, shown.counts, strict=True)
            if count < wanted
        },
        "rule": RULE,
    }


def search_metrics(search: Search) -> dict[str, Any]:
    """Contents of mix.json: the headline on validation after adjustment, as a share; gains over ratio 0, on which the
    choice was made, in nats of class-balanced log loss, and beside them in percentage points of the headline.
    """
    shown, chosen = search.trial_of(search.choice.shown_ratio), search.trial_of(search.choice.ratio)
    return {
        "ratio": search.choice.ratio,
        "shown_ratio": search.choice.shown_ratio,
        f"{search.headline}_at_zero": round(search.trial_of(0.0).accuracy.mean, 5),
        search.headline: round(chosen.accuracy.mean, 5),
        **{f"shown_{name}": value for name, value in _gains(shown).items()},
        "synthetic_rows": int(search.chosen.counts.sum()),
        "judge_probability": search.shown.threshold,
        "judge_probabilities_tried": {f"{trial.plan.threshold:g}": _gains(trial) for trial in search.thresholds},
        "validation_rows": search.validation_rows,
        "folds": search.folds,
        "ratios_tried": len(search.trials),
        "stopped_early": sum(trial.stopped_early for trial in search.trials),
    }


def _gains(trial: Trial | ThresholdTrial) -> dict[str, float | None]:
    """Gains in points of the headline and in nats, each with its paired standard error; None for ratio 0."""
    nats, accuracy = trial.gain, trial.accuracy_gain
    return {
        "gain": None if accuracy is None else round(accuracy.mean * 100, 3),
        "gain_standard_error": None if accuracy is None else round(accuracy.standard_error * 100, 3),
        "log_loss_gain": None if nats is None else round(nats.mean, 5),
        "log_loss_gain_standard_error": None if nats is None else round(nats.standard_error, 5),
    }


def curve(search: Search) -> pd.DataFrame:
    """Rows of the curve, one per ratio. The headline is a share; gains are paired differences to ratio 0.

    The choice is made on the gains in nats. `standard_error` is that of the paired difference to ratio 0, as a share:
    that of the level would be several times as large, and does not show which ratio is better.
    """
    return pd.DataFrame(
        [
            {
                "ratio": trial.plan.ratio,
                search.headline: round(trial.accuracy.mean, 5),
                "standard_error": round(trial.accuracy_gain.standard_error if trial.accuracy_gain else 0.0, 5),
                **{name: value or 0.0 for name, value in _gains(trial).items()},
                "synthetic_rows": int(trial.plan.counts.sum()),
                "capped": trial.plan.capped,
                "seeds": trial.seeds,
                "stopped_early": trial.stopped_early,
                "chosen": trial.plan.ratio == search.choice.ratio,
            }
            for trial in search.trials
        ]
    )


def write_curve(path: Path, frame: pd.DataFrame) -> None:
    """Write a CSV atomically."""
    with replacing_file(path) as partial:
        frame.to_csv(partial, index=False, lineterminator="\n")
