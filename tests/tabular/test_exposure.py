"""Rare values that come back are counted; frequent ones are not."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gan_augment.core.records import Column, TableSpec
from gan_augment.tabular.exposure import exposed_values

TABLE = TableSpec(
    columns=(
        Column(name="job", kind="categorical", dtype="string"),
        Column(name="pay", kind="numeric", dtype="float64"),
        Column(name="day", kind="datetime", dtype="datetime64[us]"),
    ),
    target="y",
)


def frame(jobs: Any, pay: list[float], days: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"job": pd.Series(jobs, dtype="string"), "pay": pay, "day": pd.to_datetime(days)})


def test_rare_levels_and_lone_extremes_are_counted() -> None:
    train = frame(["clerk"] * 5 + ["bishop", "judge", "judge"], [1, 1, 2, 3, 4, 5, 6, 99], ["2020-01-01"] * 8)
    made = frame(["bishop", "bishop", "clerk", None], [99, 1, 3.5, 98], ["2020-01-01"] * 4)
    job, pay = exposed_values(train, made, TABLE)
    assert (job.column, job.kind, job.values, job.repeated, job.rows) == ("job", "level", 2, 1, 2)
    assert (pay.column, pay.kind, pay.values, pay.repeated, pay.rows) == ("pay", "extreme", 1, 1, 1)


def test_nothing_rare_nothing_exposed() -> None:
    train = frame(["a"] * 4 + ["b"] * 4, [1, 1, 2, 2, 3, 3, 4, 4], ["2020-01-01", "2020-01-02"] * 4)
    assert exposed_values(train, train, TABLE) == []
