from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.records import Column, TableSpec
from gan_augment.curation.column_fidelity import column_shapes, pair_trends

TABLE = TableSpec(
    columns=(
        Column(name="height", kind="numeric", dtype="float64"),
        Column(name="weight", kind="numeric", dtype="Int64", integer=True),
        Column(name="town", kind="categorical", dtype="string"),
        Column(name="member", kind="boolean", dtype="boolean"),
        Column(name="seen", kind="datetime", dtype="datetime64[ns]"),
    ),
    target="kind",
)


def _people(count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    height = rng.normal(170, 10, count)
    town = np.where(height > 170, "north", "south")
    weight = pd.Series(np.rint(height - 100 + rng.normal(0, 3, count)), dtype="Int64")
    weight[rng.random(count) < 0.2] = pd.NA
    return pd.DataFrame(
        {
            "height": height,
            "weight": weight,
            "town": pd.Series(town, dtype="string"),
            "member": pd.Series(rng.random(count) < 0.3, dtype="boolean"),
            "seen": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, count), unit="D"),
        }
    )


def test_real_against_real_is_alike_in_every_column_and_pair() -> None:
    real, other = _people(600, 1), _people(600, 2)
    shapes = column_shapes(real, other, TABLE)
    assert min(shape.shape for shape in shapes.values() if shape.shape is not None) > 0.9
    assert min(shape.missing for shape in shapes.values()) > 0.93
    assert max(shape.outside for shape in shapes.values()) < 0.02
    assert min(trend.score for trend in pair_trends(real, other, TABLE) if trend.score is not None) > 0.85


def test_equal_tables_score_one() -> None:
    real = _people(80, 1)
    assert all((s.shape, s.missing, s.outside) == (1, 1, 0) for s in column_shapes(real, real, TABLE).values())
    assert all(trend.score == pytest.approx(1) for trend in pair_trends(real, real, TABLE))


def test_columns_shuffled_apart_keep_their_shapes_and_lose_their_trends() -> None:
    real = _people(600, 1)
    rng = np.random.default_rng(3)
    shuffled = pd.DataFrame({name: real[name].to_numpy()[rng.permutation(len(real))] for name in real})
    shuffled = shuffled.astype(dict(real.dtypes))
    assert all(shape.shape == 1 for shape in column_shapes(real, shuffled, TABLE).values())
    trends = {trend.columns: trend.score for trend in pair_trends(real, shuffled, TABLE)}
    assert trends["height", "weight"] == pytest.approx(0.53, abs=0.06)  # correlation .95 gone
    assert trends["height", "town"] == pytest.approx(0.5, abs=0.08)
    assert trends["height", "member"] is not None
    assert trends["height", "member"] > 0.85
    assert pair_trends(real, shuffled, TABLE)[0].columns in {
        ("height", "weight"),
        ("height", "town"),
        ("weight", "town"),
    }


def test_a_shift_an_unseen_level_and_missing_values_each_show_in_their_own_column() -> None:
    real, made = _people(400, 1), _people(400, 2)
    made["height"] += 100
    made["town"] = pd.Series(np.where(np.arange(400) % 4, made["town"], "moon"), dtype="string")
    made["weight"] = pd.Series(pd.NA, index=made.index, dtype="Int64")
    shapes = column_shapes(real, made, TABLE)
    assert shapes["height"].shape == pytest.approx(0, abs=0.01)
    assert shapes["height"].outside > 0.95
    assert shapes["town"].outside == 0.25
    assert shapes["town"].shape == pytest.approx(0.75, abs=0.06)
    assert shapes["weight"].shape is None
    assert shapes["weight"].missing == pytest.approx(0.2, abs=0.06)
    assert shapes["member"].shape is not None
    assert shapes["member"].shape > 0.9


def test_too_few_complete_rows_give_no_trend_and_constants_no_error() -> None:
    real, made = _people(50, 1), _people(50, 2)
    made["weight"] = pd.Series(pd.NA, index=made.index, dtype="Int64")
    trends = {trend.columns: trend.score for trend in pair_trends(real, made, TABLE)}
    assert trends["height", "weight"] is None
    made = _people(50, 2).assign(height=1.0)
    scores = {trend.columns: trend.score for trend in pair_trends(real, made, TABLE)}
    assert scores["height", "weight"] == pytest.approx(0.53, abs=0.1)


def test_wide_tables_are_bounded() -> None:
    assert len(pair_trends(_people(20, 1), _people(20, 2), TABLE, max_pairs=3)) == 3
