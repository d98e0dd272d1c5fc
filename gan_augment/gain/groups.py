"""Gain in each group of test rows, such as a hospital, a camera or a sex, and in the worst-served group.

A gain in the mean may hide a loss for a group. Groups are reported but decide nothing: the verdict is that of all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import ParamsError
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.scoring.metrics import Labels, Metric, Probabilities, Values, Weights
from gan_augment.scoring.statistics import Interval

__all__ = ["Grouping", "grouped", "groups_record"]

_MOST = 50  # groups of a column
_FEWEST = 10  # test rows that a group needs for figures
_MISSING = "(missing)"


@dataclass(frozen=True)
class Grouping:
    """Test rows by the value of a column: `values` of the groups, and int64 [n], the group's position for each row."""

    values: tuple[str, ...]
    places: npt.NDArray[np.int64]

    def rows(self, place: int) -> npt.NDArray[np.bool_]:
        """Mask bool [n] of the rows of a group."""
        mask: npt.NDArray[np.bool_] = self.places == place
        return mask


def grouped(name: str, values: pd.Series) -> Grouping:
    """Groups of a column, one per value, in order. A missing value is a group too. Raises ParamsError."""
    words = values.astype("string").fillna(_MISSING).to_numpy(dtype=object)
    known, places = np.unique(words.astype(str), return_inverse=True)
    if len(known) > _MOST:
        raise ParamsError(
            "A column has too many values to be groups",
            where="measure.groups in params.yaml",
            got=f"{name}, with {len(known)} different values among the test rows",
            expected=f"at most {_MOST} groups",
            remedy="name a column of few values, or one that sums it up (an age group, not an age)",
        )
    return Grouping(tuple(known.tolist()), places.reshape(-1).astype(np.int64))


def groups_record(
    groupings: Mapping[str, Grouping], baseline: ArmPredictions, synthetic: ArmPredictions, evaluation: Evaluation
) -> dict[str, Any]:
    """Headline of both arms and the gain by column, in each group and in the worst one."""
    return {name: _of_column(one, baseline, synthetic, evaluation) for name, one in groupings.items()}


def _of_column(
    grouping: Grouping, baseline: ArmPredictions, synthetic: ArmPredictions, evaluation: Evaluation
) -> dict[str, Any]:
    sizes = np.bincount(grouping.places, minlength=len(grouping.values))
    enough = [int(place) for place in np.flatnonzero(sizes >= _FEWEST)]
    metrics = {place: _within(evaluation.headline, grouping.rows(place)) for place in enough}

    def figures(metric: Metric, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
        gain = evaluation.difference_among(metric, synthetic.decided, baseline.decided, rows)
        return {
            "baseline": evaluation.level(metric, baseline.decided, rows).rounded(5),
            "synthetic": evaluation.level(metric, synthetic.decided, rows).rounded(5),
            "gain": _points(gain),
        }

    # Any group may be the worst: its interval has the degrees of freedom of the smallest one.
    smallest = grouping.rows(min(enough, key=lambda place: int(sizes[place]), default=0))
    return {
        "groups": [
            {"value": value, "test_rows": int(sizes[place])}
            | (figures(metrics[place], grouping.rows(place)) if place in metrics else {})
            for place, value in enumerate(grouping.values)
        ],
        "worst": figures(_worst(list(metrics.values())), smallest) if metrics else None,
    }


def _within(metric: Metric, rows: npt.NDArray[np.bool_]) -> Metric:
    def within(probabilities: Probabilities, targets: Labels, weights: Weights) -> Values:
        return metric(probabilities[rows], targets[rows], weights[:, rows])

    return within


def _worst(metrics: list[Metric]) -> Metric:
    """Figure of the worst-served group, which may differ between draws and arms."""

    def worst(probabilities: Probabilities, targets: Labels, weights: Weights) -> Values:
        smallest: Values = np.min([one(probabilities, targets, weights) for one in metrics], axis=0)
        return smallest

    return worst


def _points(interval: Interval) -> dict[str, float]:
    return interval.rounded(3, 100)
