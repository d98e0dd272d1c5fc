"""Table part of the report: shapes and trends of the accepted rows, each beside the score of real rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import frame_of
from gan_augment.core.records import TableSpec
from gan_augment.core.samples import Payload
from gan_augment.curation.column_fidelity import ColumnShape, Trend, column_shapes, pair_trends

__all__ = ["table_quality"]

Labels = npt.NDArray[np.int64]
_WORST_PAIRS = 5


def table_quality(
    real: tuple[Payload, Labels], heldout: tuple[Payload, Labels], synthetic: tuple[Payload, Labels], table: TableSpec
) -> dict[str, Any] | None:
    """Shape and trend scores of synthetic rows against held-out rows, and of train rows against them ("floor").

    Both are first cut to the class shares of the held-out rows, because a set balanced on purpose would differ from
    them in every column. None where a side has no row.
    """
    frames = [frame_of(payload) for payload, _ in (real, heldout, synthetic)]
    if not all(map(len, frames)):
        return None
    here = frames[1]
    sides = [
        _like_heldout(frame, labels, heldout[1])
        for frame, labels in zip(frames, (real[1], heldout[1], synthetic[1]), strict=True)
    ]
    if not all(len(side) for side in sides):
        return None
    shapes, floors = (column_shapes(here, side, table) for side in (sides[2], sides[0]))
    trends, trend_floor = (pair_trends(here, side, table) for side in (sides[2], sides[0]))
    return {
        "shape": _mean([shape.shape for shape in shapes.values()]),
        "shape_floor": _mean([shape.shape for shape in floors.values()]),
        "trend": _mean([trend.score for trend in trends]),
        "trend_floor": _mean([trend.score for trend in trend_floor]),
        "columns": {name: _column(shapes[name], floors[name]) for name in shapes},
        "worst_pairs": [_pair(trend, trend_floor) for trend in trends[:_WORST_PAIRS]],
    }


def _like_heldout(frame: pd.DataFrame, labels: Labels, wanted: Labels) -> pd.DataFrame:
    """First rows of each class, in the shares of `wanted` and as many as the scarcest class allows."""
    shares = {int(c): (wanted == c).mean() for c in np.unique(wanted)}
    rows = {c: np.flatnonzero(labels == c) for c in shares}
    total = min((len(rows[c]) / share for c, share in shares.items() if len(rows[c])), default=0)
    chosen = [rows[c][: max(1, round(share * total))] for c, share in shares.items()]
    return frame.iloc[np.concatenate(chosen)]


def _column(shape: ColumnShape, floor: ColumnShape) -> dict[str, float | None]:
    return {
        "shape": shape.shape,
        "shape_floor": floor.shape,
        "missing": shape.missing,
        "missing_floor": floor.missing,
        "outside": shape.outside,
        "outside_floor": floor.outside,
    }


def _pair(trend: Trend, floors: list[Trend]) -> dict[str, Any]:
    floor = next(other.score for other in floors if other.columns == trend.columns)
    return {"columns": list(trend.columns), "trend": trend.score, "trend_floor": floor}


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None
