"""The table codec: what goes in comes out, exactly where it is discrete, within a quantile step where it is not."""

from __future__ import annotations

import datetime
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


def test_ten_thousand_levels_do_not_widen_the_matrix() -> None:
    frame, table = one("categorical", pd.Series([f"id{i}" for i in range(10_000)] * 2, dtype="string"))
    assert TableCodec.fit(frame, table, max_levels=32).width == 33


def test_an_unseen_level_is_grouped_with_the_rare_ones_or_left_blank() -> None:
    frame, table = one("categorical", pd.Series(["a", "a", "a", "b", "b"], dtype="string"))
    codec = TableCodec.fit(frame, table)
    new = pd.DataFrame({"c": pd.Series(["z", pd.NA], dtype="string")})
    assert codec.encode(new).sum() == 0
    assert codec.decode(codec.encode(new))["c"].tolist() == ["a", "a"]
    frame, table = one("categorical", pd.Series(["a", "a", "x", "y", "b", "b"], dtype="string"))
    codec = TableCodec.fit(frame, table, max_levels=2)
    assert codec.decode(codec.encode(new.iloc[:1]))["c"].tolist() == ["x"]


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


def test_category_order_and_unused_categories_are_kept() -> None:
    dtype = pd.CategoricalDtype(["low", "mid", "high", "never"], ordered=True)
    frame, table = one("categorical", pd.Series(["mid", "low", "low", "high", "mid", "high"], dtype=dtype))
    pd.testing.assert_frame_equal(round_trip(frame, table), frame)
    assert round_trip(frame, table)["c"].dtype == dtype


def test_integer_levels_stay_integers() -> None:
    frame, table = one("categorical", pd.Series([3, 1, 3, 1, 2, 2], dtype="int64"))
    pd.testing.assert_frame_equal(round_trip(frame, table), frame)


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


def test_whole_numbers_are_rounded_and_not_cut_off() -> None:
    frame, table = one("numeric", pd.Series(np.arange(300)).astype("float64"), integer=True)
    made = TableCodec.fit(frame, table).decode(np.random.default_rng(0).normal(size=(4000, 1)))["c"]
    np.testing.assert_array_equal(made, made.round())
    whole, cut = one("numeric", pd.Series(np.repeat([0, 10, 11, 12, 30], 30)), integer=True)
    codec = TableCodec.fit(whole, cut)
    back = codec.decode(codec.encode(whole))["c"]
    assert back.value_counts().to_dict() == whole["c"].value_counts().to_dict()


# Whole numbers beyond floats, times of any shape

WIDE = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=60),
    st.lists(st.integers(2**60, 2**60 + 50), min_size=2, max_size=60),
    st.lists(st.sampled_from([0, 2**62 + 1, 2**62 + 3, -(2**63)]), min_size=2, max_size=60),
)


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
