"""Columns of any dtype in one that methods work with, and back."""

from __future__ import annotations

import decimal
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gan_augment.core.errors import DataError
from gan_augment.tabular.shapes import dtype_from_json, dtype_to_json, in_dtype, plain_column, plain_columns
from tests.tabular.test_column_kinds import GIVEN_BACK


@pytest.mark.parametrize("name", GIVEN_BACK)
def test_a_column_comes_back_as_it_was(name: str) -> None:
    series = GIVEN_BACK[name].rename("c")
    back = in_dtype(plain_column(series), series.dtype)
    assert back.dtype == series.dtype
    assert back.isna().tolist() == series.isna().tolist()
    present = series.notna()
    assert back[present].tolist() == series[present].tolist()


@pytest.mark.parametrize("name", GIVEN_BACK)
def test_a_dtype_comes_back_from_json(name: str) -> None:
    dtype = GIVEN_BACK[name].dtype
    assert dtype_from_json(json.loads(json.dumps(dtype_to_json(dtype)))) == dtype


def test_the_missing_value_of_a_text_dtype_is_kept() -> None:
    for dtype in (pd.StringDtype("python"), pd.StringDtype("pyarrow", na_value=np.nan)):
        again = dtype_from_json(dtype_to_json(dtype))
        assert (again.storage, again.na_value is pd.NA) == (dtype.storage, dtype.na_value is pd.NA)


@pytest.mark.parametrize(
    "form", ["no dtype", {"arrow": "zz"}, {"arrow": ""}, {"text": "python"}, {"sparse": "x", "fill": None}, {}, 3]
)
def test_a_damaged_form_is_no_dtype(form: Any) -> None:
    with pytest.raises((DataError, KeyError, TypeError, ValueError, pa.ArrowException)):
        dtype_from_json(form)


@pytest.mark.parametrize(
    ("series", "plain"),
    [
        (pd.Series([decimal.Decimal("1.50"), None]), "decimal128(3, 2)[pyarrow]"),
        (pd.Series([1, None, 3], dtype=object), "Int64"),
        (pd.Series([True, None], dtype=object), "boolean"),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.0])), "float64"),
        (pd.Series([0.1], dtype="longdouble"), "float64"),
        (pd.Series(["a", "b"], dtype=object), "object"),
    ],
    ids=lambda value: str(getattr(value, "dtype", value)),
)
def test_what_methods_work_with(series: pd.Series, plain: str) -> None:
    assert str(plain_column(series).dtype) == plain


def test_levels_of_other_things_are_texts_in_their_order() -> None:
    series = pd.Series(pd.Categorical(pd.to_timedelta([2, 1, 2], "h"), ordered=True))
    plain = plain_column(series)
    assert all(isinstance(level, str) for level in plain.cat.categories)
    assert plain.cat.codes.tolist() == series.cat.codes.tolist()
    assert plain.cat.ordered


@pytest.mark.parametrize("value", ["12345678901234567", "Infinity"])
def test_a_decimal_that_no_float_holds_is_refused_with_its_column(value: str) -> None:
    series = pd.Series([decimal.Decimal(1), decimal.Decimal(value)], name="price", dtype=object)
    with pytest.raises(DataError, match="'price'"):
        plain_column(series)


def test_a_frame_keeps_its_columns_and_index() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "d": [decimal.Decimal(1), None]}, index=[7, 3])
    plain = plain_columns(frame)
    assert list(plain.columns) == ["x", "d"]
    assert plain.index.tolist() == [7, 3]
    pd.testing.assert_series_equal(plain["x"], frame["x"])
