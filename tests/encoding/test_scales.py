"""Scales of one number: there and back, normal in the middle, never out of the train range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gan_augment.encoding.scales import BOUND, MAX_QUANTILES, QuantileNormal, Standard

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


@given(NUMBERS)
def test_the_quantile_scale_is_bounded_ascending_and_gives_train_values_back(numbers: list[float]) -> None:
    values = np.sort(np.array(numbers))
    scale = QuantileNormal.fit(values)
    scaled = scale.forward(values)
    assert (np.abs(scaled) <= BOUND + 1e-9).all()
    assert (np.diff(scaled) >= -1e-9).all()
    step = np.diff(scale.landmarks).max()
    np.testing.assert_allclose(scale.backward(scaled), values, atol=step + 1e-6 * np.ptp(values) + 1e-9)
    assert len(scale.landmarks) <= MAX_QUANTILES


@given(NUMBERS, st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_whatever_a_model_says_lies_within_the_train_range(numbers: list[float], said: list[float]) -> None:
    values = np.array(numbers)
    made = QuantileNormal.fit(values).backward(np.array(said))
    slack = 1e-9 * (1 + np.abs(values).max())
    assert made.min() >= values.min() - slack
    assert made.max() <= values.max() + slack


def test_values_outside_go_to_the_ends() -> None:
    scale = QuantileNormal.fit(np.arange(100.0))
    np.testing.assert_allclose(scale.forward(np.array([-9.0, 0.0, 99.0, 1e9])), [-BOUND, -BOUND, BOUND, BOUND])


def test_a_heavy_tail_becomes_normal() -> None:
    values = np.random.default_rng(0).lognormal(0, 2, 5000)
    scaled = QuantileNormal.fit(values).forward(values)
    assert stats.kstest(scaled, "norm").statistic < 0.03


def test_a_value_that_many_rows_share_is_spread_over_its_ranks_only_by_a_generator() -> None:
    values = np.concatenate([np.zeros(500), np.linspace(1, 2, 500)])
    scale = QuantileNormal.fit(values)
    still = scale.forward(np.zeros(200))
    assert len(np.unique(still)) == 1
    spread = scale.forward(np.zeros(2000), np.random.default_rng(0))
    assert spread.min() == pytest.approx(-BOUND, abs=0.6)
    assert spread.max() == pytest.approx(0, abs=0.05)  # half of all ranks
    np.testing.assert_allclose(scale.backward(spread), 0, atol=0.02)


@given(NUMBERS)
def test_the_standard_scale_keeps_distances_and_has_a_spread_where_there_is_none(numbers: list[float]) -> None:
    values = np.array(numbers)
    scale = Standard.fit(values)
    scaled = scale.forward(values, np.random.default_rng(0))
    assert scale.deviation > 0
    np.testing.assert_allclose(np.diff(scaled) * scale.deviation, np.diff(values), atol=1e-6)
    np.testing.assert_allclose(scale.backward(scaled), values, atol=1e-6)


def test_the_standard_scale_is_that_of_the_train_rows() -> None:
    scaled = Standard.fit(np.array([1.0, 3.0])).forward(np.array([1.0, 3.0, 5.0]))
    np.testing.assert_allclose(scaled, [-1, 1, 3])
