from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.encoding.times import (
    as_integers,
    days,
    digits_as_ticks,
    holds_numbers,
    iso_day,
    pandas_dtype_of,
    plain_times,
    ticks_as_digits,
    time_digits,
)

FORMATS = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@given(st.lists(st.datetimes(datetime.datetime(1800, 1, 1), datetime.datetime(2200, 1, 1)), min_size=1))
@settings(deadline=None)
def test_digits_are_the_times_that_python_reads(moments: list[datetime.datetime]) -> None:
    for digits, form in FORMATS.items():
        numbers = np.array([int(moment.strftime(form)) for moment in moments])
        ticks, wrong = digits_as_ticks(numbers, digits)
        assert not wrong.any()
        np.testing.assert_array_equal(ticks_as_digits(ticks, digits), numbers)
    assert digits_as_ticks(np.array([20240301]), 8)[0] - digits_as_ticks(np.array([20240229]), 8)[0] == 1


@given(st.lists(st.integers(10_000_000, 99_999_999), min_size=1))
@settings(deadline=None)
def test_days_that_do_not_exist_are_seen(numbers: list[int]) -> None:
    wrong = digits_as_ticks(np.array(numbers), 8)[1]
    for number, found in zip(numbers, wrong, strict=True):
        try:
            datetime.datetime.strptime(str(number), "%Y%m%d")
            exists = True
        except ValueError:
            exists = False
        assert found == (not exists), number


def test_only_numbers_that_are_all_times_are_times() -> None:
    assert time_digits(np.array([20230101, 20230228, 99991231])) == 8
    assert time_digits(np.array([20230101, 20230229, 20230301])) is None
    assert time_digits(np.array([20230101, 20230301])) is None  # two may be chance
    assert time_digits(np.array([12340101, 20230228, 20230301])) is None
    assert time_digits(np.array([202301 + place for place in range(8)])) == 6
    assert time_digits(np.array([202301, 202302, 202303])) is None
    assert time_digits(np.array([20230101, 202301])) is None
    assert time_digits(np.array([0, 20230101, 20230102, 20230103])) is None
    assert time_digits(np.array([], dtype=np.int64)) is None


SHAPES: list[Any] = [
    pd.Series(["2020-01-02", None]).astype("datetime64[s]"),
    pd.Series(["2020-01-02", None]).astype("datetime64[ns]"),
    pd.Series(pd.to_datetime(pd.Series(["2020-01-02T01:00+01:00", None]), utc=True)).dt.tz_convert("Europe/Berlin"),
    pd.Series([datetime.date(2020, 1, 2), None], dtype=object),
    pd.Series([datetime.datetime(2020, 1, 2), None], dtype=object),
    pd.Series([datetime.date(2020, 1, 2), None], dtype=pd.ArrowDtype(pa.date32())),
    pd.Series([20200102, None], dtype="Int64"),
    pd.Series([20200102.0, np.nan]),
    pd.Series([np.int64(20200102), None], dtype=object),
]


@pytest.mark.parametrize("series", SHAPES)
def test_every_shape_of_times_is_the_same_day(series: pd.Series) -> None:
    found = days(series)
    assert found[0] == 18263
    assert np.isnan(found[1])
    assert iso_day(found[0]) == "2020-01-02"


def test_days_beyond_nanoseconds() -> None:
    far = days(pd.Series(["0001-01-01", "9999-12-31"]).astype("datetime64[us]"))
    assert [iso_day(day) for day in far] == ["0001-01-01", "9999-12-31"]


def test_whole_numbers_do_not_pass_through_floats() -> None:
    for dtype in ("Int64", "UInt64", "object", "int64[pyarrow]"):
        values, absent = as_integers(pd.Series([2**62 + 1, None, 3], dtype=dtype))
        assert values.tolist() == [2**62 + 1, 0, 3]
        assert absent.tolist() == [False, True, False]
    assert as_integers(pd.Series([2**64 - 1, 1], dtype="uint64"))[0].tolist() == [2**64 - 1, 1]
    with pytest.raises(DataError, match="something else"):
        as_integers(pd.Series(["red"]))


def test_what_cannot_be_given_back_is_said() -> None:
    assert pandas_dtype_of("decimal128(10, 2)[pyarrow]") == pd.ArrowDtype(pa.decimal128(10, 2))
    with pytest.raises(DataError, match="cannot be given back"):
        pandas_dtype_of("dictionary<values=string, indices=int32, ordered=0>[pyarrow]")
    with pytest.raises(DataError, match="different zones"):
        plain_times(pd.Series([pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020")], dtype=object))
    assert holds_numbers(pd.Series([1, None], dtype=object))
    assert not holds_numbers(pd.Series(["1"], dtype=object))
