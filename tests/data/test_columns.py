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
from gan_augment.data.columns import MISSING_TEXTS, as_kind, canonical, describe, parse_column, parse_text, unfit


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
        (["18446744073709551615", "1"], "numeric", "UInt64"),
        (["2020-01-01", "9999-12-31", "0001-01-01"], "datetime", "datetime64[us]"),
        (["20230101", "20230228", "20240229"], "datetime", "Int64"),
        (["20230101", "20230228", "20230229"], "numeric", "Int64"),
        ([f"2023{month:02}" for month in range(1, 13)], "datetime", "Int64"),
        (["20230101.0", "20230228.0", "20240229.0", ""], "datetime", "float64"),
        (["$1,234.50", "$5"], "numeric", "float64"),
        (["1 234", "5"], "numeric", "Int64"),
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


@pytest.mark.parametrize("wrong", ["2021-02-30", "0000-00-00", "2021-13-01", "2021-01-01T25:00", "2023-02-29"])
def test_dates_that_do_not_exist_are_told_with_their_lines(wrong: str) -> None:
    with pytest.raises(DataError, match="dates that do not exist: 1 cell") as error:
        parsed("2021-01-01", wrong, "2021-01-02")
    assert f"line 3: '{wrong}'" in str(error.value)
    assert "kinds: {col: categorical}" in str(error.value)
    assert parsed("2021-01-01", wrong, missing=frozenset([wrong])).isna().tolist() == [False, True]
    assert as_kind(texts("2021-01-01", wrong), "categorical").tolist() == ["2021-01-01", wrong]


def test_dates_with_a_few_strange_words_are_refused_with_the_words() -> None:
    with pytest.raises(DataError, match="dates but for 1 of 10") as error:
        parsed(*(f"2021-01-{day:02}" for day in range(1, 10)), "unknown")
    assert "'unknown' 1 time, first in line 11" in str(error.value)


def test_times_without_a_zone_among_others_are_said_to_be_taken_for_utc() -> None:
    def note(*cells: str) -> str | None:
        return parse_column(texts(*cells), MISSING_TEXTS, decimal_comma=False).note

    assert note("2020-01-01T10:00Z", "2020-01-01T10:00") == "times: 1 of 2 have no zone and are read as UTC"
    assert note("2020-01-01T10:00Z", "2020-01-01T10:00+01:00") is None
    assert note("2020-01-01", "2020-01-01T10:00") is None


def test_digits_that_no_float_keeps_are_said() -> None:
    note = parse_column(texts("0.12345678901234567890", "1.5"), MISSING_TEXTS, decimal_comma=False).note
    assert note == "numbers: more than 17 digits are not kept, as of 0.12345678901234567890"
    assert parse_column(texts("0.1", "1e300", "100000000000000000000.0"), frozenset(), decimal_comma=False).note is None


def test_days_written_as_numbers_are_days_unless_the_user_says_otherwise() -> None:
    days = parsed("20230101", "20230228", "20240229")
    assert describe(days, "numeric").kind == "numeric"
    assert as_kind(texts("20230101", "20230228", "20240229"), "datetime").tolist() == days.tolist()
    many = pd.Series([20230101 + day for day in range(28)] + [20230230], dtype="Int64", name="col")
    with pytest.raises(DataError, match="days written YYYYMMDD but for 1 of 29") as error:
        unfit(many)
    assert "row 29: 20230230" in str(error.value)
    assert unfit(many, "numeric") is None
    assert unfit(many[:28]) is None  # and no row numbers


def test_numbers_of_the_users_kind_are_read_as_written() -> None:
    assert as_kind(texts("$1,234.50", "5"), "numeric").tolist() == [1234.5, 5]
    assert as_kind(texts(str(2**62 + 1)), "numeric").tolist() == [2**62 + 1]
    assert as_kind(texts("1,234"), "numeric", ",").tolist() == [1.234]
    with pytest.raises(DataError, match="not numeric") as error:
        as_kind(texts("1,234", "5,678"), "numeric")
    assert "prepare.source.decimal" in str(error.value)
    with pytest.raises(DataError, match="day first and month first"):
        as_kind(texts("03/04/2021"), "datetime")
    with pytest.raises(DataError, match="'red' is not a date"):
        as_kind(texts("red"), "datetime")


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
        (pd.Series([3, None], dtype="category"), "Int64"),
        (pd.Series([np.int64(1), None], dtype=object), "Int64"),
        (pd.Series([np.float32(0.5), 1], dtype=object), "float64"),
        (pd.Series([np.bool_(True), None], dtype=object), "boolean"),
        (pd.Series([np.str_("a"), None], dtype=object), "string"),
        (pd.Series([np.datetime64("2020-01-01"), None], dtype=object), "datetime64[ns]"),
        (pd.Series([datetime.datetime(9999, 12, 31), None], dtype=object), "datetime64[us]"),
        (pd.Series([2**62 + 1, None], dtype=object), "Int64"),
        (pd.Series([2**62 + 1, None], dtype="int64[pyarrow]"), "Int64"),
        (pd.Series([1.5, None], dtype="float[pyarrow]"), "float64"),
        (pd.Series([True, None], dtype="bool[pyarrow]"), "boolean"),
        (pd.Series(["a", None], dtype="string[pyarrow]"), "string"),
        (pd.Series([datetime.date(2020, 1, 1), None], dtype="date32[pyarrow]"), "datetime64[ns]"),
        (pd.Series([None, None], dtype=object), "string"),
        (pd.Series(pd.to_datetime(["2020-01-01", None])).astype("category"), "datetime64[ns]"),
    ],
)
def test_typed_columns_become_the_same_few_dtypes(values: pd.Series, dtype: str) -> None:
    result = canonical(values.rename("col"))
    assert str(result.dtype) == dtype
    assert len(result) == len(values)


@pytest.mark.parametrize(
    "cell",
    [
        *([1, 2], {"a": 1}, b"x", datetime.timedelta(1), datetime.time(1), 1j, {1}, np.zeros(2), (1, 2)),
        *(pd.Interval(0, 1), pd.Period("2020-01"), pd.Timedelta(1)),
    ],
    ids=repr,
)
def test_columns_of_other_things_are_refused(cell: Any) -> None:
    column = pd.Series([None, None], dtype=object, name="col")
    column.iat[0] = cell
    with pytest.raises(DataError, match="neither numbers"):
        canonical(column)
    if not isinstance(cell, (list, dict, set, np.ndarray)):
        with pytest.raises(DataError, match="neither numbers"):
            canonical(pd.Series([cell, cell], name="col").astype("category"))


@pytest.mark.parametrize(
    ("cells", "spelling"),
    [
        ([f"{n % 24:02}:{n % 60:02}" for n in range(100)], "times of day or durations"),
        ([f"{n % 28 + 1:02}/{n % 12 + 1:02}/{n % 100:02}" for n in range(100)], "dates with years of two digits"),
        ([f"{1950 + n}-{n % 12 + 1:02}" for n in range(100)], "months"),
        ([f"{1950 + n}-W{n % 52 + 1:02}" for n in range(100)], "weeks"),
        ([f"{1950 + n}/{n % 12 + 1:02}/03" for n in range(100)], "dates with other signs"),
        ([f"{n % 28 + 1} Jan {1950 + n}" for n in range(100)], "dates with words"),
        ([f"January {n % 28 + 1}, {1950 + n}" for n in range(100)], "dates with words"),
        ([f"{n} {'kg' if n % 2 else 'g'}" for n in range(100)], "numbers in several units"),
    ],
)
def test_spellings_that_need_the_user_are_named_and_no_identifiers(cells: list[str], spelling: str) -> None:
    found = unfit(parsed(*cells))
    assert found is not None
    assert found.severity == "warning"
    assert spelling in found.reason


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
