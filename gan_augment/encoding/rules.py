"""Rules that every row keeps (`core.records.Rule`): whether real rows do, and how decoded rows are made to.

A range needs nothing but its check: the codec never leaves the train rows' range. A combination is encoded as one
choice. An order is restored after decoding by exchanging values within a row, which changes no column's range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Column, OrderRule, RangeRule, TableSpec

__all__ = ["check_rules", "restore_order"]

Floats = npt.NDArray[np.float64]


def check_rules(frame: pd.DataFrame, table: TableSpec) -> None:
    """Refuse rules that name other columns or the wrong kind, and real rows that break one.

    Raises
    ------
    ParamsError
        A rule names a column that is not there, or one of the wrong kind, or two combinations share a column.
    DataError
        A row breaks a rule; the message says how many do and shows one.
    """
    _check_columns(table)
    for rule in table.rules:
        if isinstance(rule, RangeRule):
            outside = _outside(frame[rule.column], rule)
            _refuse(outside, frame[[rule.column]], f"{rule.low} <= {rule.column} <= {rule.high}")
        elif isinstance(rule, OrderRule):
            descends = np.zeros(len(frame), dtype=bool)
            values = [_numbers(frame[name]) for name in rule.columns]
            for left, right in _pairs(len(values)):
                descends |= values[left] > values[right]
            _refuse(descends, frame[list(rule.columns)], " <= ".join(rule.columns))


def restore_order(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Exchange values within the rows that descend, so that the columns ascend; missing entries stay where they are."""
    values = [_numbers(frame[column.name]) for column in columns]
    before = [value.copy() for value in values]
    for left, right in _pairs(len(values)):
        wrong = values[left] > values[right]
        values[left][wrong], values[right][wrong] = values[right][wrong], values[left][wrong]
    largest = np.full(len(frame), -np.inf)
    for place, column in enumerate(columns):
        # An exchanged value may have more decimals than its new column; rounding must not undo the order.
        rounded = np.fmax(_rounded(values[place], column, np.round), _rounded(largest, column, np.ceil))
        values[place] = np.where(np.isnan(values[place]), np.nan, rounded)
        largest = np.fmax(largest, values[place])
    changed = {
        column.name: _written(frame[column.name], old, new)
        for column, old, new in zip(columns, before, values, strict=True)
    }
    return frame.assign(**changed)


def _check_columns(table: TableSpec) -> None:
    kinds = {column.name: column.kind for column in table.columns}
    wanted = {
        "range": {"numeric", "datetime"},
        "order": {"numeric", "datetime"},
        "combination": {"categorical", "boolean"},
    }
    taken: set[str] = set()
    for rule in table.rules:
        names = (rule.column,) if isinstance(rule, RangeRule) else rule.columns
        for name in names:
            if kinds.get(name) not in wanted[rule.kind]:
                raise ParamsError(
                    f"A rule of kind {rule.kind!r} cannot be about this column",
                    where=f"column {name!r}",
                    got=f"a column of kind {kinds[name]}" if name in kinds else "no such feature column",
                    expected=" or ".join(sorted(wanted[rule.kind])),
                )
        if rule.kind == "order" and len({kinds[name] for name in names}) > 1:
            raise ParamsError("Numbers and times have no common order", where=", ".join(names))
        if rule.kind == "combination" and (shared := taken & set(names)):
            raise ParamsError(
                "A column is in two combinations",
                where=f"column {min(shared)!r}",
                remedy="write one longer combination",
            )
        taken |= set(names) if rule.kind == "combination" else set()


def _outside(series: pd.Series, rule: RangeRule) -> npt.NDArray[np.bool_]:
    values = _numbers(series)
    low, high = (_bound(bound, series, rule) for bound in (rule.low, rule.high))
    outside: npt.NDArray[np.bool_] = (values < low) | (values > high)
    return outside


def _bound(bound: float | str | None, series: pd.Series, rule: RangeRule) -> float:
    """NaN, which nothing is below or above, where there is no bound."""
    if bound is None:
        return float("nan")
    try:
        if isinstance(bound, str):
            return float(_numbers(pd.Series([pd.Timestamp(bound)]).astype(series.dtype))[0])
        return float(bound)
    except (TypeError, ValueError) as error:
        raise ParamsError(
            "A bound of a range cannot be read", where=f"column {rule.column!r}", got=f"{bound!r}: {error}"
        ) from None


def _refuse(broken: npt.NDArray[np.bool_], frame: pd.DataFrame, rule: str) -> None:
    if not broken.any():
        return
    row = int(np.flatnonzero(broken)[0])
    raise DataError(
        "Rows of the data break a rule that every row must keep",
        where=f"rule {rule}",
        got=f"{int(broken.sum())} of {len(frame)} rows, first row {row}: {frame.iloc[row].to_dict()}",
        remedy="correct the rows, set the values missing, or remove the rule",
    )


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(left, right) for left in range(count) for right in range(left + 1, count)]


def _numbers(series: pd.Series) -> Floats:
    """float64 [n], NaN where missing; times as microseconds."""
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        index = pd.DatetimeIndex(series)
        return np.where(index.isna(), np.nan, index.as_unit("us").asi8.astype(np.float64))
    return np.array(series.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))


def _rounded(values: Floats, column: Column, how: Callable[[Any], Any]) -> Floats:
    if column.kind == "datetime":
        return values
    digits = 0 if column.integer else column.decimals
    if digits is None:
        return values
    # 0.1 + 0.2 is not above 0.3: a rounding error must not lift a value by a whole step.
    scaled = np.round(values * 10.0**digits, 6)
    rounded: Floats = how(scaled) / 10.0**digits
    return rounded


def _written(series: pd.Series, before: Floats, after: Floats) -> pd.Series:
    """The series with its changed entries replaced; the others keep their exact values."""
    changed = np.flatnonzero((before != after) & ~np.isnan(after))
    if not len(changed):
        return series
    dtype: Any = series.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        ticks = pd.Series(after[changed].astype(np.int64).view("datetime64[us]"))
        new = (
            ticks.dt.tz_localize("UTC").astype(dtype) if isinstance(dtype, pd.DatetimeTZDtype) else ticks.astype(dtype)
        )
    else:
        new = pd.Series(after[changed]).astype("Float64" if str(dtype)[:1].isupper() else dtype).astype(dtype)
    result = series.copy()
    result.iloc[changed] = new.array
    return result
