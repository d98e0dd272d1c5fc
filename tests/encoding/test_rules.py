"""Rules hold in every decoded row, whatever the matrix says, and in no other way than by the rows' own values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
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
