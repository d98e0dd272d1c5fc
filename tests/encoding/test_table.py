"""The table codec: what goes in comes out, exactly where it is discrete, within a quantile step where it is not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError, ModelError
from gan_augment.core.records import Column, ColumnKind, TableSpec
from gan_augment.encoding.table import TableCodec


def spec(*columns: Column) -> TableSpec:
    return TableSpec(columns=columns, target="y")


def one(kind: ColumnKind, series: pd.Series, **extra: object) -> tuple[pd.DataFrame, TableSpec]:
    column = Column.model_validate({"name": "c", "kind": kind, "dtype": str(series.dtype), **extra})
    return pd.DataFrame({"c": series}), spec(column)


def round_trip(frame: pd.DataFrame, table: TableSpec, **settings: object) -> pd.DataFrame:
    codec = TableCodec.fit(frame, table, **settings)  # type: ignore[arg-type]
    return TableCodec.from_json(json.loads(json.dumps(codec.to_json()))).decode(codec.encode(frame))


MISSING_OR = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "Ärger", "", "a b"]))


@settings(max_examples=60)
@given(
    values=st.lists(MISSING_OR, min_size=1, max_size=40), dtype=st.sampled_from(["string", "str", "object", "category"])
)
def test_categories_come_back_exactly(values: list[str | None], dtype: Any) -> None:
    objects = pd.Series(values, dtype="object").replace([None], np.nan)  # of object's ways to miss, the one pandas uses
    frame, table = one("categorical", objects.astype(dtype))
    pd.testing.assert_frame_equal(round_trip(frame, table), frame)


@settings(max_examples=60)
@given(values=st.lists(st.one_of(st.none(), st.booleans()), min_size=1, max_size=30))
def test_booleans_come_back_exactly(values: list[bool | None]) -> None:
    frame, table = one("boolean", pd.Series(values, dtype="boolean"))
    pd.testing.assert_frame_equal(round_trip(frame, table), frame)


NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3))


@settings(max_examples=100)
@given(values=st.lists(st.one_of(st.none(), NUMBERS), min_size=1, max_size=300))
def test_numbers_come_back_within_one_quantile_step_and_missing_ones_exactly(values: list[float | None]) -> None:
    frame, table = one("numeric", pd.Series(values, dtype="Float64"), decimals=3)
    back = round_trip(frame, table)["c"]
    assert back.dtype == "Float64"
    assert back.isna().equals(frame["c"].isna())
    seen = frame["c"].dropna().to_numpy(dtype=float)
    if len(seen) == 0:
        return
    landmarks = np.unique(np.quantile(seen, np.linspace(0, 1, min(100, max(2, len(seen))))))
    step = np.diff(landmarks).max() if len(landmarks) > 1 else 0.0
    got = back.dropna().to_numpy(dtype=float)
    assert np.all(np.abs(got - seen) <= step + 1e-6 * np.abs(seen) + 1.1e-3)
    assert got.min() >= seen.min()
    assert got.max() <= seen.max()
    assert np.all(got == np.round(got, 3))


@settings(max_examples=60)
@given(values=st.lists(st.integers(0, 30), min_size=40, max_size=300))
def test_integers_with_few_distinct_values_come_back_as_integers_within_one_step(values: list[int]) -> None:
    frame, table = one("numeric", pd.Series(values, dtype="int64"), integer=True)
    back = round_trip(frame, table)["c"]
    assert back.dtype == np.int64
    landmarks = np.unique(np.quantile(values, np.linspace(0, 1, min(100, len(values)))))
    step = np.diff(landmarks).max() if len(landmarks) > 1 else 0
    assert np.abs(back - frame["c"]).max() <= step


@settings(max_examples=50)
@given(
    days=st.lists(st.one_of(st.none(), st.integers(-20_000, 20_000)), min_size=3, max_size=60),
    dtype=st.sampled_from(["datetime64[ns]", "datetime64[s]", "datetime64[us, UTC]", "datetime64[ns, Europe/Berlin]"]),
)
def test_times_keep_dtype_zone_whole_days_and_missing_pattern(days: list[int | None], dtype: Any) -> None:
    stamps = [pd.NaT if day is None else pd.Timestamp("2001-03-04") + pd.Timedelta(days=day) for day in days]
    zoned = pd.Series(stamps, dtype="datetime64[ns]")
    series = zoned.dt.tz_localize("UTC").astype(dtype) if "," in dtype else zoned.astype(dtype)
    frame, table = one("datetime", series)
    back = round_trip(frame, table)["c"]
    assert back.dtype == series.dtype
    assert back.isna().equals(series.isna())
    seen, got = series.dropna(), back.dropna()
    if len(seen):
        assert got.min() >= seen.min()
        assert got.max() <= seen.max()
        utc = got.dt.tz_convert("UTC") if "," in dtype else got
        assert (utc == utc.dt.normalize()).all()


def test_zero_inflated_column_keeps_its_zeros_exactly_and_its_share() -> None:
    generator = np.random.default_rng(0)
    values = np.where(generator.random(500) < 0.7, 0.0, generator.lognormal(3, 2, 500)).round(2)
    frame, table = one("numeric", pd.Series(values), decimals=2)
    codec = TableCodec.fit(frame, table)
    assert [block.kind for block in codec.blocks] == ["choice", "value"]
    assert codec.blocks[1].switch == 0
    np.testing.assert_array_equal(round_trip(frame, table)["c"] == 0, values == 0)


def test_quantile_scale_makes_a_heavy_tail_normal() -> None:
    values = np.random.default_rng(1).lognormal(0, 3, 2000)
    frame, table = one("numeric", pd.Series(values))
    scaled = TableCodec.fit(frame, table).encode(frame)[:, 0]
    assert abs(scaled.mean()) < 0.05
    assert abs(scaled.std() - 1) < 0.05
    assert scaled.min() >= -3.001
    assert scaled.max() <= 3.001


def test_values_beyond_the_bound_are_no_spike_at_the_ends() -> None:
    values = np.random.default_rng(2).normal(size=500)
    frame, table = one("numeric", pd.Series(values))
    made = TableCodec.fit(frame, table).decode(np.linspace(2, 5, 300)[:, None])["c"]
    assert made.max() <= values.max()
    assert (made == values.max()).sum() <= 1
    assert made.nunique() > 290


def test_ties_are_spread_over_their_ranks_only_with_a_generator() -> None:
    values = np.repeat(np.arange(12), 50)
    frame, table = one("numeric", pd.Series(values), integer=True)
    codec = TableCodec.fit(frame, table)
    assert len(np.unique(codec.encode(frame))) == 12
    spread = codec.encode(frame, np.random.default_rng(0))
    assert len(np.unique(spread)) > 500
    pd.testing.assert_frame_equal(codec.decode(spread), frame)
    assert abs(spread.std() - 1) < 0.05


def test_standard_scale_keeps_distances() -> None:
    frame, table = one("numeric", pd.Series([0.0, 1.0, 2.0, 4.0, 100.0]))
    codec = TableCodec.fit(frame, table, scale="standard")
    scaled = codec.encode(frame)[:, 0]
    np.testing.assert_allclose(np.diff(scaled) * frame["c"].std(ddof=0), np.diff(frame["c"]), rtol=1e-5)
    np.testing.assert_allclose(codec.decode(codec.encode(frame))["c"], frame["c"], rtol=1e-5)


def test_ten_thousand_levels_do_not_widen_the_matrix() -> None:
    frame, table = one("categorical", pd.Series([f"id{i}" for i in range(10_000)] * 2, dtype="string"))
    assert TableCodec.fit(frame, table, max_levels=32).width == 33


def test_constant_columns_take_no_room_and_come_back() -> None:
    frame = pd.DataFrame({"k": [7, 7, 7], "m": pd.Series([pd.NA] * 3, dtype="string"), "x": [1.5, 2.5, 9.0]})
    table = spec(
        Column(name="k", kind="numeric", dtype="int64", integer=True),
        Column(name="m", kind="categorical", dtype="string"),
        Column(name="x", kind="numeric", dtype="float64", decimals=1),
    )
    codec = TableCodec.fit(frame, table)
    assert codec.width == 1
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_the_order_of_rows_does_not_matter_to_the_fit() -> None:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame({"c": generator.choice(list("abcdef"), 60), "x": generator.random(60)}).astype({"c": "string"})
    table = spec(
        Column(name="c", kind="categorical", dtype="string"), Column(name="x", kind="numeric", dtype="float64")
    )
    shuffled = frame.sample(frac=1, random_state=1)
    assert TableCodec.fit(frame, table) == TableCodec.fit(shuffled, table)


def test_infinite_and_absent_columns_are_named() -> None:
    frame, table = one("numeric", pd.Series([1.0, np.inf]))
    with pytest.raises(DataError, match="'c'"):
        TableCodec.fit(frame, table)
    with pytest.raises(DataError, match="column 'c'"):
        TableCodec.fit(frame.rename(columns={"c": "d"}), table)
    frame, table = one("numeric", pd.Series(["1", "x"], dtype="string"))
    with pytest.raises(DataError, match="not a number"):
        TableCodec.fit(frame, table)


def test_damaged_json_is_a_model_error() -> None:
    with pytest.raises(ModelError):
        TableCodec.from_json({"columns": [{"kind": "numeric"}]})


def test_codes_hold_a_column_a_choice_and_one_a_value() -> None:
    frame = pd.DataFrame(
        {
            "word": pd.array(["a", "b", "a", None, "c"], dtype="string"),
            "number": [0.5, 1.5, 2.5, 3.5, 4.5],
            "gaps": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "same": [7] * 5,
        }
    )
    kinds: dict[str, ColumnKind] = {"word": "categorical"}
    columns = [
        Column(name=str(c), kind=kinds.get(str(c), "numeric"), dtype=str(t), integer=c in ("gaps", "same"))
        for c, t in frame.dtypes.items()
    ]
    codec = TableCodec.fit(frame, spec(*columns), scale="standard")
    codes = codec.encode_codes(frame)
    assert codec.coded == (True, False, True, False)
    assert codes.shape == (5, 4)
    assert np.isnan(codes[:, 3]).tolist() == [False, True, False, False, False]
    pd.testing.assert_frame_equal(codec.decode_codes(np.nan_to_num(codes)), frame)
