"""Codecs of one column: levels, whole numbers beyond floats, times of any shape."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.core.records import Column, TableSpec
from gan_augment.encoding.columns import LevelColumn, NumericColumn, TimeColumn, WholeColumn, fit_column
from gan_augment.encoding.table import TableCodec
from tests.encoding.test_table import one, round_trip

WIDE = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=60),
    st.lists(st.integers(2**60, 2**60 + 50), min_size=2, max_size=60),
    st.lists(st.sampled_from([0, 2**62 + 1, 2**62 + 3, -(2**63)]), min_size=2, max_size=60),
)


@pytest.mark.parametrize(
    ("series", "kind", "codec"),
    [
        (pd.Series([0.5, 1.5, 2.5]), "numeric", NumericColumn),
        (pd.Series([2**60 + 7 * n for n in range(40)]), "numeric", WholeColumn),
        (pd.Series([2**60, 2**60 + 1] * 5), "numeric", LevelColumn),  # a few such numbers are names
        (pd.Series(["a", "b"], dtype="string"), "categorical", LevelColumn),
        (pd.Series([True, False], dtype="boolean"), "boolean", LevelColumn),
        (pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])), "datetime", TimeColumn),
        (pd.Series([20230101, 20230102]), "datetime", TimeColumn),
    ],
)
def test_each_kind_of_column_has_its_codec(series: pd.Series, kind: Any, codec: type) -> None:
    column = Column(name="c", kind=kind, dtype=str(series.dtype), integer=series.dtype.kind == "i")
    assert type(fit_column(column, series.rename("c"), "quantile", 32)) is codec


@pytest.mark.parametrize(
    ("values", "states", "has_value", "missing"),
    [
        ([0.5, 1.5, 2.5, 3.5], 1, True, None),  # a value only: no choice to make
        ([0.5, 1.5, 2.5, None], 2, True, 1),
        ([1.0, 2.0, 1.0], 2, False, None),  # each number a state
        ([7.0, 7.0], 1, False, None),  # nothing to encode
        ([None, None], 1, False, 0),
        ([0.0] * 30 + [float(n) for n in range(1, 31)], 2, True, None),  # many zeros are a state
    ],
)
def test_numbers_become_a_choice_a_value_or_both(
    values: list[float | None], states: int, has_value: bool, missing: int | None
) -> None:
    series = pd.Series(values, dtype="float64", name="c")
    codec = fit_column(Column(name="c", kind="numeric", dtype="float64"), series, "quantile", 32)
    assert (codec.states, codec.has_value, codec.missing_code) == (states, has_value, missing)
    back = codec.decode(*codec.encode(pd.DataFrame({"c": series}), None), None)["c"]
    pd.testing.assert_series_equal(back, series, atol=0.2)


def test_rare_levels_share_a_state_and_come_back_by_their_frequency() -> None:
    levels = ["often"] * 50 + [f"rare{i}" for i in range(20)] + ["sometimes"] * 10
    frame, table = one("categorical", pd.Series(levels, dtype="string"))
    codec = TableCodec.fit(frame, table, max_levels=2)
    assert codec.width == 3
    encoded = codec.encode(frame)
    back = codec.decode(encoded, np.random.default_rng(0))["c"]
    common = frame["c"].isin(["often", "sometimes"])
    assert back[common].equals(frame["c"][common])
    assert back[~common].str.startswith("rare").all()
    assert back[~common].nunique() > 5


def test_an_unseen_level_is_grouped_with_the_rare_ones_or_left_blank() -> None:
    frame, table = one("categorical", pd.Series(["a", "a", "a", "b", "b"], dtype="string"))
    codec = TableCodec.fit(frame, table)
    new = pd.DataFrame({"c": pd.Series(["z", pd.NA], dtype="string")})
    assert codec.encode(new).sum() == 0
    assert codec.decode(codec.encode(new))["c"].tolist() == ["a", "a"]
    frame, table = one("categorical", pd.Series(["a", "a", "x", "y", "b", "b"], dtype="string"))
    codec = TableCodec.fit(frame, table, max_levels=2)
    assert codec.decode(codec.encode(new.iloc[:1]))["c"].tolist() == ["x"]


def test_category_order_and_unused_categories_are_kept() -> None:
    dtype = pd.CategoricalDtype(["low", "mid", "high", "never"], ordered=True)
    frame, table = one("categorical", pd.Series(["mid", "low", "low", "high", "mid", "high"], dtype=dtype))
    pd.testing.assert_frame_equal(round_trip(frame, table), frame)
    assert round_trip(frame, table)["c"].dtype == dtype


def test_integer_levels_stay_integers() -> None:
    frame, table = one("categorical", pd.Series([3, 1, 3, 1, 2, 2], dtype="int64"))
    pd.testing.assert_frame_equal(round_trip(frame, table), frame)


def test_whole_numbers_are_rounded_and_not_cut_off() -> None:
    frame, table = one("numeric", pd.Series(np.arange(300)).astype("float64"), integer=True)
    made = TableCodec.fit(frame, table).decode(np.random.default_rng(0).normal(size=(4000, 1)))["c"]
    np.testing.assert_array_equal(made, made.round())
    whole, cut = one("numeric", pd.Series(np.repeat([0, 10, 11, 12, 30], 30)), integer=True)
    codec = TableCodec.fit(whole, cut)
    back = codec.decode(codec.encode(whole))["c"]
    assert back.value_counts().to_dict() == whole["c"].value_counts().to_dict()


@given(values=WIDE, gap=st.booleans(), levels=st.sampled_from([2, 32]), seed=st.integers(0, 9))
@settings(deadline=None)
def test_whole_numbers_beyond_floats_stay_in_range_and_few_of_them_exact(
    values: list[int], gap: bool, levels: int, seed: int
) -> None:
    series = pd.Series([*values, None] if gap else values, dtype="Int64", name="x")
    frame = pd.DataFrame({"x": series})
    spec = TableSpec(columns=(Column(name="x", kind="numeric", dtype="Int64", integer=True),), target="y")
    codec = TableCodec.from_json(TableCodec.fit(frame, spec, max_levels=levels).to_json())
    noise = np.random.default_rng(seed).normal(size=(len(frame), codec.width)).astype(np.float32)
    for matrix in (codec.encode(frame), codec.encode(frame) + noise):
        made = codec.decode(matrix)["x"]
        assert made.dtype == "Int64"
        assert made.dropna().between(min(values), max(values)).all()
    back = codec.decode(codec.encode(frame))["x"]
    assert back.isna().tolist() == series.isna().tolist()
    if len(set(values)) <= 2 or (max(map(abs, values)) > 2**53 >= 0 and len(set(values)) <= levels):
        assert back.dropna().tolist() == values


def test_unsigned_numbers_up_to_the_largest() -> None:
    values = np.random.default_rng(0).integers(0, 2**64 - 1, 80, dtype=np.uint64, endpoint=True)
    values[0], values[1:30] = 2**64 - 1, 2**63 + 3  # a spike, which comes back to the last digit
    frame = pd.DataFrame({"x": values})
    spec = TableSpec(columns=(Column(name="x", kind="numeric", dtype="uint64", integer=True),), target="y")
    codec = TableCodec.fit(frame, spec)
    back = codec.decode(codec.encode(frame))["x"]
    assert back.dtype == np.uint64
    assert back[1:30].eq(2**63 + 3).all()
    assert back.max() <= values.max()


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int32", "float64", "object", "int64[pyarrow]"])
def test_days_written_as_numbers_are_days_of_the_calendar(dtype: Any) -> None:
    written = pd.date_range("2023-01-01", periods=90, freq="9D").strftime("%Y%m%d").astype(int)
    frame = pd.DataFrame({"day": pd.Series(written.tolist()).astype(dtype)})
    column = Column(name="day", kind="datetime", dtype=str(frame["day"].dtype), integer=True)
    codec = TableCodec.fit(frame, TableSpec(columns=(column,), target="y"))
    made = codec.decode(np.random.default_rng(0).normal(size=(200, codec.width)).astype(np.float32))["day"]
    assert made.dtype == frame["day"].dtype
    assert pd.to_datetime(made.astype("Int64").astype(str), format="%Y%m%d", errors="coerce").notna().all()
    assert made.astype("Int64").between(written.min(), written.max()).all()


@pytest.mark.parametrize("end", ["9999-12-31", "0001-01-01", "2400-05-05"])
@pytest.mark.parametrize("share", [2, 30])
def test_a_date_that_means_no_end_is_a_state_and_pulls_no_other_date_away(end: str, share: int) -> None:
    usual = pd.Series(pd.date_range("2020-01-01", periods=60, unit="us"))
    far = pd.Series([end] * share).astype("datetime64[us]")
    frame = pd.DataFrame({"until": pd.concat([usual, far], ignore_index=True)})
    spec = TableSpec(columns=(Column(name="until", kind="datetime", dtype="datetime64[us]"),), target="y")
    codec = TableCodec.fit(frame, spec)
    made = codec.decode(np.random.default_rng(0).normal(size=(400, codec.width)).astype(np.float32))["until"]
    others = made[made != pd.Timestamp(end)]
    assert 0 < len(others) < len(made)
    assert others.between(usual.min(), usual.max()).all()


@pytest.mark.parametrize(
    "level", [pd.Timestamp("2020"), datetime.date(2020, 1, 1), pd.Interval(0, 1), (1, 2)], ids=repr
)
def test_categories_of_other_things_are_named(level: Any) -> None:
    frame = pd.DataFrame({"x": pd.Categorical([level, level])})
    spec = TableSpec(columns=(Column(name="x", kind="categorical", dtype="category"),), target="y")
    with pytest.raises(DataError, match="neither a text, a number nor a truth value"):
        TableCodec.fit(frame, spec)
