"""A table's columns, real beside synthetic: distributions, and how the columns hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import Column, TableSpec
from gan_augment.encoding.times import days, iso_day

__all__ = ["Distribution", "associations", "distributions", "matched_weights"]

Floats = npt.NDArray[np.float64]
_BINS = 24
_SHOWN_VALUES = 8


@dataclass(frozen=True)
class Distribution:
    """One column. `shares` are bin or value shares of the rows that have a value; `gap` is the distance in [0, 1].

    Numeric columns: bins from `low` to `high`, gap = the largest difference of the cumulative shares
    (Kolmogorov-Smirnov). Others: `values`, gap = half the summed differences of the shares (total variation).
    """

    name: str
    kind: str
    real: Floats
    synthetic: Floats
    missing_real: float
    missing_synthetic: float
    gap: float
    values: tuple[str, ...] = ()
    low: str = ""
    high: str = ""


def distributions(
    table: TableSpec, real: pd.DataFrame, synthetic: pd.DataFrame, weights: Floats, limit: int
) -> list[Distribution]:
    """The first `limit` columns. `weights` [rows of synthetic] give synthetic rows the real classes' shares."""
    return [
        _distribution(column, real[column.name], synthetic[column.name], weights) for column in table.columns[:limit]
    ]


def matched_weights(real_labels: pd.Series[Any], synthetic_labels: pd.Series[Any]) -> Floats:
    """float64 [synthetic rows], summing to 1: every class weighs as much as among the real rows.

    Without them a fuller rare class would look like a wrong distribution.
    """
    wanted = real_labels.value_counts(normalize=True)
    present = synthetic_labels.value_counts()
    weights = synthetic_labels.map(wanted).fillna(0) / synthetic_labels.map(present)
    total = float(weights.sum())
    return (weights / total if total else weights).to_numpy(dtype=np.float64)


def _distribution(column: Column, real: pd.Series[Any], synthetic: pd.Series[Any], weights: Floats) -> Distribution:
    missing = float(real.isna().mean()) if len(real) else 0.0, float(weights[synthetic.isna().to_numpy()].sum())
    kept = synthetic.notna().to_numpy()
    a, b, w = real.dropna(), synthetic[kept], weights[kept]
    w = w / w.sum() if w.sum() else w
    if column.kind in ("numeric", "datetime"):
        return _numeric(column, a, b, w, missing)
    return _categorical(column, a, b, w, missing)


def _as_numbers(values: pd.Series[Any], kind: str) -> Floats:
    return days(values) if kind == "datetime" else np.asarray(values, dtype=np.float64)


def _numeric(
    column: Column, real: pd.Series[Any], synthetic: pd.Series[Any], weights: Floats, missing: tuple[float, float]
) -> Distribution:
    a, b = _as_numbers(real, column.kind), _as_numbers(synthetic, column.kind)
    finite = np.isfinite(b)
    a, b, weights = a[np.isfinite(a)], b[finite], weights[finite]
    both = np.concatenate([a, b])
    low, high = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
    edges = _edges(low, high, column.integer)
    profiles = [
        np.histogram(x, edges, weights=w)[0] for x, w in ((a, np.full(len(a), 1 / max(len(a), 1))), (b, weights))
    ]
    ends = (iso_day(v) if column.kind == "datetime" else f"{v:.6g}" for v in (low, high))
    first, last = ends
    gap = _largest_gap(a, b, weights)
    return Distribution(column.name, column.kind, profiles[0], profiles[1], *missing, gap, (), first, last)


def _edges(low: float, high: float, integer: bool) -> Floats:
    """Bins; one a value for a few whole numbers, which would else leave holes between them."""
    if integer and high - low < 2 * _BINS:
        return np.arange(low - 0.5, high + 1)
    return np.linspace(low, high if high > low else low + 1, _BINS + 1)


def _largest_gap(a: Floats, b: Floats, weights: Floats) -> float:
    if not len(a) or not len(b):
        return 1.0 if len(a) != len(b) else 0.0
    points = np.unique(np.concatenate([a, b]))
    real = np.searchsorted(np.sort(a), points, side="right") / len(a)
    order = np.argsort(b)
    cumulative = np.concatenate([[0.0], np.cumsum(weights[order])])
    made = cumulative[np.searchsorted(b[order], points, side="right")]
    return float(np.abs(real - made).max())


def _categorical(
    column: Column, real: pd.Series[Any], synthetic: pd.Series[Any], weights: Floats, missing: tuple[float, float]
) -> Distribution:
    a = real.astype(str).value_counts(normalize=True)
    b = pd.Series(weights, index=synthetic.index).groupby(synthetic.astype(str)).sum()
    names = list(dict.fromkeys([*a.index, *b.sort_values(ascending=False).index]))
    shares = [np.array([float(part.get(name, 0.0)) for name in names]) for part in (a, b)]
    gap = float(np.abs(shares[0] - shares[1]).sum() / 2) if len(a) and len(b) else float(len(a) != len(b))
    shown, rest = names[:_SHOWN_VALUES], names[_SHOWN_VALUES:]
    cut = [np.append(s[: len(shown)], s[len(shown) :].sum()) if rest else s for s in shares]
    values = (*shown, f"{len(rest)} others") if rest else tuple(shown)
    return Distribution(column.name, column.kind, cut[0], cut[1], *missing, gap, values)


def associations(table: TableSpec, frame: pd.DataFrame, limit: int) -> Floats:
    """float64 [n, n] over the first `limit` columns; NaN where a column is constant or has too few values.

    Two numbers: Pearson's correlation in [-1, 1]. A number and a category: the correlation ratio in [0, 1]. Two
    categories: Cramér's V in [0, 1].
    """
    columns = table.columns[:limit]
    prepared = {column.name: _prepared(column, frame[column.name]) for column in columns}
    matrix = np.full((len(columns), len(columns)), np.nan)
    for row, a in enumerate(columns):
        for column in range(row + 1):
            value = _association(prepared[a.name], prepared[columns[column].name])
            matrix[row, column] = matrix[column, row] = value
    return matrix


@dataclass(frozen=True)
class _Prepared:
    numeric: bool
    values: Floats  # numbers, or codes of categories; NaN where missing


def _prepared(column: Column, values: pd.Series[Any]) -> _Prepared:
    if column.kind in ("numeric", "datetime"):
        present = values.notna().to_numpy()
        numbers = np.full(len(values), np.nan)
        numbers[present] = _as_numbers(values[present], column.kind)
        return _Prepared(True, np.where(np.isfinite(numbers), numbers, np.nan))
    codes, _ = pd.factorize(values)
    return _Prepared(False, np.where(codes < 0, np.nan, codes.astype(np.float64)))


def _association(a: _Prepared, b: _Prepared) -> float:
    both = np.isfinite(a.values) & np.isfinite(b.values)
    x, y = a.values[both], b.values[both]
    if len(x) < 3 or len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return float("nan")
    if a.numeric and b.numeric:
        return float(np.corrcoef(x, y)[0, 1])
    if a.numeric or b.numeric:
        return _correlation_ratio(*((y, x) if a.numeric else (x, y)))
    return _cramers_v(x, y)


def _correlation_ratio(codes: Floats, values: Floats) -> float:
    groups = [values[codes == code] for code in np.unique(codes)]
    between = sum(len(group) * (group.mean() - values.mean()) ** 2 for group in groups)
    return float(np.sqrt(between / (len(values) * values.var())))


def _cramers_v(a: Floats, b: Floats) -> float:
    table = pd.crosstab(a, b).to_numpy(dtype=np.float64)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi2 / (table.sum() * (min(table.shape) - 1))))
