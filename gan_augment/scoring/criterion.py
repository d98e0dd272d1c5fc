"""Comparison of plans on validation rows: adjusted predictions, resampled rows, paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.statistics import Interval, Resampled, TestRows
from gan_augment.scoring.tasks.api import Probabilities, Task

__all__ = ["Criterion", "Scores"]

Values = npt.NDArray[np.float64]


class Criterion:
    """Criterion for plans on validation: the task's loss after adjustment, with paired standard errors.

    Parameters
    ----------
    rows
        The validation rows, resampled in the same way for all plans.
    counts
        Directions of adjustment, as `Task.adjustment` takes them.
    task
        The task that the classifier learns.
    """

    def __init__(self, rows: TestRows, counts: Sequence[Values], task: Task) -> None:
        self.rows, self._counts, self.task = rows, counts, task

    def scores(self, probabilities: Probabilities) -> Scores:
        """Scores of predictions [S, n, K] of the rows."""
        found = self.task.adjustment(probabilities, self.rows.targets, self._counts)
        loss = self.rows.resample(self.task.loss, adjust(probabilities, found, calibrate=True))
        accuracy = self.rows.resample(self.task.metrics[self.task.headline], adjust(probabilities, found))
        return Scores(Resampled(-loss.values, -loss.draws), accuracy)

    def interval(self, difference: Resampled) -> Interval:
        """Interval of a score or of a paired difference."""
        return self.rows.interval(difference)


@dataclass(frozen=True)
class Scores:
    """Scores of a plan. `merit` decides: minus the task's loss after adjustment. `accuracy`, the headline, is shown."""

    merit: Resampled
    accuracy: Resampled

    def __sub__(self, other: Scores) -> tuple[Resampled, Resampled]:
        """Paired differences of merit and of accuracy."""
        return self.merit - other.merit, self.accuracy - other.accuracy

    def first(self, seeds: int) -> Scores:
        """Scores of the first seeds alone."""
        return Scores(*(Resampled(one.values[:seeds], one.draws[:, :seeds]) for one in (self.merit, self.accuracy)))
