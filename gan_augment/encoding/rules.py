"""Rules that every row satisfies (`core.records.Rule`): checks of real rows, and repairs of decoded rows.

A range needs only its check: the codec never leaves the train rows' range. A combination is encoded as one choice. An
order is restored after decoding by exchanging values within a row, which changes no column's range.

Values are compared exactly: whole numbers beyond 2^53 and nanoseconds are not converted to floats, and days written
20230131 compare as days, also with times of another form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Column, OrderRule, RangeRule, TableSpec
from gan_augment.encoding.times import (
    as_dtype,
    as_integers,
    digits_as_ticks,
    holds_dates,
    holds_numbers,
    plain_times,
    ticks_as_digits,
)

__all__ = ["check_rules", "restore_order"]

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[Any]  # float64, or objects where floats would not be exact: Python numbers, NaN where missing

EXACT = 2**53
_NANO = 10**9
_LAST_MONTH = np.datetime64("9999-12", "M")
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def check_rules(frame: pd.DataFrame, table: TableSpec) -> None:
    """Refuse rules that name other columns or the wrong kind, and real rows that break one.

    Raises
    ------
    ParamsError
        A rule names a missing column or one of the wrong kind, or two combinations share a column.
    DataError
        A row breaks a rule; the message says how many do and shows one.
    """
    _check_columns(table)
    for rule in table.rules:
        if isinstance(rule, RangeRule):
            outside = _outside(frame[rule.column], rule, times=_are_times(table, (rule.column,)))
            _refuse(outside, frame[[rule.column]], f"{rule.low} <= {rule.column} <= {rule.high}")
        elif isinstance(rule, OrderRule):
            descends = np.zeros(len(frame), dtype=bool)
            series = [frame[name] for name in rule.columns]
            values, _ = _comparable(series, times=_are_times(table, rule.columns))
            for left, right in _pairs(len(values)):
                descends |= _above(values[left], values[right])
            _refuse(descends, frame[list(rule.columns)], " <= ".join(rule.columns))


def restore_order(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Exchange values within descending rows, so that the columns ascend; missing entries stay in place."""
    series = [frame[column.name] for column in columns]
    values, ticks = _comparable(series, times=columns[0].kind == "datetime")
    before = [value.copy() for value in values]
    for left, right in _pairs(len(values)):
        wrong = _above(values[left], values[right])
        values[left][wrong], values[right][wrong] = values[right][wrong], values[left][wrong]
    largest: Values = np.full(len(frame), -np.inf)
    for place, column in enumerate(columns):
        # An exchanged value may have more decimals than its new column; rounding must not undo the order.
        values[place] = _fitted(values[place], largest, column, series[place] if ticks else None)
        largest = np.where(_absent(values[place]), largest, values[place])
    changed = {
        str(one.name): _written(one, old, new, ticks=ticks)
        for one, old, new in zip(series, before, values, strict=True)
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


def _are_times(table: TableSpec, names: Sequence[str]) -> bool:
    return any(column.kind == "datetime" for column in table.columns if column.name in names)


def _outside(series: pd.Series, rule: RangeRule, *, times: bool) -> npt.NDArray[np.bool_]:
    outside = np.zeros(len(series), dtype=bool)
    for bound, low in ((rule.low, True), (rule.high, False)):
        if bound is not None:
            (values, limit), _ = _comparable([series, _bound(bound, series, rule, times=times)], times=times)
            outside |= _above(limit, values) if low else _above(values, limit)
    return outside


def _bound(bound: float | str, series: pd.Series, rule: RangeRule, *, times: bool) -> pd.Series:
    """Bound in a column of its own: a time for times, a number for numbers; days may be 20230131 as they are."""
    digits = holds_numbers(series)
    try:
        if not isinstance(bound, str) and (digits or not times):
            return pd.Series([bound], dtype=object if isinstance(bound, int) else "float64")
        if not times:
            raise ValueError("the column holds numbers")
        if not isinstance(bound, str):
            raise TypeError("the column holds times, write 2020-01-31")
        return pd.Series([_moment(bound, None if digits else plain_times(series).dt.tz)])
    except (TypeError, ValueError, OverflowError) as error:
        raise ParamsError(
            "A bound of a range cannot be read", where=f"column {rule.column!r}", got=f"{bound!r}: {error}"
        ) from None


def _moment(text: str, zone: Any) -> pd.Timestamp:
    """Moment in the column's zone where the text names none."""
    moment = pd.Timestamp(text)
    if moment.tz is not None and zone is None:
        raise ValueError("the times of the column have no zone")
    return moment.tz_localize(zone) if moment.tz is None and zone is not None else moment


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


def _comparable(columns: Sequence[pd.Series], *, times: bool) -> tuple[list[Values], bool]:
    """Arrays [n], one per column, that compare exactly, NaN where missing; and whether they are ticks."""
    if times and not _alike_digits(columns):
        return [_as_ticks(column) for column in columns], True
    found = [_numbers(column) for column in columns]
    if any(value.dtype == object for value in found):
        found = [value.astype(object) for value in found]
    return found, False


def _alike_digits(columns: Sequence[pd.Series]) -> bool:
    """Whether all columns are whole numbers with time digits of the same length: they compare as numbers."""
    return all(map(holds_numbers, columns)) and len({_digits(column) for column in columns} - {0}) < 2


def _digits(series: pd.Series) -> int:
    """Digits of the column's values; 0 where it has none."""
    values, absent = as_integers(series)
    return 0 if absent.all() else len(str(int(values[~absent].max())))


def _numbers(series: pd.Series) -> Values:
    """Numbers float64 [n], or objects [n] where whole numbers lie beyond what a float holds."""
    floats: Values = np.array(series.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
    whole = pd.api.types.is_integer_dtype(series.dtype) or pd.api.types.infer_dtype(series, skipna=True) == "integer"
    if not whole or not (np.abs(floats) >= EXACT).any():
        return floats
    values, absent = as_integers(series)
    return np.where(absent, np.nan, values.astype(object))


def _as_ticks(series: pd.Series) -> Values:
    """Ticks as objects [n]: nanoseconds since 1970 (UTC)."""
    if holds_numbers(series):
        values, absent = as_integers(series)
        digits = _digits(series) or 8
        ticks, wrong = digits_as_ticks(np.asarray(values, dtype=np.int64), digits)
        seconds = ticks.astype(_unit(digits)).astype("datetime64[s]").astype(np.int64)
        return np.where(absent | wrong, np.nan, seconds.astype(object) * _NANO)
    index = pd.DatetimeIndex(plain_times(series))
    return np.where(index.isna(), np.nan, index.asi8.astype(object) * (_NANO // _PER_SECOND[index.unit]))


def _unit(digits: int) -> str:
    return {6: "datetime64[M]", 8: "datetime64[D]"}.get(digits, "datetime64[s]")


def _above(values: Values, others: Values) -> npt.NDArray[np.bool_]:
    """Whether neither is missing and the first is greater, elementwise."""
    with np.errstate(invalid="ignore"):  # NaN among objects
        return np.asarray(values > others, dtype=bool)


def _absent(values: Values) -> npt.NDArray[np.bool_]:
    return np.asarray(pd.isna(values), dtype=bool)


def _fitted(values: Values, largest: Values, column: Column, times: pd.Series | None) -> Values:
    """Values that the column can hold: the nearest (times: the one before), or the next where that is too small.

    `times` is the column itself where the values are ticks of time.
    """
    fit = partial(_rounded, column) if times is None else partial(_on_grid, times)
    present = ~_absent(values)
    fitted = values.copy()
    fitted[present] = fit(values[present], up=False)
    below = present & _above(largest, fitted)
    fitted[below] = fit(largest[below], up=True)
    return fitted


def _rounded(column: Column, values: Values, *, up: bool) -> Values:
    digits = 0 if column.integer else column.decimals
    if digits is None or not len(values):
        return values
    if values.dtype == object:  # Python integers: only integer columns have such large numbers
        how = math.ceil if up else round
        return np.array([how(value) for value in values] if column.integer else values, dtype=object)
    # 0.1 + 0.2 is not above 0.3: a rounding error must not lift a value by a whole step.
    scaled = np.round(values * 10.0**digits, 6)
    return np.asarray((np.ceil if up else np.round)(scaled) / 10.0**digits)


def _on_grid(series: pd.Series, ticks: Values, *, up: bool) -> Values:
    """Ticks at moments that the column can hold: whole days, where it holds days."""
    if holds_numbers(series) and (_digits(series) or 8) == 6:
        whole = [-(-int(tick) // _NANO) if up else int(tick) // _NANO for tick in ticks]
        seconds = np.array(whole, dtype=np.int64).astype("datetime64[s]")
        months = seconds.astype("datetime64[M]")
        months += (up & (months.astype("datetime64[s]") < seconds) & (months < _LAST_MONTH)).astype(np.int64)
        return months.astype("datetime64[s]").astype(np.int64).astype(object) * _NANO
    step = _step(series)
    return np.array([-(-int(tick) // step) * step if up else int(tick) // step * step for tick in ticks], dtype=object)


def _step(series: pd.Series) -> int:
    """Nanoseconds between the moments that the column can hold."""
    if holds_numbers(series):
        return {8: 86_400, 10: 3_600, 12: 60}.get(_digits(series) or 8, 1) * _NANO
    dtype: Any = series.dtype
    if holds_dates(series) or (isinstance(dtype, pd.ArrowDtype) and pa.types.is_date(dtype.pyarrow_dtype)):
        return 86_400 * _NANO
    return _NANO // _PER_SECOND[pd.DatetimeIndex(plain_times(series)).unit]


def _written(series: pd.Series, before: Values, after: Values, *, ticks: bool) -> pd.Series:
    """Series with its changed entries replaced; the others keep their exact values."""
    changed = np.flatnonzero(np.asarray(before != after, dtype=bool) & ~_absent(after))
    if not len(changed):
        return series
    new = _times_like(series, after[changed]) if ticks else _numbers_like(series, after[changed])
    result = series.copy()
    result.iloc[changed] = new.array
    return result


def _times_like(series: pd.Series, ticks: Values) -> pd.Series:
    """Nanoseconds in the form of times that the series has."""
    if holds_numbers(series):
        digits = _digits(series) or 8
        seconds = np.array([int(tick) // _NANO for tick in ticks], dtype=np.int64).astype("datetime64[s]")
        written = ticks_as_digits(seconds.astype(_unit(digits)).astype(np.int64), digits)
        return as_dtype(pd.Series(written), str(series.dtype))
    index = pd.DatetimeIndex(plain_times(series))
    per, most = _NANO // _PER_SECOND[index.unit], 2**63 - 1  # year 9999 may come from a column of another unit
    own = np.array([min(int(tick) // per, most) for tick in ticks], dtype=np.int64)
    times = pd.Series(own.view(f"datetime64[{index.unit}]"))
    zoned = times if index.tz is None else times.dt.tz_localize("UTC").dt.tz_convert(index.tz)
    return as_dtype(zoned, str(series.dtype), dates=holds_dates(series))


def _numbers_like(series: pd.Series, values: Values) -> pd.Series:
    dtype: Any = series.dtype
    if values.dtype != object:
        return pd.Series(values).astype("Float64" if str(dtype)[:1].isupper() else dtype).astype(dtype)
    if not all(isinstance(value, int) for value in values):
        return pd.Series(values.tolist(), dtype="float64").astype(dtype)
    return pd.Series(values.tolist(), dtype="UInt64" if max(values) >= 2**63 else "Int64").astype(dtype)
