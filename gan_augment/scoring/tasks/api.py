"""The interface of a task: questions about every row, each with a closed set of answers, and the figures on them.

Notation: n rows, Q questions, K answers of all questions together. Targets are int64 [n], or [n, Q] with -1 where the
answer is unknown. Probabilities are float [..., n, K]: those of a question sum to one, and the questions stand one
after another, so predictions of every task lie on disk in the same arrays. A string is the question "which character,
or none" at every frame (`scoring.reading`); its targets are int64 [n, longest], -1 behind the end.

The classes of rows (strata) differ from targets: rows are split, resampled and mixed by class whatever is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.predictions import Adjustment, Levels
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Samples
from gan_augment.scoring.metrics import Metric

__all__ = ["Figure", "Levels", "Probabilities", "Targets", "Task", "Weights"]

Targets = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.floating]
Weights = npt.NDArray[np.float64]


class Figure(NamedTuple):
    """Part of the headline that is reported separately: a class's recall, or a column's accuracy on so many rows."""

    key: str
    label: str
    metric: Metric
    rows: int


class Task(Protocol):
    """Answers of a data set and the figures on them. It trains nothing.

    Attributes
    ----------
    headline
        The name of the metric of the gain.
    worst
        The name of the metric of the worst part: a class, or a combination of values.
    metrics
        The metrics of every arm in measure.json, by name.
    decisions
        The names of those metrics that depend only on the largest probability: they are computed after adjustment.
    loss
        The criterion of choices on validation; smaller is better.
    figures
        The key of measure.json under which `parts` are reported.
    roles
        The companions from which targets are read: none for classes.
    levels
        Question -> answers, where they are not the data set's classes.
    words
        A title and a note for each metric.
    thresholds
        Whether decisions have thresholds that logit adjustment can move.
    """

    @property
    def spec(self) -> DatasetSpec: ...
    @property
    def headline(self) -> str: ...
    @property
    def worst(self) -> str: ...
    @property
    def metrics(self) -> Mapping[str, Metric]: ...
    @property
    def decisions(self) -> Sequence[str]: ...
    @property
    def loss(self) -> Metric: ...
    @property
    def figures(self) -> str: ...
    @property
    def roles(self) -> tuple[Role, ...]: ...
    @property
    def levels(self) -> Levels: ...
    @property
    def words(self) -> Mapping[str, tuple[str, str]]: ...
    @property
    def thresholds(self) -> bool: ...

    def fitted(self, train: Samples) -> Task:
        """Task with the answers of the train rows."""

    def with_levels(self, levels: Levels) -> Task:
        """Task with these answers."""

    def targets(self, samples: Samples) -> Targets:
        """Targets of labelled rows. Raises LeakError where they are withheld."""

    def held_targets(self, held: pd.DataFrame) -> Targets:
        """Targets of rows of test_labels.parquet."""

    def counts(self, targets: Targets, weights: Weights | None = None) -> npt.NDArray[np.float64]:
        """Counts float64 [K] of each answer; `weights` [n] of the rows, all one if None."""

    def adjustment(
        self, probabilities: Probabilities, targets: Targets, counts: Sequence[npt.NDArray[np.float64]]
    ) -> Adjustment:
        """Logit adjustment by predictions [seeds, n, K] of validation rows, along each of `counts`."""

    def retuned(self, probabilities: Probabilities, targets: Targets) -> Adjustment:
        """Adjustment that moves thresholds by the headline's metric."""

    def parts(self, targets: Targets) -> list[Figure]:
        """Parts of the headline that have rows."""

    def agreement(self, probabilities: Probabilities, targets: Targets) -> npt.NDArray[np.float64]:
        """Agreement float64 [n] in 0 .. 1 of a prediction [n, K] with a row's own target."""
