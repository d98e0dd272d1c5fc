"""What kind of column this is: text to typed values, and which columns are no features.

Nothing here looks at the split or keeps a statistic: a kind is a fact about how values are written.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.records import Column, ColumnKind
from gan_augment.data.problems import listing

__all__ = ["MISSING_TEXTS", "Unfit", "as_kind", "canonical", "describe", "parse_text", "unfit"]

MISSING_TEXTS = frozenset(
    ("", "#N/A", "#NA", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "-nan", "-NaN", "NaT")
)
_INTEGER = r"[+-]?\d+"
_NUMBER = r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"
_COMMA_NUMBER = r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?"
_CODE = r"[+-]?0\d+"  # 00123: a code that would lose its zeros as a number
_ISO_TIME = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_LOCAL_DATE = r"\d{1,2}([/.-])\d{1,2}\1\d{4}"
_THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+,\d+"
_BOOLEAN = {"true": True, "false": False}
_WORDS_FOR_BOOLEAN = _BOOLEAN | {"yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}
_ID_NAME = re.compile(r"(?:^|[_\s.-])(?:id|uuid|guid|index|idx)$|[a-z0-9](?:Id|ID)$|^Unnamed: \d+$", re.IGNORECASE)

ALMOST_NUMBERS = 0.8  # a text column with more numbers than this share is one with strange spellings of missing
MANY_ROWS = 20  # below, "nearly all values differ" says nothing
ID_SHARE = 0.9  # of values that differ: an identifier
TEXT_SHARE = 0.5  # of values that differ: too many categories for any row to share one
MAX_LEVELS = 1000
MAX_DECIMALS = 10


@dataclass(frozen=True)
class Unfit:
    """Why a column cannot be a feature.

    `severity` is `error` where somebody has to decide (all missing, constant), `warning` where it is dropped.
    """

    reason: str
    severity: str


def parse_text(texts: pd.Series, missing: frozenset[str], *, decimal_comma: bool) -> pd.Series:
    """Cells of a text file to Int64, float64, boolean, datetime64[ns] or string, by how they are all written.

    Raises
    ------
    DataError
        Nearly all cells are numbers, but a few are not.
    """
    values = texts.mask(texts.isin(missing))
    present = values.dropna()
    if present.empty:
        return values
    if _all_match(present, f"{_NUMBER}|{_COMMA_NUMBER}" if decimal_comma else _NUMBER):
        return values if _any_match(present, _CODE) else _numbers(values, present)
    if present.str.lower().isin(_BOOLEAN).all():
        return values.str.lower().map(_BOOLEAN).astype("boolean")
    if _all_match(present, _ISO_TIME):
        return _times(values)
    if _all_match(present, _LOCAL_DATE):
        return _local_dates(values)
    _refuse_almost_numbers(present, decimal_comma=decimal_comma)
    return values


def as_kind(values: pd.Series, kind: ColumnKind) -> pd.Series:
    """Values in the kind that the user named. Raises DataError where they are not of this kind."""
    texts = values.astype("string")
    try:
        if kind == "categorical":
            return texts
        if kind == "numeric":
            return values if pd.api.types.is_numeric_dtype(values.dtype) else pd.to_numeric(texts).astype("float64")
        if kind == "datetime":
            return _times(texts)
        return _booleans(texts)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"The column is not {kind}",
            where=f"column {values.name!r}",
            got=str(error).split("\n")[0],
            remedy="correct prepare.source.kinds, or the data",
        ) from None


def canonical(values: pd.Series) -> pd.Series:
    """A column of a typed file (Parquet) to the dtypes that `parse_text` gives.

    Raises
    ------
    DataError
        Lists, structs, bytes and durations have no kind.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return canonical(values.astype(dtype.categories.dtype))
    if pd.api.types.is_bool_dtype(dtype):
        return values.astype("boolean")
    if pd.api.types.is_integer_dtype(dtype):
        return _integers(values.astype("string"))
    if pd.api.types.is_float_dtype(dtype):
        return values.astype("float64")
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return pd.Series(values.dt.as_unit("ns"))
    return _objects(values)


def _objects(values: pd.Series) -> pd.Series:
    """Strings, Python objects and columns of nothing."""
    types = {type(value) for value in values.dropna()}
    if types <= {bool}:
        return values.astype("boolean") if types else values.astype("string")
    if types <= {str}:
        texts = values.astype("string").str.strip()
        return texts.mask(texts == "")
    if all(issubclass(kind, (int, float)) or kind.__name__ == "Decimal" for kind in types):
        return values.astype("float64")
    raise DataError(
        "A column holds values that are neither numbers, text, truth values nor times",
        where=f"column {values.name!r}",
        got=", ".join(sorted(kind.__name__ for kind in types)),
        remedy="turn it into plain columns, or add it to prepare.source.drop",
    )


def describe(values: pd.Series) -> Column:
    """The `Column` of canonical values; `decimals` is how many digits after the point the source used."""
    name, dtype = str(values.name), str(values.dtype)
    if dtype == "Int64":
        return Column(name=name, kind="numeric", dtype=dtype, integer=True, decimals=0)
    if dtype == "float64":
        decimals = _decimals(values.dropna().to_numpy(dtype=np.float64))
        return Column(name=name, kind="numeric", dtype=dtype, integer=decimals == 0, decimals=decimals)
    if dtype == "boolean":
        return Column(name=name, kind="boolean", dtype=dtype)
    return Column(name=name, kind="datetime" if dtype.startswith("datetime64") else "categorical", dtype=dtype)


def unfit(values: pd.Series) -> Unfit | None:
    """Why these canonical values cannot be a feature, or None. Raises DataError for infinite values."""
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
    if dtype == "Int64" and len(present) >= MANY_ROWS and _is_identifier(str(values.name), present, distinct):
        return Unfit(f"an identifier: {distinct} different numbers in {len(values)} rows", "warning")
    return None


def _unfit_text(present: pd.Series, distinct: int) -> Unfit | None:
    if distinct <= TEXT_SHARE * len(present) and distinct <= MAX_LEVELS:
        return None
    for pattern, reason in (
        (_LOCAL_DATE, "dates that can be read day first and month first; write 2020-12-31"),
        (_THOUSANDS, "numbers with commas; write 1234.5"),
    ):
        if _all_match(present, pattern):
            return Unfit(reason, "warning")
    if distinct > TEXT_SHARE * len(present) and present.str.count(r"\s+").mean() >= 3:
        return Unfit(f"free text: {distinct} different texts in {len(present)} rows", "warning")
    if distinct > ID_SHARE * len(present):
        return Unfit(f"an identifier: {distinct} different values in {len(present)} rows", "warning")
    return Unfit(f"too many categories: {distinct} in {len(present)} rows", "warning")


def _is_identifier(name: str, present: pd.Series, distinct: int) -> bool:
    if distinct == len(present) and int(present.max()) - int(present.min()) == distinct - 1:
        return True  # each of a run of numbers once: a row number
    return bool(_ID_NAME.search(name)) and distinct > ID_SHARE * len(present)


def _all_match(texts: pd.Series, pattern: str) -> bool:
    return bool(texts.str.fullmatch(pattern).all())


def _any_match(texts: pd.Series, pattern: str) -> bool:
    return bool(texts.str.fullmatch(pattern).any())


def _numbers(values: pd.Series, present: pd.Series) -> pd.Series:
    if _all_match(present, _INTEGER):
        return _integers(values)
    return values.str.replace(",", ".", regex=False).astype("Float64").astype("float64")


def _integers(values: pd.Series) -> pd.Series:
    try:
        return values.str.removeprefix("+").astype("Int64")
    except (OverflowError, ValueError, TypeError):
        return values  # more digits than an integer holds: a code


def _times(values: pd.Series) -> pd.Series:
    times = pd.to_datetime(values, format="ISO8601", utc=bool(values.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").any()))
    return times.dt.as_unit("ns")


def _local_dates(values: pd.Series) -> pd.Series:
    """31/12/2020: as times if only one of day first and month first fits all; else as they are."""
    read = [
        pd.to_datetime(values.str.replace(r"[/.-]", "-", regex=True), format=order, errors="coerce")
        for order in ("%d-%m-%Y", "%m-%d-%Y")
    ]
    fitting = [times for times in read if times.isna().sum() == values.isna().sum()]
    return fitting[0].dt.as_unit("ns") if len(fitting) == 1 or _same(fitting) else values


def _same(readings: list[pd.Series]) -> bool:
    return len(readings) == 2 and readings[0].equals(readings[1])


def _booleans(texts: pd.Series) -> pd.Series:
    wrong = sorted(set(texts.dropna().str.lower()) - set(_WORDS_FOR_BOOLEAN))
    if wrong:
        raise ValueError(f"{wrong[0]!r} is neither yes nor no")
    return texts.str.lower().map(_WORDS_FOR_BOOLEAN).astype("boolean")


def _refuse_almost_numbers(present: pd.Series, *, decimal_comma: bool) -> None:
    pattern = f"{_NUMBER}|{_COMMA_NUMBER}" if decimal_comma else _NUMBER
    numbers = present.str.fullmatch(pattern).to_numpy(dtype=bool)
    if numbers.mean() < ALMOST_NUMBERS:
        return
    strange = Counter(present[~numbers])
    places = [f"{text!r} {count} time{'s' if count > 1 else ''}" for text, count in strange.most_common(5)]
    name = str(present.name)
    raise DataError(
        f"Column {name!r} is numbers but for {int((~numbers).sum())} of {len(numbers)} values",
        where=f"column {name!r}",
        got=listing(places),
        expected="numbers, or a known spelling of a missing value",
        remedy=f"add the spelling to prepare.source.missing, or set prepare.source.kinds: {{{name}: categorical}}",
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
