from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.reporting.scales import nice_axis, number, percent, signed

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=10)


@given(VALUES)
def test_every_value_lies_on_the_axis_and_in_order(values: list[float]) -> None:
    axis = nice_axis(values)
    slack = 1e-6 * (axis.high - axis.low)
    assert axis.low <= min(values) + slack
    assert max(values) <= axis.high + slack
    assert 2 <= len(axis.ticks) <= 13
    places = [axis.place(value) for value in sorted(values)]
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= 100


@given(VALUES)
def test_an_included_value_lies_on_the_axis(values: list[float]) -> None:
    axis = nice_axis(values, include=0.0)
    assert axis.low <= 0 <= axis.high


def test_what_is_not_finite_is_left_out() -> None:
    assert nice_axis([math.nan, 1.0, math.inf, 3.0]).high == 3
    assert nice_axis([math.nan]).ticks


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.0, "0"),
        (3, "3"),
        (12345, "12\u202f345"),
        (0.01234, "0.0123"),
        (-2.5, "−2.5"),
        (1e-7, "1e−07"),
    ],
)
def test_numbers_read_well(value: float | None, text: str) -> None:
    assert number(value) == text


def test_shares_and_points() -> None:
    assert percent(0.8349) == "83.5\u202f%"
    assert percent(None) == "–"
    assert (signed(1.25), signed(-1.25), signed(0.04), signed(-0.04)) == ("+1.2", "−1.2", "0.0", "0.0")
