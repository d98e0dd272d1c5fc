"""Columns that go together are found where they are, and not where chance made them look so."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.records import TableSpec
from gan_augment.encoding.dependencies import Dependency, find_dependencies, kept_together
from gan_augment.encoding.table import TableCodec
from gan_augment.tabular.frame import column_of

PLACES = {
    "Paris": ("F", "fr", 48.86, True),
    "Lyon": ("F", "fr", 45.76, False),
    "Rome": ("I", "it", 41.9, True),
    "Bari": ("I", "it", 41.12, False),
    "Bonn": ("D", "de", 50.73, False),
}


def table(frame: pd.DataFrame, *rules: dict[str, Any]) -> TableSpec:
    columns = tuple(column_of(frame[name]) for name in frame.columns)
    return TableSpec.model_validate({"columns": columns, "target": "y", "rules": rules})


def found(frame: pd.DataFrame, *rules: dict[str, Any]) -> list[str]:
    return [str(one) for one in find_dependencies(frame, table(frame, *rules))]


def made(frame: pd.DataFrame, max_levels: int = 32) -> pd.DataFrame:
    """Rows decoded from noise: whatever a model draws, they look like this."""
    codec = TableCodec.fit(frame, table(frame), keep_dependencies=True, max_levels=max_levels)
    codec = TableCodec.from_json(json.loads(json.dumps(codec.to_json())))
    random = np.random.default_rng(1)
    return codec.decode(random.normal(size=(500, codec.width)), random)


def combinations(frame: pd.DataFrame, names: list[str]) -> set[tuple[str, ...]]:
    return set(frame[names].astype("string").fillna("missing").itertuples(index=False, name=None))


def cities(rows: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(0)
    city = random.choice(list(PLACES), rows)
    frame = pd.DataFrame([PLACES[one] for one in city], columns=["country", "language", "latitude", "capital"])
    return frame.assign(city=city, age=random.integers(20, 60, rows))


def test_a_column_that_says_others_is_found_with_all_of_them_whatever_their_kind() -> None:
    assert found(cities()) == ["latitude -> country, language, capital, city"] or found(cities()) == [
        "city -> country, language, latitude, capital"
    ]
    rows = made(cities())
    assert combinations(rows, list(cities().columns[:5])) == combinations(cities(), list(cities().columns[:5]))
    pd.testing.assert_series_equal(rows.dtypes, cities().dtypes)


def test_a_chain_and_both_directions() -> None:
    random = np.random.default_rng(0)
    shop = random.integers(0, 20, 400)
    frame = pd.DataFrame({"shop": [f"s{number}" for number in shop], "code": [f"c{number:02}" for number in shop]})
    frame = frame.assign(town=[f"t{number // 3}" for number in shop], region=[f"r{number // 9}" for number in shop])
    assert found(frame) == ["shop -> code, town, region"]
    assert combinations(made(frame), list(frame.columns)) == combinations(frame, list(frame.columns))


def test_one_exception_or_too_few_rows_a_value_is_no_dependency() -> None:
    frame = cities()[["city", "country"]]
    assert found(frame) == ["city -> country"]
    exception = frame.copy()
    exception.loc[exception.index[exception["city"] == "Bonn"][0], "country"] = "F"
    assert found(exception) == []
    assert found(frame[:20]) == []
    random = np.random.default_rng(0)
    many = random.integers(0, 40, 120)  # three rows a value
    assert found(pd.DataFrame({"a": [f"a{n}" for n in many], "b": [f"b{n % 4}" for n in many]})) == []


def test_missing_entries_are_no_exception_and_stay_as_they_occur() -> None:
    frame = cities()[["city", "country"]].astype("string")
    random = np.random.default_rng(2)
    frame = frame.mask(random.random(frame.shape) < 0.1)
    assert found(frame) == ["city -> country"]
    rows = made(frame)
    assert combinations(rows, ["city", "country"]) <= combinations(frame, ["city", "country"])
    assert rows.isna().any().all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "bool", "float32", "float64", "Int64", "boolean", "category"])
def test_one_hot_groups_are_found_and_kept_in_their_dtype(dtype: Any) -> None:
    random = np.random.default_rng(0)
    levels = pd.get_dummies(
        pd.DataFrame({"colour": random.choice(list("rgb"), 90), "size": random.choice(list("sml"), 90)})
    )
    frame = levels.astype("int64").astype(dtype).assign(x=random.normal(size=90), sex=random.integers(0, 2, 90))
    assert found(frame) == [
        "exactly one of colour_b, colour_g, colour_r",
        "exactly one of size_l, size_m, size_s",
    ]
    rows = made(frame)
    pd.testing.assert_series_equal(rows.dtypes, frame.dtypes)
    for name in ("colour", "size"):
        assert (rows.filter(like=name).astype(float).sum(axis=1) == 1).all()


def test_groups_without_a_common_name_or_with_a_level_left_out() -> None:
    random = np.random.default_rng(0)
    drawn = random.integers(0, 4, 200)
    plain = pd.DataFrame(
        {name: (drawn == place).astype(int) for place, name in enumerate(["red", "blue", "dog", "up"])}
    )
    other = plain.assign(a=random.integers(0, 2, 200), b=random.integers(0, 2, 200))[
        ["a", "red", "blue", "b", "dog", "up"]
    ]
    assert found(other) == ["exactly one of red, blue, dog, up"]
    short = plain.iloc[:, 1:].add_prefix("is-")
    assert found(short) == ["at most one of is-blue, is-dog, is-up"]
    assert (made(short).sum(axis=1) <= 1).all()


def test_a_one_hot_group_goes_with_the_column_it_was_made_of() -> None:
    frame = cities()[["city", "country"]]
    frame = frame.join(pd.get_dummies(frame["country"], prefix="in"))
    rows = made(frame)
    assert combinations(rows, list(frame.columns)) == combinations(frame, list(frame.columns))


def test_random_tables_have_none() -> None:
    proposals = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        rows = int(random.integers(20, 200))
        columns = {}
        for number in range(12):
            levels = int(random.integers(2, 9))
            shares = random.dirichlet(np.full(levels, random.choice([0.3, 1.0, 5.0])))
            columns[f"c_{number}"] = random.choice(levels, rows, p=shares)
        frame = pd.DataFrame(columns)
        words = {name: "v" + frame[name].astype(str) for name in list(frame.columns)[::3]}
        proposals += len(find_dependencies(frame.assign(**words), table(frame.assign(**words))))
    assert proposals <= 1


def test_binary_columns_that_are_rare_are_not_taken_for_one_variable() -> None:
    proposals = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame({f"has_{n}": (random.random(100) < 0.04).astype(int) for n in range(6)})
        proposals += len(find_dependencies(frame, table(frame)))
    assert proposals <= 1


def test_more_values_than_states_keep_what_the_coarser_column_says() -> None:
    random = np.random.default_rng(0)
    postcode = random.integers(0, 100, 2000)
    frame = pd.DataFrame({"code": [f"p{n:03}" for n in postcode], "state": [f"s{n // 20}" for n in postcode]})
    frame["code"], frame["state"] = frame["code"].astype("category"), frame["state"].astype("category")
    codec = TableCodec.fit(frame, table(frame), keep_dependencies=True, max_levels=8)
    assert codec.width == 8 + 5
    back = codec.decode(codec.encode(frame), random)
    assert (back["state"].astype(str) == frame["state"].astype(str)).all()
    assert combinations(back, ["code", "state"]) <= combinations(frame, ["code", "state"])
    assert back["code"].nunique() > 90


def test_columns_of_an_order_are_left_alone_and_a_combination_rule_takes_in_what_it_determines() -> None:
    frame = cities()
    frame["later"] = frame["latitude"] + 1
    order = {"kind": "order", "columns": ["latitude", "later"]}
    assert found(frame, order) == ["city -> country, language, capital"]
    rule = {"kind": "combination", "columns": ["country", "city"]}
    codec = TableCodec.fit(frame, table(frame, rule, order), keep_dependencies=True)
    assert codec.columns[-1].names == ("country", "city", "language", "capital")


def test_two_determinants_of_one_column_are_kept_only_where_the_rows_bear_it() -> None:
    random = np.random.default_rng(0)
    left, right = random.integers(0, 24, (2, 300))
    frame = pd.DataFrame({"a": [f"a{n}" for n in left], "shared": [f"s{n % 2}" for n in left]})
    frame["b"] = [f"b{n - n % 2 + m % 2:02}" for n, m in zip(right, left, strict=True)]
    assert found(frame) == ["a -> shared", "b -> shared"]
    both = find_dependencies(frame, table(frame))
    assert kept_together(both, frame) == [("a", "shared")]  # 288 possible pairs of 300 rows: they would be copied
    few = frame.assign(b="b" + frame["shared"] + (frame["b"].str[-2:].astype(int) % 4 // 2).astype(str))
    assert kept_together(find_dependencies(few, table(few)), few)[0] in {("a", "shared", "b"), ("a", "b", "shared")}


def test_what_is_kept_can_be_said() -> None:
    assert str(Dependency(kind="determined", columns=("a", "b", "c"))) == "a -> b, c"
    codec = TableCodec.fit(cities(), table(cities()), keep_dependencies=True)
    assert len(codec.dependencies) == 1
    assert TableCodec.fit(cities(), table(cities())).dependencies == ()
