"""Times in every form that a column may have: conversion to whole ticks and to days, and back.

A form is a pandas time dtype (any unit, with or without a zone), the same in Arrow's spelling, Python dates and times
in an `object` column, or whole numbers whose digits are a time: 20230623 is a day, 202306 a month.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gan_augment.core.errors import DataError

__all__ = [
    "as_dtype",
    "as_integers",
    "days",
    "digits_as_ticks",
    "holds_dates",
    "holds_numbers",
    "iso_day",
    "pandas_dtype_of",
    "plain_times",
    "ticks_as_digits",
    "time_digits",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST = {6: 8, 8: 3, 10: 3, 12: 3, 14: 3}  # digits: so many distinct numbers are not all times by chance
_YEARS = (1800, 2200)
_NO_END = 9999  # 99991231: "until further notice"
_DECIMAL = re.compile(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)")
_DAY = 86_400


def time_digits(values: npt.NDArray[Any]) -> int | None:
    """Number of digits of these distinct whole numbers, if all are times written YYYYMM, YYYYMMDD, YYYYMMDDHH, ...MM or
    ...SS of the years 1800 to 2200 (or 9999); None if one is not, or they are too few to decide.
    """
    if not len(values) or values.min() <= 0:
        return None
    digits = len(str(int(values.max())))
    if len(str(int(values.min()))) != digits or len(values) < _FEWEST.get(digits, len(values) + 1):
        return None
    numbers = values.astype(np.int64)
    years = numbers // 10 ** (digits - 4)
    usual = ((years >= _YEARS[0]) & (years <= _YEARS[1])) | (years == _NO_END)
    return digits if usual.all() and not digits_as_ticks(numbers, digits)[1].any() else None


def digits_as_ticks(values: Ints, digits: int) -> tuple[Ints, Mask]:
    """Ticks int64 [n]: months (6 digits), days (8) or seconds since 1970; and a mask of those that are not times."""
    parts = _split(values, digits)
    year, month, day, hour, minute, second = parts
    wrong = (month < 1) | (month > 12) | (day < 1) | (hour > 23) | (minute > 59) | (second > 59) | (year < 1)
    months = np.where(wrong, 0, (year - 1970) * 12 + month - 1)
    first = months.astype("datetime64[M]")
    wrong |= day > ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    if digits == 6:
        return months, wrong
    whole_days = first.astype("datetime64[D]").astype(np.int64) + day - 1
    if digits == 8:
        return np.where(wrong, 0, whole_days), wrong
    return np.where(wrong, 0, whole_days * _DAY + hour * 3600 + minute * 60 + second), wrong


def ticks_as_digits(ticks: Ints, digits: int) -> Ints:
    """Digits int64 [n]; the inverse of `digits_as_ticks`."""
    moments = ticks.astype({6: "datetime64[M]", 8: "datetime64[D]"}.get(digits, "datetime64[s]"))
    months = moments.astype("datetime64[M]")
    number = months.astype(np.int64)
    written: Ints = (number // 12 + 1970) * 100 + number % 12 + 1
    if digits == 6:
        return written
    whole_days = moments.astype("datetime64[D]")
    written = written * 100 + (whole_days - months.astype("datetime64[D]")).astype(np.int64) + 1
    if digits == 8:
        return written
    seconds = (moments - whole_days.astype("datetime64[s]")).astype(np.int64)
    clock = (seconds // 3600) * 10_000 + (seconds // 60 % 60) * 100 + seconds % 60
    whole: Ints = written * 10 ** (digits - 8) + clock // 10 ** (14 - digits)
    return whole


def _split(values: Ints, digits: int) -> tuple[Ints, ...]:
    """Year, month, day, hour, minute, second; parts that are not written are the earliest."""
    padded = values * 10 ** (14 - digits) + (1_000_000 if digits == 6 else 0)
    parts = []
    for _ in range(5):
        padded, part = padded // 100, padded % 100
        parts.append(part)
    second, minute, hour, day, month = parts
    return padded, month, day, hour, minute, second


def plain_times(series: pd.Series) -> pd.Series:
    """The same times as pandas datetime64, in their own unit and zone. Raises DataError."""
    dtype: Any = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        unit, zone = ("s", None) if pa.types.is_date(kind) else (kind.unit, kind.tz)
        plain: Any = f"datetime64[{unit}, {zone}]" if zone else f"datetime64[{unit}]"
        return series.astype(plain)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return series
    try:
        return pd.Series(pd.to_datetime(series), index=series.index)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            "A column of times holds something else, or times in different zones",
            where=f"column {series.name!r}",
            got=str(error).split("\n")[0],
            remedy="make it one dtype with pandas.to_datetime(column, utc=True)",
        ) from None


def as_integers(series: pd.Series) -> tuple[npt.NDArray[Any], Mask]:
    """Integers int64 or uint64 [n], not rounded through floats, and a mask of missing ones (0). Raises DataError."""
    absent = series.isna().to_numpy(dtype=bool)
    try:
        unsigned = not absent.all() and int(series.dropna().max()) > np.iinfo(np.int64).max
        name: Any = "UInt64" if unsigned else "Int64"
        whole = series.astype(name).fillna(0)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            "A column of whole numbers holds something else", where=f"column {series.name!r}", got=str(error)
        ) from None
    return whole.to_numpy(dtype=np.uint64 if unsigned else np.int64), absent


def days(series: pd.Series) -> Floats:
    """Days since 1970 (UTC), float64 [n], NaN where missing; of a datetime column in any form."""
    if holds_numbers(series):
        values, absent = as_integers(series)
        digits = len(str(int(values[~absent].max()))) if (~absent).any() else 8
        if digits not in _FEWEST:
            return np.full(len(values), np.nan)
        ticks, wrong = digits_as_ticks(np.asarray(values, dtype=np.int64), digits)
        unit = {6: "datetime64[M]", 8: "datetime64[D]"}.get(digits, "datetime64[s]")
        seconds = ticks.astype(unit).astype("datetime64[s]").astype(np.float64)
        return np.where(absent | wrong, np.nan, seconds / _DAY)
    index = pd.DatetimeIndex(plain_times(series))
    per_day = {"s": _DAY, "ms": _DAY * 10**3, "us": _DAY * 10**6, "ns": _DAY * 10**9}[index.unit]
    return np.where(index.isna(), np.nan, index.asi8 / per_day)


def iso_day(day: float) -> str:
    """Date of a number of days since 1970."""
    return str(np.datetime64(int(np.floor(day)), "D"))


def pandas_dtype_of(name: str) -> Any:
    """pandas dtype of this name, Arrow's decimals included. Raises DataError."""
    found = _DECIMAL.fullmatch(name.removesuffix("[pyarrow]"))
    if found:
        bits, precision, scale = found.groups()
        return pd.ArrowDtype(getattr(pa, f"decimal{bits}")(int(precision), int(scale)))
    try:
        return pd.api.types.pandas_dtype(name)
    except (TypeError, NotImplementedError, ValueError):
        raise DataError(
            "Values of this dtype cannot be given back",
            got=name,
            remedy="make it a plain dtype: column.astype('category'), 'string', 'Int64' or 'datetime64[us]'",
        ) from None


def as_dtype(series: pd.Series, name: str, *, dates: bool = False) -> pd.Series:
    """Series in the dtype of this name; `dates`: in an `object` column, Python dates rather than times."""
    target = pandas_dtype_of(name)
    if series.dtype == target:
        return series
    if isinstance(target, np.dtype) and target.kind == "O" and pd.api.types.is_datetime64_any_dtype(series.dtype):
        return (series.dt.date if dates else series).astype(object)
    return series.astype(target)


def holds_dates(series: pd.Series) -> bool:
    """Whether an `object` column holds Python dates, which are not times."""
    if series.dtype != object:
        return False
    present = series.dropna()
    return bool(len(present)) and all(type(value) is datetime.date for value in present)


def holds_numbers(series: pd.Series) -> bool:
    """Whether the values are numbers, in an `object` column too."""
    if series.dtype != object:
        return bool(pd.api.types.is_numeric_dtype(series.dtype))
    return pd.api.types.infer_dtype(series, skipna=True) in ("integer", "floating", "mixed-integer-float")
