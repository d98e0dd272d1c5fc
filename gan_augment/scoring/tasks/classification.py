"""The task `label`: one question, the class of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.predictions import Adjustment, Levels
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Samples
from gan_augment.scoring.adjustment import choose_tau, log_prior
from gan_augment.scoring.metrics import DECISIONS, METRICS, Metric, balanced_log_loss, recall_over
from gan_augment.scoring.tasks.api import Figure, Probabilities, Targets, Weights
from gan_augment.scoring.tasks.thresholds import tune

__all__ = ["HEADLINE", "Classification"]

HEADLINE = "balanced_accuracy"


@dataclass(frozen=True)
class Classification:
    """Class of a row. The answers are the data set's classes."""

    spec: DatasetSpec
    headline: str = HEADLINE
    worst: str = "worst_class_recall"
    metrics: Mapping[str, Metric] = field(default_factory=lambda: METRICS)
    decisions: Sequence[str] = DECISIONS
    loss: Metric = balanced_log_loss
    figures: str = "per_class"
    roles: tuple[Role, ...] = ()
    levels: Levels = field(default_factory=dict)
    thresholds: bool = True

    @property
    def words(self) -> Mapping[str, tuple[str, str]]:
        """Title and note for each metric, and for those of rare classes."""
        return _WORDS

    def fitted(self, _train: Samples) -> Classification:
        """The same task: classes are known beforehand."""
        return self

    def with_levels(self, _levels: Levels) -> Classification:
        """The same task: classes are known beforehand."""
        return self

    def targets(self, samples: Samples) -> Targets:
        """Class indices int64 [n]. Raises LeakError where labels are withheld."""
        return samples.label_indices(self.spec)

    def held_targets(self, held: pd.DataFrame) -> Targets:
        """Class indices int64 [n]."""
        return self.spec.class_indices(held["label"])

    def counts(self, targets: Targets, weights: Weights | None = None) -> npt.NDArray[np.float64]:
        """Number of rows of each class, float64 [K]."""
        return np.bincount(targets, weights=weights, minlength=len(self.spec.classes)).astype(np.float64)

    def adjustment(
        self, probabilities: Probabilities, targets: Targets, counts: Sequence[npt.NDArray[np.float64]]
    ) -> Adjustment:
        """Adjustment chosen by `choose_tau`."""
        return choose_tau(probabilities, targets, [log_prior(one) for one in counts])

    def retuned(self, probabilities: Probabilities, targets: Targets) -> Adjustment:
        """Adjustment chosen by `thresholds.tune`."""
        return tune(probabilities, targets)

    def parts(self, targets: Targets) -> list[Figure]:
        """Recall of each class that has rows."""
        rows = np.bincount(targets, minlength=len(self.spec.classes))
        return [
            Figure(record.key, record.label, recall_over([index]), int(rows[index]))
            for index, record in enumerate(self.spec.classes)
            if rows[index]
        ]

    def agreement(self, probabilities: Probabilities, targets: Targets) -> npt.NDArray[np.float64]:
        """Probability float64 [n] of each row's own class."""
        own: npt.NDArray[np.float64] = probabilities[np.arange(len(targets)), targets].astype(np.float64)
        return own


_WORDS = {
    HEADLINE: ("Balanced accuracy", "the mean of the classes' recalls"),
    "worst_class_recall": ("Worst class", "recall of the class that is recognised least"),
    "rare_class_recall": ("Rare classes, recall", "mean recall of the classes with few train rows"),
    "rare_class_precision": ("Rare classes, precision", "share of the answers that name one of them and are right"),
    "macro_f1": ("Macro F1", "the mean of the classes' F1 scores"),
    "accuracy": ("Accuracy", "share of test rows that are recognised"),
    "average_precision": ("Average precision", "area under the precision-recall curves, mean over classes"),
    "log_loss": ("Log loss", "how wrong the probabilities are; lower is better"),
}
