"""Test rows and the predictions of the arms on them: levels and paired differences, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gan_augment.core.predictions import Adjustment, ArmRecord, FamilyRecord
from gan_augment.core.records import DatasetSpec
from gan_augment.gain.config import MeasureConfig
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import Labels, Metric
from gan_augment.scoring.statistics import Interval, Resampled, TestRows
from gan_augment.scoring.tasks import Task, task_of

__all__ = ["ArmPredictions", "Evaluation"]


@dataclass(frozen=True)
class ArmPredictions:
    """Predictions of an arm and a family of classifiers: float32 [seeds, n, K], of the variant chosen on validation.

    Before its adjustment; `decided` is after it.
    """

    record: ArmRecord
    family: FamilyRecord
    validation: npt.NDArray[np.float32]
    test: npt.NDArray[np.float32]

    @property
    def adjustment(self) -> Adjustment:
        """Adjustment of the chosen variant."""
        return self.family.best.adjustment

    @cached_property
    def decided(self) -> npt.NDArray[np.floating]:
        """Test probabilities [seeds, n, K] after the adjustment; the largest is the arm's answer."""
        return adjust(self.test, self.adjustment)

    def for_metric(self, name: str, task: Task) -> npt.NDArray[np.floating]:
        """Input of a metric of the task: the arm's answers, or the probabilities as predicted."""
        return self.decided if name in task.decisions else self.test


class Evaluation:
    """Test rows, resampled in the same way for all comparisons, and the scores on them.

    `labels` are the classes, within which rows are drawn; `targets` what was to be predicted, the same if None; `ids`
    the rows' names, where single rows are to be told.
    """

    def __init__(
        self,
        spec: DatasetSpec,
        labels: Labels,
        config: MeasureConfig,
        generator: np.random.Generator,
        *,
        task: Task | None = None,
        targets: Labels | None = None,
        ids: Sequence[str] = (),
    ) -> None:
        self.ids = tuple(ids)
        self.spec, self.labels, self.config = spec, labels, config
        self.task, self.targets = task or task_of(spec), labels if targets is None else targets
        self.headline = self.task.metrics[self.task.headline]
        self.rows = TestRows(labels, targets, draws=config.bootstrap_draws, generator=generator)
        self._known: dict[tuple[Metric, int], tuple[Resampled, npt.NDArray[np.floating]]] = {}

    def _resampled(self, metric: Metric, probabilities: npt.NDArray[np.floating]) -> Resampled:
        """Scores are cached: an arm's level and its differences need the same ones."""
        key = metric, id(probabilities)
        if key not in self._known:  # the array is kept too, so that its id is not reused
            self._known[key] = self.rows.resample(metric, probabilities), probabilities
        return self._known[key][0]

    def level(
        self, metric: Metric, probabilities: npt.NDArray[np.floating], among: npt.NDArray[np.bool_] | None = None
    ) -> Interval:
        """Score of one arm, with its interval cut to the metric's range. `among`: the rows that it depends on."""
        found = self._interval(self._resampled(metric, probabilities), among=among)
        return found.within(0.0, float("inf") if metric is self.task.metrics["log_loss"] else 1.0)

    def difference(
        self, metric: Metric, first: npt.NDArray[np.floating], second: npt.NDArray[np.floating], rows: int | None = None
    ) -> Interval:  # fmt: skip
        """Paired difference, first minus second. `rows`: the number that the metric depends on, all if None."""
        paired = self.paired(metric, first, second)
        return self._interval(paired, resolution=1 / max(rows or len(self.labels), 1))

    def difference_among(
        self,
        metric: Metric,
        first: npt.NDArray[np.floating],
        second: npt.NDArray[np.floating],
        among: npt.NDArray[np.bool_],
    ) -> Interval:
        """Paired difference of a metric that depends on these rows only, with their degrees of freedom."""
        return self._interval(self.paired(metric, first, second), 1 / max(int(among.sum()), 1), among)

    def paired(self, metric: Metric, first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> Resampled:
        """Difference, first minus second, seed by seed and row set by row set."""
        return self._resampled(metric, first) - self._resampled(metric, second)

    def interval_of(self, difference: Resampled) -> Interval:
        """Interval of a paired difference, or of a sum of such."""
        return self._interval(difference, resolution=1 / max(len(self.labels), 1))

    def _interval(
        self, resampled: Resampled, resolution: float = 0.0, among: npt.NDArray[np.bool_] | None = None
    ) -> Interval:
        return self.rows.interval(resampled, confidence=self.config.confidence, resolution=resolution, among=among)
