from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.data.columns import MISSING_TEXTS, as_kind, canonical, describe, parse_text, unfit


def texts(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="string", name="col", index=[f"line {n + 2}" for n in range(len(cells))])


def parsed(*cells: str, missing: frozenset[str] = frozenset(), decimal_comma: bool = False) -> pd.Series:
    return parse_text(texts(*cells), MISSING_TEXTS | missing, decimal_comma=decimal_comma)


@pytest.mark.parametrize(
    ("cells", "kind", "dtype"),
    [
        (["1", "-2", "+3"], "numeric", "Int64"),
        (["1.5", "2", ".5", "1e-3"], "numeric", "float64"),
        (["true", "False", "TRUE"], "boolean", "boolean"),
        (["2020-01-01", "2021-12-31"], "datetime", "datetime64[ns]"),
        (["2020-01-01 10:00", "2021-12-31T11:30:05"], "datetime", "datetime64[ns]"),
        (["2020-01-01T10:00:00Z", "2020-01-01T10:00:00+02:00"], "datetime", "datetime64[ns, UTC]"),
        (["red", "blue"], "categorical", "string"),
        (["yes", "no"], "categorical", "string"),
        (["00123", "04512"], "categorical", "string"),
        (["12345678901234567890123", "2"], "categorical", "string"),
        (["31/12/2020", "01/02/2020"], "datetime", "datetime64[ns]"),
        (["12/31/2020", "01/02/2020"], "datetime", "datetime64[ns]"),
        (["11.12.2020", "01.02.2020"], "categorical", "string"),
    ],
)
def test_kinds(cells: list[str], kind: str, dtype: str) -> None:
    column = describe(parsed(*cells))
    assert (column.kind, column.dtype) == (kind, dtype)


@pytest.mark.parametrize("hole", ["", "NA", "NaN", "null", "None", "n/a"])
def test_missing_cells_stay_missing_and_change_no_kind(hole: str) -> None:
    for cells, kind in [(["1", "2"], "Int64"), (["1.5"], "float64"), (["true"], "boolean"), (["red"], "string")]:
        values = parsed(*cells, hole)
        assert str(values.dtype) == kind
        assert values.isna().tolist() == [False] * len(cells) + [True]


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_whole_numbers_come_through_exactly(numbers: list[int]) -> None:
    assert parsed(*map(str, numbers)).tolist() == numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_come_through_exactly(numbers: list[float]) -> None:
    assert parsed(*map(repr, numbers)).astype(float).tolist() == numbers


@given(st.lists(st.integers(-10_000, 10_000), min_size=1), st.integers(0, 4))
def test_decimals_are_enough_to_write_every_value(numbers: list[int], digits: int) -> None:
    values = pd.Series([number / 10**digits for number in numbers], name="col")
    column = describe(values)
    assert column.decimals is not None
    assert column.decimals <= digits
    assert (values.round(column.decimals) == values).all()


def test_decimals_and_whole_floats() -> None:
    assert describe(parsed("1.25", "3.5")).decimals == 2
    whole = describe(parsed("1.0", "2.0", ""))
    assert whole.integer
    assert whole.dtype == "float64"
    assert describe(pd.Series([np.pi, 1.0], name="col")).decimals is None


def test_decimal_commas_where_the_separator_is_another() -> None:
    assert parsed("1,5", "2", decimal_comma=True).tolist() == [1.5, 2.0]
    assert parsed("1,5", "2,5").tolist() == [1.5, 2.5]  # in one way only, with a note


def test_numbers_with_a_few_strange_words_are_refused_with_the_words() -> None:
    with pytest.raises(DataError, match="numbers but for 2 of 12") as error:
        parsed(*map(str, range(10)), "?", "?")
    assert "'?' 2 times" in str(error.value)
    assert "prepare.source.missing" in str(error.value)
    assert parsed(*map(str, range(10)), "?", missing=frozenset("?")).isna().sum() == 1


def test_named_kinds_win() -> None:
    assert as_kind(texts("1", "2"), "categorical").tolist() == ["1", "2"]
    assert as_kind(texts("yes", "0"), "boolean").tolist() == [True, False]
    assert as_kind(texts("007", "8"), "numeric").tolist() == [7.0, 8.0]
    assert str(as_kind(texts("2020-01-01"), "datetime").dtype) == "datetime64[ns]"
    with pytest.raises(DataError, match="not numeric"):
        as_kind(texts("red"), "numeric")
    with pytest.raises(DataError, match="not boolean"):
        as_kind(texts("perhaps"), "boolean")


# Typed files


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (pd.Series([1, 2], dtype="int8"), "Int64"),
        (pd.Series([1.5, None], dtype="float32"), "float64"),
        (pd.Series([True, False]), "boolean"),
        (pd.Series([True, None], dtype=object), "boolean"),
        (pd.Series(["a", " b ", ""], dtype=object), "string"),
        (pd.Series(["a", "b"], dtype="category"), "string"),
        (pd.Series([3, 4], dtype="category"), "Int64"),
        (pd.Series([Decimal("1.5"), None], dtype=object), "float64"),
        (pd.Series(pd.to_datetime(["2020-01-01"])).astype("datetime64[s]"), "datetime64[ns]"),
        (pd.Series([2**63 + 1, 1], dtype="uint64"), "UInt64"),
    ],
)
def test_typed_columns_become_the_same_few_dtypes(values: pd.Series, dtype: str) -> None:
    result = canonical(values.rename("col"))
    assert str(result.dtype) == dtype
    assert len(result) == len(values)


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, b"x", datetime.timedelta(1)])
def test_columns_of_other_things_are_refused(cell: Any) -> None:
    with pytest.raises(DataError, match="neither numbers"):
        canonical(pd.Series([cell, cell], dtype=object, name="col"))


# Columns that are no features


def reason(values: pd.Series) -> tuple[str, str] | None:
    found = unfit(values.rename("col") if values.name is None else values)
    return None if found is None else (found.reason.split(":")[0], found.severity)


def test_columns_that_say_nothing_are_errors() -> None:
    assert reason(parsed("", "", "")) == ("every value is missing", "error")
    assert reason(parsed("7", "7", "7")) == ("constant", "error")
    assert reason(parsed("7", "7", "")) is None  # whether it is missing may say something


def test_identifiers_and_free_text_are_dropped_with_a_warning() -> None:
    many = range(100)
    assert reason(parsed(*(f"u{n:04}" for n in many))) == ("an identifier", "warning")
    assert reason(parsed(*map(str, many))) == ("an identifier", "warning")
    assert reason(pd.Series([n * 37 for n in many], dtype="Int64", name="PatientID")) == ("an identifier", "warning")
    assert reason(parsed(*(f"the patient was seen on day {n}" for n in many))) == ("free text", "warning")
    assert reason(parsed(*(f"street {n % 70}" for n in many))) == ("too many categories", "warning")


def test_local_dates_are_read_in_the_one_order_that_fits() -> None:
    assert parsed("31/12/2020", "01/02/2020").iloc[1] == pd.Timestamp(2020, 2, 1)
    assert parsed("12/31/2020", "01/02/2020", "").iloc[1] == pd.Timestamp(2020, 1, 2)
    assert parsed("03/03/2020", "04/04/2020").iloc[0] == pd.Timestamp(2020, 3, 3)


def test_what_could_be_dates_or_numbers_is_dropped_with_advice() -> None:
    ambiguous = parsed(*(f"{n % 12 + 1}/{n % 11 + 1}/{2000 + n}" for n in range(100)))
    assert reason(ambiguous) == ("dates that can be read day first and month first; write 2020-12-31", "warning")
    unclear = reason(parsed(*(f"{n},{n + 100}" for n in range(1, 100))))
    assert unclear is not None
    assert "1,101 may be a thousand or a decimal; set prepare.source.decimal" in unclear[0]


def test_real_features_are_kept() -> None:
    many = range(100)
    assert reason(parsed(*(str(n * 37 % 1000) for n in many))) is None
    assert reason(parsed(*(str(n / 7) for n in many))) is None
    assert reason(parsed(*("abc"[n % 3] for n in many))) is None
    assert reason(parsed("a", "b", "c")) is None  # few rows: nothing can be said
    assert reason(pd.Series([n * 37 % 50 for n in many], dtype="Int64", name="acid")) is None


def test_infinite_values_are_refused_with_their_lines() -> None:
    with pytest.raises(DataError, match="2 infinite values") as error:
        unfit(parsed("1.5", "inf", "-Infinity", "2"))
    assert "line 3" in str(error.value)
    assert "line 4" in str(error.value)
