"""Rules hold in every decoded row, whatever the matrix says, and in no other way than by the rows' own values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Column, Rule, TableSpec
from gan_augment.encoding.rules import check_rules, restore_order
from gan_augment.encoding.table import TableCodec

COLUMNS = (
    Column(name="low", kind="numeric", dtype="Int64", integer=True, decimals=0),
    Column(name="mid", kind="numeric", dtype="float64", decimals=2),
    Column(name="high", kind="numeric", dtype="float64"),
    Column(name="from", kind="datetime", dtype="datetime64[us]"),
    Column(name="to", kind="datetime", dtype="datetime64[us]"),
    Column(name="city", kind="categorical", dtype="string"),
    Column(name="country", kind="categorical", dtype="category"),
    Column(name="coast", kind="boolean", dtype="boolean"),
)
PLACES = [
    ("Rome", "IT", False),
    ("Bari", "IT", True),
    ("Nice", "FR", True),
    ("Metz", "FR", False),
    (pd.NA, "FR", pd.NA),
]


def rules(*values: dict[str, Any]) -> tuple[Rule, ...]:
    return TableSpec.model_validate({"columns": COLUMNS, "target": "y", "rules": values}).rules


def table(*values: dict[str, Any]) -> TableSpec:
    return TableSpec(columns=COLUMNS, target="y", rules=rules(*values))


ORDER = {"kind": "order", "columns": ["low", "mid", "high"]}
TIMES = {"kind": "order", "columns": ["from", "to"]}
PLACE = {"kind": "combination", "columns": ["city", "country", "coast"]}
RANGE = {"kind": "range", "column": "low", "low": 0, "high": 50}


def frame(rows: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(0)
    low = random.integers(0, 50, rows)
    mid = np.round(low + random.gamma(1, 3, rows), 2)
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(random.integers(0, 500, rows), unit="h")
    place = [PLACES[i] for i in random.integers(0, len(PLACES), rows)]
    return pd.DataFrame(
        {
            "low": pd.Series(low).astype("Int64").mask(random.random(rows) < 0.1),
            "mid": pd.Series(mid).mask(random.random(rows) < 0.1),
            "high": mid + random.gamma(1, 3, rows),
            "from": start,
            "to": start + pd.to_timedelta(random.integers(0, 50, rows), unit="h"),
            "city": pd.Series([p[0] for p in place], dtype="string"),
            "country": pd.Categorical([p[1] for p in place], categories=["FR", "IT", "DE"]),
            "coast": pd.Series([p[2] for p in place], dtype="boolean"),
        }
    )


def test_a_round_trip_with_rules_is_as_exact_as_without() -> None:
    source = frame()
    codec = TableCodec.fit(source, table(ORDER, TIMES, PLACE, RANGE))
    codec = TableCodec.from_json(json.loads(json.dumps(codec.to_json())))
    back = codec.decode(codec.encode(source))
    pd.testing.assert_series_equal(back.dtypes, source.dtypes)
    pd.testing.assert_frame_equal(back[["city", "country", "coast"]], source[["city", "country", "coast"]])
    assert back.isna().equals(source.isna())


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_any_matrix_decodes_to_rows_that_keep_every_rule(seed: int) -> None:
    spec = table(ORDER, TIMES, PLACE, RANGE)
    codec = TableCodec.fit(frame(), spec)
    made = codec.decode(np.random.default_rng(seed).normal(0, 2, (300, codec.width)), np.random.default_rng(seed))
    check_rules(made, spec)
    combinations = made[["city", "country", "coast"]].astype(object).fillna("missing").apply(tuple, axis=1)
    assert set(combinations) <= {tuple("missing" if part is pd.NA else part for part in place) for place in PLACES}
    assert made.notna().any().all()
    np.testing.assert_array_equal(made["mid"], made["mid"].round(2))


def test_rules_that_share_a_column_hold_together() -> None:
    spec = table({"kind": "order", "columns": ["mid", "high"]}, {"kind": "order", "columns": ["low", "mid"]})
    codec = TableCodec.fit(frame(), spec)
    made = codec.decode(np.random.default_rng(0).normal(0, 2, (2000, codec.width)))
    check_rules(made, spec)


def test_rows_that_are_in_order_are_left_as_they_are() -> None:
    source = frame()
    pd.testing.assert_frame_equal(restore_order(source, COLUMNS[:3]), source)


def test_exchange_keeps_the_values_of_a_row() -> None:
    source = pd.DataFrame({"a": [3, 1, 5], "b": [2, 2, 4], "c": [1, 3, 4]})
    columns = [Column(name=name, kind="numeric", dtype="int64", integer=True) for name in "abc"]
    assert restore_order(source, columns).to_numpy().tolist() == [[1, 2, 3], [1, 2, 3], [4, 4, 5]]


def test_times_with_a_zone_are_ordered() -> None:
    stamps = pd.Series(pd.to_datetime(["2020-01-02", "2020-01-01"]).tz_localize("Europe/Berlin"))
    source = pd.DataFrame({"a": stamps, "b": stamps[::-1].reset_index(drop=True)})
    columns = [Column(name=name, kind="datetime", dtype=str(stamps.dtype)) for name in "ab"]
    made = restore_order(source, columns)
    assert (made["a"] <= made["b"]).all()
    assert made["a"].dtype == stamps.dtype


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"kind": "range", "column": "low", "high": 10}, "low <= 10"),
        ({"kind": "range", "column": "from", "low": "2021-01-05"}, "2021-01-05 <= from"),
        ({"kind": "order", "columns": ["high", "mid"]}, "high <= mid"),
    ],
)
def test_real_rows_that_break_a_rule_are_counted_and_shown(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        check_rules(frame(), table(rule))
    assert "of 200 rows" in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "range", "column": "city", "low": 0},
        {"kind": "range", "column": "lou", "low": 0},
        {"kind": "range", "column": "low", "low": "2021-99-01"},
        {"kind": "order", "columns": ["low", "from"]},
        {"kind": "combination", "columns": ["city", "low"]},
    ],
)
def test_a_rule_about_the_wrong_column_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ParamsError):
        check_rules(frame(), table(rule))


def test_a_column_in_two_combinations_is_refused() -> None:
    with pytest.raises(ParamsError, match="'city'"):
        check_rules(frame(), table(PLACE, {"kind": "combination", "columns": ["coast", "city"]}))


BIG = 2**60
DAYS = pd.date_range("2021-01-28", periods=8)
SHAPES: dict[str, pd.Series] = {
    "YYYYMMDD": pd.Series(DAYS.strftime("%Y%m%d").astype(int)),
    "YYYYMMDD with gaps": pd.Series([None, *map(float, DAYS.strftime("%Y%m%d")[1:])]),
    "YYYYMM": pd.Series([202101, 202102, 202103, 202012, 202101, 202102, 202103, 202104]),
    "YYYYMMDDHH": pd.Series(DAYS.strftime("%Y%m%d07").astype(int)),
    "ns": pd.Series(DAYS + pd.to_timedelta(1, "ns")),
    "s": pd.Series((DAYS + pd.to_timedelta(90, "min")).as_unit("s")),
    "zone": pd.Series(DAYS.tz_localize("Asia/Tokyo")),
    "dates": pd.Series([None, *DAYS.date[1:]], dtype=object),
    "arrow date": pd.Series(DAYS.date, dtype=pd.ArrowDtype(pa.date32())),
    "arrow zone": pd.Series(DAYS.tz_localize("UTC").as_unit("us"), dtype=pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    "until 9999": pd.Series(np.array(["2021-01-30", "9999-12-31"] * 4, dtype="datetime64[s]")),
}


def timed(*names: str) -> tuple[pd.DataFrame, TableSpec]:
    random = np.random.default_rng(len(names))
    made = pd.DataFrame({f"t{i}": SHAPES[name].iloc[random.permutation(8)].array for i, name in enumerate(names)})
    columns = tuple(Column(name=str(n), kind="datetime", dtype=str(d)) for n, d in made.dtypes.items())
    order = {"kind": "order", "columns": list(made.columns)}
    return made, TableSpec.model_validate({"columns": columns, "target": "y", "rules": [order]})


@pytest.mark.parametrize("first", SHAPES)
@pytest.mark.parametrize("second", SHAPES)
def test_times_of_all_shapes_are_ordered(first: str, second: str) -> None:
    for names in ((first, second), (first, second, "YYYYMM"), ("s", first, second)):
        source, spec = timed(*names)
        made = restore_order(source, spec.columns)
        if "until 9999" not in names[:-1]:  # no nanoseconds hold that day, and no month begins after it
            check_rules(made, spec)
        pd.testing.assert_series_equal(made.dtypes, source.dtypes)
        assert made.isna().equals(source.isna())


def test_whole_numbers_beyond_floats_are_ordered_exactly() -> None:
    source = pd.DataFrame({"a": pd.Series([BIG + 1, BIG, None], dtype="Int64"), "b": [BIG, BIG + 1, 5]})
    columns = [Column(name=n, kind="numeric", dtype=str(source[n].dtype), integer=True) for n in "ab"]
    made = restore_order(source, columns)
    assert made["a"].tolist()[:2] == [BIG, BIG]
    assert made["b"].tolist() == [BIG + 1, BIG + 1, 5]
    spec = TableSpec.model_validate(
        {"columns": columns, "target": "y", "rules": [{"kind": "order", "columns": ["a", "b"]}]}
    )
    check_rules(made, spec)
    with pytest.raises(DataError, match="1 of 3 rows"):
        check_rules(source, spec)


def test_nanoseconds_are_ordered_exactly() -> None:
    early = pd.Timestamp("2021-01-01")
    late = early + pd.Timedelta(1, "ns")
    source = pd.DataFrame({"a": [late, early], "b": [early, late]})
    columns = [Column(name=n, kind="datetime", dtype="datetime64[ns]") for n in "ab"]
    assert restore_order(source, columns).to_numpy().tolist() == [[early.value, late.value]] * 2


@pytest.mark.parametrize(
    ("values", "kind", "low", "high", "outside"),
    [
        (pd.Series([BIG, BIG + 1, BIG + 2]), "numeric", BIG + 1, BIG + 1, 2),
        (pd.Series([BIG, None, BIG + 2], dtype="Int64"), "numeric", BIG + 1, None, 1),
        (pd.Series([2**64 - 1, 2**64 - 2], dtype="uint64"), "numeric", 0, 2**64 - 2, 1),
        (SHAPES["YYYYMMDD"], "datetime", "2021-02-01", None, 4),
        (SHAPES["YYYYMMDD"], "datetime", 20210201, None, 4),
        (SHAPES["YYYYMM"], "datetime", "2021-01-01", "2021-03-01", 2),
        (SHAPES["dates"], "datetime", "2021-02-01", None, 3),
        (SHAPES["arrow date"], "datetime", "2021-02-01", "2021-02-03", 5),
        (SHAPES["zone"], "datetime", "2021-02-01", None, 4),
        (SHAPES["zone"], "datetime", "2021-01-31T15:00Z", None, 4),
        (SHAPES["ns"], "datetime", None, "2021-02-04", 1),
    ],
)
def test_a_bound_means_what_it_says(values: pd.Series, kind: Any, low: Any, high: Any, outside: int) -> None:
    column = Column(name="c", kind=kind, dtype=str(values.dtype), integer=kind == "numeric")
    rule = {"kind": "range", "column": "c", "low": low, "high": high}
    spec = TableSpec.model_validate({"columns": [column], "target": "y", "rules": [rule]})
    with pytest.raises(DataError, match=f"{outside} of {len(values)} rows"):
        check_rules(values.to_frame("c"), spec)


@pytest.mark.parametrize(
    ("values", "kind", "low"),
    [
        (pd.Series([1, 2]), "numeric", "2020-01-01"),
        (SHAPES["ns"], "datetime", 2020),
        (SHAPES["ns"], "datetime", "2020-01-01T00:00Z"),
        (SHAPES["ns"], "datetime", "soon"),
    ],
)
def test_a_bound_of_another_kind_is_refused(values: pd.Series, kind: Any, low: Any) -> None:
    column = Column(name="c", kind=kind, dtype=str(values.dtype))
    rule = {"kind": "range", "column": "c", "low": low}
    with pytest.raises(ParamsError, match="'c'"):
        check_rules(
            values.to_frame("c"), TableSpec.model_validate({"columns": [column], "target": "y", "rules": [rule]})
        )
