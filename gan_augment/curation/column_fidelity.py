"""Fidelity of a synthetic table by column and by pair of columns: shapes and trends beside those of the real one.

All scores are similarities in [0, 1], 1 is equal. Numbers: one minus the Kolmogorov-Smirnov distance; levels: one minus
the total variation distance; two numbers: one minus half the difference of their rank correlations; any other pair:
one minus the total variation distance of the joint levels, numbers cut at the real deciles. (Dankar, Ibrahim,
Ismail 2022, 10.3390/electronics11081253, review these; the names "shape" and "trend" are those of common reports.)
Small samples differ by chance alone: read every score beside that of real against real.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import ks_2samp, rankdata

from gan_augment.core.records import Column, TableSpec

__all__ = ["ColumnShape", "Trend", "column_shapes", "pair_trends"]

_BINS = 10
_MISSING = "\x00missing"


@dataclass(frozen=True)
class ColumnShape:
    """Comparison of a column.

    Attributes
    ----------
    shape
        Similarity of the values that are not missing; None where a side has none.
    missing
        One minus the difference of the shares of missing values.
    outside
        Share of the synthetic values that the real column lacks: beyond its range, or a level it does not have.
    """

    shape: float | None
    missing: float
    outside: float


@dataclass(frozen=True)
class Trend:
    """Comparison of a pair of columns; `score` None where a side has too few complete rows (3)."""

    columns: tuple[str, str]
    score: float | None


def column_shapes(real: pd.DataFrame, synthetic: pd.DataFrame, table: TableSpec) -> dict[str, ColumnShape]:
    """Shape of every column; both frames need at least one row."""
    return {column.name: _shape(real[column.name], synthetic[column.name], column) for column in table.columns}


def _shape(real: pd.Series, synthetic: pd.Series, column: Column) -> ColumnShape:
    here, made = real.dropna(), synthetic.dropna()
    missing = 1 - abs(len(here) / len(real) - len(made) / len(synthetic))
    if here.empty or made.empty:
        return ColumnShape(None, float(missing), float(here.empty and not made.empty))
    if column.kind in ("numeric", "datetime"):
        a, b = _numbers(here), _numbers(made)
        outside = ((b < a.min()) | (b > a.max())).mean()
        return ColumnShape(float(1 - ks_2samp(a, b).statistic), float(missing), float(outside))
    outside = (~made.astype(str).isin(set(here.astype(str)))).mean()
    return ColumnShape(_level_similarity(here.astype(str), made.astype(str)), float(missing), float(outside))


def pair_trends(real: pd.DataFrame, synthetic: pd.DataFrame, table: TableSpec, *, max_pairs: int = 1000) -> list[Trend]:
    """Trends of every pair of columns, the least alike first; of wide tables `max_pairs` pairs of the first columns."""
    ranked = {c.name: c for c in table.columns if c.kind in ("numeric", "datetime")}
    cut = {c.name: _levels(real[c.name], synthetic[c.name], c) for c in table.columns}
    trends = []
    for first, second in list(combinations([c.name for c in table.columns], 2))[:max_pairs]:
        if first in ranked and second in ranked:
            score = _correlation_similarity(real[[first, second]], synthetic[[first, second]])
        else:
            score = _level_similarity(*(cut[first][i] + "\x1f" + cut[second][i] for i in (0, 1)))
        trends.append(Trend((first, second), score))
    return sorted(trends, key=lambda trend: (trend.score is not None, trend.score or 0.0))


def _correlation_similarity(real: pd.DataFrame, synthetic: pd.DataFrame) -> float | None:
    correlations = []
    for frame in (real.dropna(), synthetic.dropna()):
        if len(frame) < 3:
            return None
        ranks = [rankdata(_numbers(frame[name])) for name in frame]
        constant = any(np.ptp(column) == 0 for column in ranks)
        correlations.append(0.0 if constant else float(np.corrcoef(*ranks)[0, 1]))
    return 1 - abs(correlations[0] - correlations[1]) / 2


def _level_similarity(real: pd.Series, synthetic: pd.Series) -> float | None:
    if real.empty or synthetic.empty:
        return None
    shares = [side.value_counts(normalize=True) for side in (real, synthetic)]
    return float(1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def _levels(real: pd.Series, synthetic: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:
    """Both sides as strings: levels unchanged, numbers as the decile of the real ones, missing as a level."""
    if column.kind not in ("numeric", "datetime"):
        filled = [side.astype("object").where(side.notna(), _MISSING) for side in (real, synthetic)]
        return filled[0].astype(str), filled[1].astype(str)
    known = _numbers(real.dropna())
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.zeros(0)
    return _cut(real, edges), _cut(synthetic, edges)


def _cut(side: pd.Series, edges: npt.NDArray[np.float64]) -> pd.Series:
    out = pd.Series(_MISSING, index=side.index, dtype="object")
    there = side.notna()
    out[there] = np.searchsorted(edges, _numbers(side[there]), side="right").astype(str)
    return out.astype(str)


def _numbers(side: pd.Series) -> npt.NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(side.dtype):
        side = side.astype("int64")
    return np.asarray(side.to_numpy(dtype=np.float64), dtype=np.float64)
