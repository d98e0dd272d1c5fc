"""Kinds of columns: typed values from text, and columns that cannot be features.

Nothing here looks at the split or keeps a statistic: a kind depends only on how values are written.
"""

from __future__ import annotations

import numbers
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gan_augment.core.errors import DataError
from gan_augment.core.records import Column, ColumnKind
from gan_augment.data.number_texts import Decimal, Numbers, Unclear, looks_like_number, read_numbers
from gan_augment.data.problems import listing
from gan_augment.encoding.times import digits_as_ticks, plain_times, time_digits

__all__ = [
    "MISSING_TEXTS",
    "NULLABLE",
    "Parsed",
    "Unfit",
    "as_kind",
    "canonical",
    "describe",
    "parse_column",
    "parse_text",
    "unfit",
]

MISSING_TEXTS = frozenset(
    ("", "#N/A", "#NA", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "-nan", "-NaN", "NaT")
)
_INTEGER = r"[+-]?\d+"
_NUMBER = r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"
_CODE = r"[+-]?0\d+"  # 00123: a code that would lose its zeros as a number
_ISO_TIME = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_LOCAL_DATE = r"\d{1,2}([/.-])\d{1,2}\1\d{4}"
_NO_ZONE = r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+)?"
_SPELLINGS = (  # values that are not categories and have no dtype either
    (_LOCAL_DATE, "dates that can be read day first and month first; write 2020-12-31"),
    (r"\d{1,2}([/.-])\d{1,2}\1\d{2}", "dates with years of two digits; write 2020-12-31"),
    (r"\d{4}[-/.]\d{1,2}", "months; write their first days, 2020-12-01"),
    (r"\d{4}-?W\d{2}(?:-?\d)?", "weeks; write their first days, 2020-12-28"),
    (r"\d{4}[/.]\d{1,2}[/.]\d{1,2}(?: .*)?", "dates with other signs than in 2020-12-31"),
    (r"\d{1,3}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?", "times of day or durations; write minutes, 754.5"),
    (r"(?:[A-Za-z]{3,9},? )?\d{1,2}\.?[ -][A-Za-z]{3,9}\.?,?[ -]\d{2,4}.*", "dates with words; write 2020-12-31"),
    (r"(?:[A-Za-z]{3,9},? )?[A-Za-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}.*", "dates with words; write 2020-12-31"),
)
_BOOLEAN = {"true": True, "false": False}
_WORDS_FOR_BOOLEAN = _BOOLEAN | {"yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}
_ID_NAME = re.compile(r"(?:^|[_\s.-])(?:id|uuid|guid|index|idx)$|[a-z0-9](?:Id|ID)$|^Unnamed: \d+$", re.IGNORECASE)

ALMOST_NUMBERS = 0.8  # above this share of numbers, a text column is numbers with unusual spellings of missing
MANY_ROWS = 20  # rows; below, "nearly all values differ" means nothing
ID_SHARE = 0.9  # share of distinct values of an identifier
TEXT_SHARE = 0.5  # share of distinct values: too many categories for rows to share them
MAX_LEVELS = 1000
MAX_DECIMALS = 10
MAX_DIGITS = 17  # the digits that a float keeps

NULLABLE: dict[pa.DataType, Any] = {  # whole numbers and booleans with gaps must not pass through floats or objects
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
}  # fmt: skip


@dataclass(frozen=True)
class Unfit:
    """Reason why a column cannot be a feature.

    `severity` is `error` where the user has to decide (all missing, constant), `warning` where it is dropped.
    """

    reason: str
    severity: str


@dataclass(frozen=True)
class Parsed:
    """Text column with its dtype; `note` states assumptions to show to the user."""

    values: pd.Series
    note: str | None = None


def parse_text(
    texts: pd.Series, missing: frozenset[str], *, decimal_comma: bool, decimal: Decimal | None = None
) -> pd.Series:
    """Values of `parse_column`."""
    return parse_column(texts, missing, decimal_comma=decimal_comma, decimal=decimal).values


def parse_column(
    texts: pd.Series, missing: frozenset[str], *, decimal_comma: bool, decimal: Decimal | None = None
) -> Parsed:
    """Cells of a text file as Int64, UInt64, float64, boolean, datetime64 or string, by how all of them are written.

    `decimal` is the decimal sign, where it is known; `decimal_comma`: whether a comma is likely to be it.

    Raises
    ------
    DataError
        Nearly all cells are numbers or dates but a few are not, or a date does not exist.
    """
    values = texts.mask(texts.isin(missing))
    present = values.dropna()
    if present.empty:
        return Parsed(values)
    found = _parse_numbers(values, present, decimal, decimal_comma=decimal_comma)
    if found is not None:
        return found
    if present.str.lower().isin(_BOOLEAN).all():
        return Parsed(values.str.lower().map(_BOOLEAN).astype("boolean"))
    if _all_match(present, _ISO_TIME):
        return Parsed(_times(values), _about_zones(present))
    if _all_match(present, _LOCAL_DATE):
        return Parsed(_local_dates(values))
    _refuse_almost(present)
    return Parsed(values)


def _parse_numbers(
    values: pd.Series, present: pd.Series, decimal: Decimal | None, *, decimal_comma: bool
) -> Parsed | None:
    if _all_match(present, _INTEGER):
        return Parsed(values if _any_match(present, _CODE) else _integers(values))
    if decimal != "," and not decimal_comma and _all_match(present, _NUMBER):
        return Parsed(values) if _any_match(present, _CODE) else _floats(values, present, None)
    read = read_numbers(values, decimal=decimal, decimal_comma=decimal_comma)
    if isinstance(read, Numbers):
        plain = read.texts.dropna()
        whole = _all_match(plain, _INTEGER)
        return Parsed(_integers(read.texts), read.note) if whole else _floats(read.texts, plain, read.note)
    if read is None and decimal != "," and _all_match(present, _NUMBER) and not _any_match(present, _CODE):
        return _floats(values, present, None)
    return None if read is None else Parsed(values)


def _floats(values: pd.Series, present: pd.Series, note: str | None) -> Parsed:
    digits = present.str.replace(r"[eE].*|^[+-]?0*\.?0*|\.", "", regex=True).str.rstrip("0").str.len()
    if (digits > MAX_DIGITS).any():
        long = f"more than {MAX_DIGITS} digits are not kept, as of {present[digits > MAX_DIGITS].iloc[0]}"
        note = f"numbers: {long}" if note is None else f"{note}, {long}"
    return Parsed(values.astype("Float64").astype("float64"), note)


def as_kind(values: pd.Series, kind: ColumnKind, decimal: Decimal | None = None) -> pd.Series:
    """Values as the kind that the user named. Raises DataError where they are not of this kind."""
    try:
        if kind == "categorical":
            return values if values.dtype == "string" else _texts(values)
        if kind == "numeric":
            return values if pd.api.types.is_numeric_dtype(values.dtype) else _as_numbers(_texts(values), decimal)
        if kind == "datetime":
            return _as_times(values)
        return _booleans(_texts(values))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"The column is not {kind}",
            where=f"column {values.name!r}",
            got=str(error).split("\n")[0],
            remedy="correct prepare.source.kinds, or the data",
        ) from None


def _texts(values: pd.Series) -> pd.Series:
    return values.astype("string")


def _as_numbers(texts: pd.Series, decimal: Decimal | None) -> pd.Series:
    read = read_numbers(texts, decimal=decimal, decimal_comma=False)
    if isinstance(read, Unclear):
        raise ValueError(read.reason)
    if isinstance(read, Numbers):
        plain = read.texts
        return _integers(plain) if _all_match(plain.dropna(), _INTEGER) else plain.astype("Float64").astype("float64")
    return pd.to_numeric(texts).astype("float64")


def _as_times(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values
    texts = _texts(values)
    present = texts.dropna()
    if _all_match(present, r"\d+"):
        whole = _integers(texts)
        if _time_digits(whole) is not None:
            return whole
    if _all_match(present, _LOCAL_DATE):
        texts = _local_dates(texts)
        return texts if texts.dtype != "string" else _refused(present.iloc[0], "can be read day first and month first")
    strange = present[~present.str.fullmatch(_ISO_TIME)]
    return _refused(strange.iloc[0], "is no date such as 2020-12-31") if len(strange) else _times(texts)


def _refused(text: str, why: str) -> pd.Series:
    raise ValueError(f"{text!r} {why}")


def canonical(values: pd.Series) -> pd.Series:
    """Column of a typed file (Parquet) or frame in the dtypes that `parse_text` gives.

    Raises
    ------
    DataError
        Lists, structs, bytes, durations, periods, intervals and complex numbers have no kind.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return canonical(_from_arrow(values, dtype.pyarrow_dtype))
    if isinstance(dtype, pd.CategoricalDtype):
        return _objects(values.astype(object))
    for holds, convert in _CONVERSIONS:
        if holds(dtype):
            return convert(values)
    return _objects(values.astype(object))


def _from_arrow(values: pd.Series, kind: pa.DataType) -> pd.Series:
    """The same values in one of pandas' own dtypes, where one exists."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return plain_times(values)
    own: Any = NULLABLE.get(kind, "float64" if pa.types.is_floating(kind) else object)
    return values.astype(own)


def _whole(values: pd.Series) -> pd.Series:
    """Values as Int64, or as UInt64 where one needs it."""
    unsigned = pd.api.types.is_unsigned_integer_dtype(values.dtype)
    large = unsigned and bool((values.dropna() > np.iinfo(np.int64).max).any())
    return values.astype("UInt64" if large else "Int64")


def _in_nanoseconds(times: pd.Series) -> pd.Series:
    """Values as datetime64[ns], or in their own unit outside the range of nanoseconds: the years 1678 to 2261."""
    try:
        return pd.Series(times.dt.as_unit("ns"))
    except (pd.errors.OutOfBoundsDatetime, OverflowError):
        return times


def _objects(values: pd.Series) -> pd.Series:
    """Values of an object column: Python objects, numpy scalars, or nothing at all."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "empty":
        return values.where(values.notna(), None).astype("string")
    if kind == "boolean":
        return values.astype("boolean")
    if kind == "string":
        return _texts(values)
    if kind == "integer":
        return _integers(values.map(str, na_action="ignore").astype("string"))
    if kind in ("datetime", "datetime64", "date"):
        return _in_nanoseconds(plain_times(values))
    if all(isinstance(value, numbers.Number) and not isinstance(value, (bool, complex)) for value in values.dropna()):
        return values.where(values.notna(), None).astype("float64")
    raise DataError(
        "A column holds values that are neither numbers, text, truth values nor times",
        where=f"column {values.name!r}",
        got=", ".join(sorted({type(value).__name__ for value in values.dropna()})),
        remedy=_PLAINER.get(kind, "turn it into plain columns") + ", or leave it out (prepare.source.drop)",
    )


_PLAINER = {
    "timedelta": "write durations as numbers, column.dt.total_seconds()",
    "timedelta64": "write durations as numbers, column.dt.total_seconds()",
    "period": "write periods as their first days, column.dt.to_timestamp()",
    "interval": "write intervals as text, column.astype('string'), or as numbers, column.array.mid",
    "time": "write times of day as minutes",
    "bytes": "decode it, column.str.decode('utf-8')",
    "complex": "write the real and the imaginary part as two columns",
}


_CONVERSIONS: tuple[tuple[Callable[[Any], bool], Callable[[pd.Series], pd.Series]], ...] = (
    (pd.api.types.is_bool_dtype, lambda values: values.astype("boolean")),
    (pd.api.types.is_integer_dtype, _whole),
    (pd.api.types.is_float_dtype, lambda values: values.astype("float64")),
    (pd.api.types.is_datetime64_any_dtype, _in_nanoseconds),
    (pd.api.types.is_string_dtype, lambda values: _objects(values.astype(object))),
)


def describe(values: pd.Series, kind: ColumnKind | None = None) -> Column:
    """`Column` of canonical values; `decimals` is the number of digits after the point in the source.

    Whole numbers that are all days or months (20230623) are times, unless `kind`, which the user set, says otherwise.
    """
    name, dtype = str(values.name), str(values.dtype)
    if dtype in ("Int64", "UInt64"):
        written = kind != "numeric" and _time_digits(values) is not None
        return Column(name=name, kind="datetime" if written else "numeric", dtype=dtype, integer=True, decimals=0)
    if dtype == "float64":
        decimals = _decimals(values.dropna().to_numpy(dtype=np.float64))
        written = decimals == 0 and kind != "numeric" and _time_digits(values) is not None
        found: ColumnKind = "datetime" if written else "numeric"
        return Column(name=name, kind=found, dtype=dtype, integer=decimals == 0, decimals=decimals)
    if dtype == "boolean":
        return Column(name=name, kind="boolean", dtype=dtype)
    return Column(name=name, kind="datetime" if dtype.startswith("datetime64") else "categorical", dtype=dtype)


def _time_digits(values: pd.Series) -> int | None:
    """Digits of a column of whole numbers; see `time_digits`."""
    distinct = values.dropna().unique()
    if not len(distinct) or not 0 < distinct.max() < 10**14 or not (distinct % 1 == 0).all():
        return None
    return time_digits(np.asarray(distinct, dtype=np.int64))


def unfit(values: pd.Series, kind: ColumnKind | None = None) -> Unfit | None:
    """Reason why these canonical values cannot be a feature, or None; `kind` is set by the user.

    Raises
    ------
    DataError
        Values are infinite, or nearly all are days written 20230623 but a few are not.
    """
    present = values.dropna()
    distinct = present.nunique()
    if present.empty:
        return Unfit("every value is missing", "error")
    if distinct == 1 and len(present) == len(values):
        return Unfit(f"constant: every value is {str(present.iloc[0])!r}", "error")
    dtype = str(values.dtype)
    if dtype == "float64":
        _refuse_infinite(values)
    if dtype == "string" and len(present) >= MANY_ROWS:
        return _unfit_text(present, distinct)
    if dtype in ("Int64", "UInt64") and len(present) >= MANY_ROWS and kind is None:
        return _unfit_numbers(present, distinct, len(values))
    return None


def _unfit_numbers(present: pd.Series, distinct: int, rows: int) -> Unfit | None:
    if _time_digits(present) is not None:
        return None
    _refuse_almost_days(present)
    if _is_identifier(str(present.name), present, distinct):
        return Unfit(f"an identifier: {distinct} different numbers in {rows} rows", "warning")
    return None


def _unfit_text(present: pd.Series, distinct: int) -> Unfit | None:
    if distinct <= TEXT_SHARE * len(present) and distinct <= MAX_LEVELS:
        return None
    for pattern, reason in _SPELLINGS:
        if _all_match(present, pattern):
            return Unfit(reason, "warning")
    numbers_of = read_numbers(present, decimal=None, decimal_comma=False)
    if isinstance(numbers_of, Unclear):
        return Unfit(numbers_of.reason, "warning")
    if distinct > TEXT_SHARE * len(present) and present.str.count(r"\s+").mean() >= 3:
        return Unfit(f"free text: {distinct} different texts in {len(present)} rows", "warning")
    if distinct > ID_SHARE * len(present):
        return Unfit(f"an identifier: {distinct} different values in {len(present)} rows", "warning")
    return Unfit(f"too many categories: {distinct} in {len(present)} rows", "warning")


def _is_identifier(name: str, present: pd.Series, distinct: int) -> bool:
    if distinct == len(present) and int(present.max()) - int(present.min()) == distinct - 1:
        return True  # each number of a range exactly once: a row number
    return bool(_ID_NAME.search(name)) and distinct > ID_SHARE * len(present)


def _all_match(texts: pd.Series, pattern: str) -> bool:
    return bool(texts.str.fullmatch(pattern).all())


def _any_match(texts: pd.Series, pattern: str) -> bool:
    return bool(texts.str.fullmatch(pattern).any())


def _integers(values: pd.Series) -> pd.Series:
    plain = values.str.removeprefix("+")
    for dtype in ("Int64", "UInt64"):
        try:
            return pd.Series(plain.astype(dtype), index=values.index, name=values.name)
        except (OverflowError, ValueError, TypeError):
            continue
    return values  # more digits than an integer holds: a code


def _times(values: pd.Series) -> pd.Series:
    """Times as datetime64, from ISO 8601; in UTC if any has a zone. Raises DataError for dates that do not exist."""
    utc = bool(values.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").any())
    times = pd.Series(pd.to_datetime(values, format="ISO8601", utc=utc, errors="coerce"), index=values.index)
    wrong = (times.isna() & values.notna()).to_numpy(dtype=bool)
    if wrong.any():
        raise DataError(
            f"Column {str(values.name)!r} holds dates that do not exist: {_counted(int(wrong.sum()), 'cell')}",
            where=f"column {str(values.name)!r}",
            got=listing([f"{_place(place)}: {text!r}" for place, text in values[wrong].items()]),
            expected="dates of the calendar, in the years 1 to 9999",
            remedy=_other_reading(str(values.name), values[wrong].iloc[0]),
        )
    return _in_nanoseconds(times)


def _about_zones(present: pd.Series) -> str | None:
    bare = int(present.str.fullmatch(_NO_ZONE).sum())
    if bare in (0, len(present)):
        return None
    return f"times: {bare} of {len(present)} have no zone and are taken for UTC"


def _place(place: Any) -> str:
    return place if isinstance(place, str) else f"row {place + 1}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _other_reading(name: str, text: str) -> str:
    return (
        f"correct the cells, or add {text!r} to prepare.source.missing, "
        f"or keep the column as categories: prepare.source.kinds: {{{name}: categorical}}"
    )


def _local_dates(values: pd.Series) -> pd.Series:
    """Dates such as 31/12/2020 as times if only one of day first and month first fits all; else unchanged."""
    read = [
        pd.to_datetime(values.str.replace(r"[/.-]", "-", regex=True), format=order, errors="coerce")
        for order in ("%d-%m-%Y", "%m-%d-%Y")
    ]
    fitting = [times for times in read if times.isna().sum() == values.isna().sum()]
    return _in_nanoseconds(fitting[0]) if len(fitting) == 1 or _same(fitting) else values


def _same(readings: list[pd.Series]) -> bool:
    return len(readings) == 2 and readings[0].equals(readings[1])


def _booleans(texts: pd.Series) -> pd.Series:
    wrong = sorted(set(texts.dropna().str.lower()) - set(_WORDS_FOR_BOOLEAN))
    if wrong:
        raise ValueError(f"{wrong[0]!r} is neither yes nor no")
    return texts.str.lower().map(_WORDS_FOR_BOOLEAN).astype("boolean")


def _refuse_almost(present: pd.Series) -> None:
    """Raise DataError where nearly all texts are numbers, or nearly all are dates."""
    distinct = present.unique()
    fits: Sequence[tuple[str, set[str]]] = (
        ("numbers", {text for text in distinct if looks_like_number(text)}),
        ("dates", {text for text in distinct if re.fullmatch(_ISO_TIME, text)}),
    )
    for what, good in fits:
        right = present.isin(good).to_numpy(dtype=bool)
        if ALMOST_NUMBERS <= right.mean() < 1:
            raise _almost(present, right, what)


def _almost(present: pd.Series, right: npt.NDArray[np.bool_], what: str) -> DataError:
    strange, first = Counter(present[~right]), present[~right].drop_duplicates()
    lines = {text: _place(place) for place, text in first.items()}
    places = [f"{text!r} {_counted(count, 'time')}, first in {lines[text]}" for text, count in strange.most_common(5)]
    name = str(present.name)
    return DataError(
        f"Column {name!r} is {what} but for {int((~right).sum())} of {len(right)} values",
        where=f"column {name!r}",
        got=listing(places),
        expected=f"{what}, or a known spelling of a missing value",
        remedy=f"add the spelling to prepare.source.missing, or set prepare.source.kinds: {{{name}: categorical}}",
    )


def _refuse_almost_days(present: pd.Series) -> None:
    """Raise DataError where nearly all numbers are days written 20230623: made rows would hold no such days."""
    if present.max() > 99_991_231:
        return
    values = present.to_numpy(dtype=np.int64)
    years = values // 10_000
    right = (years >= 1800) & (years <= 2200) & ~digits_as_ticks(values, 8)[1]
    if not ALMOST_NUMBERS <= right.mean() < 1 or len(set(values[right])) < MANY_ROWS // 2:
        return
    name, wrong = str(present.name), present[~right]
    raise DataError(
        f"Column {name!r} is days written YYYYMMDD but for {int((~right).sum())} of {len(right)} values",
        where=f"column {name!r}",
        got=listing([f"{_place(place)}: {value}" for place, value in wrong.items()]),
        expected="days of the calendar, or missing",
        remedy=f"correct the values, leave them empty (or add {str(wrong.iloc[0])!r} to prepare.source.missing), "
        f"or set prepare.source.kinds: {{{name}: numeric}}",
    )


def _refuse_infinite(values: pd.Series) -> None:
    infinite = np.flatnonzero(np.isinf(values.to_numpy(dtype=np.float64)))
    if not len(infinite):
        return
    raise DataError(
        f"Column {str(values.name)!r} holds {len(infinite)} infinite value{'s' if len(infinite) > 1 else ''}",
        where=f"column {str(values.name)!r}",
        got=listing([str(place) for place in values.index[infinite]]),
        expected="finite numbers, or missing",
        remedy="replace them by a number, or leave the cells empty",
    )


def _decimals(values: npt.NDArray[np.float64]) -> int | None:
    finite = values[np.isfinite(values)]
    for digits in range(MAX_DECIMALS + 1):
        if np.array_equal(np.round(finite, digits), finite):
            return digits
    return None
