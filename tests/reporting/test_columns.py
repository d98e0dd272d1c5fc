"""Distributions and associations, on columns whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gan_augment.core.records import Column, TableSpec
from gan_augment.reporting.columns import Distribution, associations, distributions, matched_weights

N = Column(name="n", kind="numeric", dtype="float64")
I = Column(name="i", kind="numeric", dtype="Int64", integer=True)  # noqa: E741
C = Column(name="c", kind="categorical", dtype="string")


def one(column: Column, real: pd.Series, synthetic: pd.Series) -> Distribution:
    weights = np.full(len(synthetic), 1 / max(len(synthetic), 1))
    frames = (pd.DataFrame({column.name: part}) for part in (real, synthetic))
    return distributions(TableSpec(columns=(column,), target="y"), *frames, weights, 5)[0]


def test_equal_columns_have_no_gap_and_foreign_ones_all_of_it() -> None:
    x = pd.Series(np.arange(50.0))
    assert one(N, x, x).gap == pytest.approx(0)
    assert one(N, x, x + 1000).gap == pytest.approx(1)
    words = pd.Series(["a", "b"] * 10, dtype="string")
    assert one(C, words, words).gap == pytest.approx(0)
    assert one(C, words, words + "!").gap == pytest.approx(1)


def test_the_gap_of_numbers_is_the_kolmogorov_smirnov_distance() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=200), rng.normal(0.5, 1.2, size=150)
    assert one(N, pd.Series(a), pd.Series(b)).gap == pytest.approx(stats.ks_2samp(a, b).statistic)


def test_missing_values_are_counted_apart() -> None:
    found = one(I, pd.Series([1, None, 3, 4], dtype="Int64"), pd.Series([None, None, 3, 4], dtype="Int64"))
    assert (found.missing_real, found.missing_synthetic) == (0.25, 0.5)
    assert found.real.sum() == pytest.approx(1)
    assert found.synthetic.sum() == pytest.approx(1)


def test_whole_numbers_get_one_bin_each() -> None:
    found = one(I, pd.Series([0, 0, 4], dtype="Int64"), pd.Series([2, 2, 2], dtype="Int64"))
    assert len(found.real) == 5
    assert list(found.synthetic) == [0, 0, 1, 0, 0]


def test_rare_values_are_put_together() -> None:
    words = pd.Series([f"w{n}" for n in range(30)], dtype="string")
    found = one(C, words, words)
    assert found.values[-1] == "22 others"
    assert found.real.sum() == pytest.approx(1)


@pytest.mark.parametrize("column", [N, I, C])
def test_a_column_without_any_value_is_drawn(column: Column) -> None:
    empty = pd.Series([None, None], dtype={"n": "float64", "i": "Int64", "c": "string"}[column.name])
    assert one(column, empty, empty).gap == 0
    assert one(column, empty, empty.iloc[:0]).missing_real == 1


def test_weights_give_synthetic_rows_the_real_shares() -> None:
    real = pd.Series(["a"] * 90 + ["b"] * 10)
    synthetic = pd.Series(["b"] * 70 + ["a"] * 30)
    weights = matched_weights(real, synthetic)
    assert weights.sum() == pytest.approx(1)
    assert weights[synthetic == "b"].sum() == pytest.approx(0.1)


def test_associations_are_the_textbook_ones() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    group = rng.integers(0, 3, 300)
    frame = pd.DataFrame(
        {"a": x, "b": 2 * x + rng.normal(size=300), "g": [f"g{v}" for v in group], "h": x + 3 * group, "k": group % 2}
    )
    frame["k"] = frame["k"].map({0: "even", 1: "odd"})
    kinds = {"a": "numeric", "b": "numeric", "g": "categorical", "h": "numeric", "k": "categorical"}
    columns = tuple(Column(name=n, kind=k, dtype="object") for n, k in kinds.items())  # type: ignore[arg-type]
    matrix = associations(TableSpec(columns=columns, target="y"), frame, 9)
    assert np.allclose(matrix, matrix.T, equal_nan=True)
    assert matrix[0, 1] == pytest.approx(np.corrcoef(frame["a"], frame["b"])[0, 1])
    between = stats.f_oneway(*(frame["h"][group == g] for g in range(3))).statistic
    assert matrix[2, 3] ** 2 == pytest.approx(between * 2 / (between * 2 + 297))  # eta squared from F
    table = pd.crosstab(frame["g"], frame["k"])
    assert matrix[2, 4] == pytest.approx(stats.contingency.association(table, method="cramer"))
    assert np.allclose(np.diag(matrix), 1)


def test_a_constant_column_hangs_together_with_nothing() -> None:
    frame = pd.DataFrame({"n": [1.0] * 9, "i": np.arange(9)})
    assert np.isnan(associations(TableSpec(columns=(N, I), target="y"), frame, 9)[0, 1])
