"""The task `attributes`: a question for each column of the companion, such as hair colour or glasses.

Its figures are those of a classification of each column, averaged over the columns. A missing value is unknown: the row
counts for the other columns. A value that no train row has cannot be learnt, and counts as unknown too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError, LeakError
from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import Adjustment, Levels
from gan_augment.core.records import HELD, DatasetSpec, Role
from gan_augment.core.samples import Samples
from gan_augment.scoring.adjustment import choose_tau, log_prior
from gan_augment.scoring.metrics import METRICS, Metric, balanced_accuracy, balanced_log_loss
from gan_augment.scoring.tasks.api import Figure, Probabilities, Targets, Weights
from gan_augment.scoring.tasks.thresholds import tune

__all__ = ["Attributes"]

_ROLE: Role = "attributes"
_HEADLINE, _WORST = "mean_balanced_accuracy", "worst_combination"
_MEANS = ("accuracy", "macro_f1", "log_loss", "average_precision", "calibration_error")
_FEWEST = 10  # fewest rows of a combination that may count as the worst


@dataclass(frozen=True)
class Attributes:
    """Value of each attribute of a row. The answers are those of the train rows."""

    spec: DatasetSpec
    levels: Levels = field(default_factory=dict)
    headline: str = _HEADLINE
    worst: str = _WORST
    decisions: Sequence[str] = (_HEADLINE, _WORST, "accuracy", "macro_f1")
    figures: str = "per_column"
    roles: tuple[Role, ...] = (_ROLE,)
    thresholds: bool = True

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """Mean over the columns of each metric of one column, and the worst combination."""
        means = {name: self._mean_of(METRICS[name]) for name in _MEANS}
        return {_HEADLINE: self._mean_of(balanced_accuracy), _WORST: self._worst_combination, **means}

    @cached_property
    def loss(self) -> Metric:
        """Mean over the columns of the log loss balanced over a column's values."""
        return self._mean_of(balanced_log_loss)

    @property
    def words(self) -> Mapping[str, tuple[str, str]]:
        """Title and note for each metric."""
        return _WORDS

    def fitted(self, train: Samples) -> Attributes:
        """Task with the values of these rows, sorted; a column of one value is skipped. Raises DataError for none."""
        frame = frame_of(train.companions[_ROLE])
        found = {name: tuple(sorted(set(_words(frame[name]).dropna()))) for name in frame.columns}
        levels = {name: values for name, values in found.items() if len(values) > 1}
        if not levels:
            raise DataError(
                "No attribute has two values",
                where="the train rows",
                got=", ".join(f"{name}: {' '.join(values) or 'no value'}" for name, values in found.items()),
                remedy="name other columns in prepare.companions.attributes, or set prepare.target to label",
            )
        return self.with_levels(levels)

    def with_levels(self, levels: Levels) -> Attributes:
        """Task with these values of each column."""
        return replace(self, levels=levels)

    def targets(self, samples: Samples) -> Targets:
        """Position of each value, int64 [n, columns]; -1 where it is missing. Raises LeakError where withheld."""
        if _ROLE not in samples.companions:
            raise LeakError("Attributes were read where they are withheld", expected="train or validation rows")
        return self._places(frame_of(samples.companions[_ROLE]))

    def held_targets(self, held: pd.DataFrame) -> Targets:
        """Positions int64 [n, columns]."""
        return self._places(held[[HELD + name for name in self.levels]].set_axis(list(self.levels), axis=1))

    def _places(self, frame: pd.DataFrame) -> Targets:
        columns = [pd.Index(levels).get_indexer(pd.Index(_words(frame[name]))) for name, levels in self.levels.items()]
        return np.stack(columns, axis=1).astype(np.int64)

    def counts(self, targets: Targets, weights: Weights | None = None) -> npt.NDArray[np.float64]:
        """Number of rows with each value, float64 [K]."""
        weights = np.ones(len(targets)) if weights is None else weights
        return np.concatenate(
            [
                np.bincount(targets[known, place], weights=weights[known], minlength=len(levels))
                for place, (levels, known) in enumerate(zip(self.levels.values(), (targets >= 0).T, strict=True))
            ]
        )

    def adjustment(
        self, probabilities: Probabilities, targets: Targets, counts: Sequence[npt.NDArray[np.float64]]
    ) -> Adjustment:
        """Adjustments, one per column, each chosen by `choose_tau`."""
        priors = [[log_prior(one[span]) for one in counts] for span in self._spans()]
        return self._each(probabilities, targets, lambda place, own, answers: choose_tau(own, answers, priors[place]))

    def retuned(self, probabilities: Probabilities, targets: Targets) -> Adjustment:
        """Adjustments, one per column, each chosen by `thresholds.tune`."""
        return self._each(probabilities, targets, lambda _place, own, answers: tune(own, answers))

    def _each(
        self,
        probabilities: Probabilities,
        targets: Targets,
        choose: Callable[[int, Probabilities, Targets], Adjustment],
    ) -> Adjustment:
        found = []
        for place, span in enumerate(self._spans()):
            known = targets[:, place] >= 0
            own = choose(place, probabilities[:, known, span], targets[known, place]) if known.any() else Adjustment()
            width = span.stop - span.start
            found.append(own.model_copy(update={"log_prior": own.log_prior or (0.0,) * width}))
        return Adjustment(parts=tuple(found))

    def parts(self, targets: Targets) -> list[Figure]:
        """Balanced accuracy of each column that has known rows."""
        rows = (targets >= 0).sum(axis=0)
        return [
            Figure(name, name, self._of_column(place, balanced_accuracy), int(rows[place]))
            for place, name in enumerate(self.levels)
            if rows[place]
        ]

    def agreement(self, probabilities: Probabilities, targets: Targets) -> npt.NDArray[np.float64]:
        """Agreement float64 [n]: the mean probability of the row's own values over known columns; 1 without any."""
        own, known = np.zeros(targets.shape), targets >= 0
        for place, span in enumerate(self._spans()):
            rows = np.flatnonzero(known[:, place])
            own[rows, place] = probabilities[:, span][rows, targets[rows, place]]
        total: npt.NDArray[np.float64] = own.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.where(known.any(axis=1), total, 1.0)

    def _spans(self) -> Iterator[slice]:
        start = 0
        for levels in self.levels.values():
            yield slice(start, start + len(levels))
            start += len(levels)

    def _of_column(self, place: int, metric: Metric) -> Metric:
        """Metric of one question as a metric of all probabilities and targets."""
        span = list(self._spans())[place]

        def of_column(probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
            known = targets[:, place] >= 0
            if not known.any():
                return np.full(len(weights), np.nan)
            return metric(probabilities[known, span], targets[known, place], weights[:, known])

        return of_column

    def _mean_of(self, metric: Metric) -> Metric:
        columns = [self._of_column(place, metric) for place in range(len(self.levels))]

        def mean(probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
            found = np.stack([one(probabilities, targets, weights) for one in columns])
            known = ~np.isnan(found)
            total: Weights = np.where(known, found, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            return np.where(known.any(axis=0), total, np.nan)

        return mean

    def _worst_combination(self, probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
        """Smallest share of right answers over the combinations of values with enough rows (all, where none has).

        Rows with an unknown value belong to no combination; where each row has one, unknown is a value of its own, and
        the known columns are scored. A bootstrap draw that holds none of the combinations says
        nothing of them: it has the value of all rows.
        """
        known = targets >= 0
        whole = known.all(axis=1) if known.all(axis=1).any() else known.any(axis=1)
        if not whole.any():
            return np.full(len(weights), np.nan)
        answers = np.stack([probabilities[:, span].argmax(axis=1) for span in self._spans()], axis=1)
        right = ((answers == targets) & known).sum(axis=1)[whole] / known.sum(axis=1)[whole]
        _, combination, rows = np.unique(targets[whole], axis=0, return_inverse=True, return_counts=True)
        members = (combination.reshape(-1)[:, None] == np.arange(len(rows))).astype(np.float64)
        counted = rows >= min(_FEWEST, rows.max())
        members, of_all = members[:, counted], (members * right[:, None]).sum(axis=0)[counted] / rows[counted]
        sizes = weights[:, whole] @ members
        with np.errstate(invalid="ignore"):
            shares = (weights[:, whole] @ (members * right[:, None])) / sizes
        worst: Weights = np.where(np.isnan(shares), np.inf, shares).min(axis=1)
        return np.where(np.isinf(worst), of_all.min(), worst)


def _words(values: pd.Series) -> pd.Series:
    return values.astype("string")


_WORDS = {
    _HEADLINE: (
        "Balanced accuracy, mean of columns",
        "the mean over the attributes of their values' mean recall",
    ),
    _WORST: ("Worst combination", "share of right answers for the combination of values that is recognised least"),
    "macro_f1": ("Macro F1", "the mean over the attributes of the mean F1 of their values"),
    "accuracy": ("Accuracy", "share of right answers"),
    "average_precision": ("Average precision", "area under the precision-recall curves, mean over values and columns"),
    "log_loss": ("Log loss", "how wrong the probabilities are; lower is better"),
}
