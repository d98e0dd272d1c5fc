"""Memory has a bound: neither many rows nor many levels make the fit's matrix grow without end."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from gan_augment.synthesis.kit.row_limit import row_limit
from gan_augment.tabular import TableSynthesizer

LEVELS = 10_000


def test_few_rows_are_all_used_and_many_are_thinned_within_each_class() -> None:
    labels = np.r_[np.zeros(90_000, dtype=np.int64), np.ones(9_500, dtype=np.int64), np.full(500, 2)]
    np.testing.assert_array_equal(row_limit(labels[:100], 100, seed=0), np.arange(100))
    used = row_limit(labels, 10_000, seed=0)
    assert np.bincount(labels[used]).tolist() == [9_000, 1_000, 500]  # a rare class keeps 1,000 rows, or all
    assert (np.diff(used) > 0).all()
    assert not np.array_equal(used, row_limit(labels, 10_000, seed=1))


@pytest.mark.parametrize("method", ["copula", "tabular_gan"])
def test_the_summary_says_how_many_rows_were_used(method: str) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=3000), "y": ["a"] * 1500 + ["b"] * 1500})
    frame.loc[:39, "x"] += 50  # levels and ranges come from all rows
    quick = {"steps": 1, "width": 8} if method == "tabular_gan" else {}
    model = TableSynthesizer(method, {"max_rows": 200, **quick}).fit(frame, "y")
    assert model.summary["rows_used"] == 2000  # two classes of 1,000
    assert model.sample({"a": 2000})["x"].max() > 10
    model = TableSynthesizer(method, {"max_rows": 3000, **quick}).fit(frame, "y")
    assert model.summary["rows_used"] == 3000


def test_a_column_of_ten_thousand_levels_stays_small() -> None:
    random = np.random.default_rng(0)
    places = pd.Categorical.from_codes(random.integers(0, LEVELS, 12_000), [f"place {n}" for n in range(LEVELS)])
    frame = pd.DataFrame({"place": places, "x": random.normal(size=12_000), "y": random.choice(["a", "b"], 12_000)})
    for method in ("copula", "jitter"):
        tracemalloc.start()
        model = TableSynthesizer(method).fit(frame, "y")
        made = model.sample({"a": 300})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert model.summary.get("width", 34) == 34  # 32 levels, one state for the others, x
        assert peak < 60e6, method  # one-hot, the rows alone would be 480 MB
        assert made["place"].dtype == frame["place"].dtype
        assert made["place"].nunique() > 32  # a rare level is drawn by its frequency
