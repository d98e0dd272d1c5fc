"""The word and the sentence."""

from __future__ import annotations

import pytest

from gan_augment.gain.verdict import decide, explain
from gan_augment.scoring.statistics import Interval


def gain(mean: float, low: float, high: float) -> Interval:
    return Interval(mean, low, high, (high - low) / 4, 30.0, 0.5)


@pytest.mark.parametrize(
    ("found", "ratio", "minimum", "expected"),
    [
        (gain(0.02, 0.01, 0.03), 1.0, 0.0, "helps"),
        (gain(0.02, 0.01, 0.03), 0.0, 0.0, "no measurable difference"),  # validation chose no synthetic data
        (gain(0.02, 0.01, 0.03), 1.0, 0.015, "no measurable difference"),  # not worth it
        (gain(0.02, -0.01, 0.05), 1.0, 0.0, "no measurable difference"),
        (gain(0.0, 0.0, 0.0), 1.0, 0.0, "no measurable difference"),
        (gain(-0.02, -0.03, -0.01), 1.0, 0.0, "hurts"),
        (gain(-0.02, -0.03, -0.01), 0.0, 0.0, "hurts"),
    ],
)
def test_decide(found: Interval, ratio: float, minimum: float, expected: str) -> None:
    assert decide(found, ratio, minimum) == expected


def test_the_sentence_carries_the_figures_in_points() -> None:
    found = gain(0.0234, 0.008, 0.039)
    text = explain("helps", found, ratio=1.0, shown=1.0, baseline="real data: natural", confidence=0.95)
    assert text.startswith("Synthetic data helps: +2.3 percentage points")
    assert "95% interval +0.8 to +3.9" in text
    assert "real data: natural" in text


def test_no_difference_says_what_could_have_been_seen_and_why_nothing_is_used() -> None:
    found = gain(0.001, -0.02, 0.022)
    text = explain(
        "no measurable difference", found, ratio=0.0, shown=2.0, baseline="real data: natural", confidence=0.95
    )
    assert f"{found.smallest_detectable * 100:.1f} points" in text
    assert "ratio 2 for comparison" in text
    used = explain(
        "no measurable difference", found, ratio=2.0, shown=2.0, baseline="real data: natural", confidence=0.95
    )
    assert "for comparison" not in used


def test_a_gain_on_test_rows_that_validation_did_not_choose_is_not_called_no_difference() -> None:
    found = gain(0.232, 0.098, 0.365)
    assert decide(found, 0.0, 0.0) == "no measurable difference"
    said = explain(
        "no measurable difference", found, ratio=0.0, shown=2.0, baseline="real data: natural", confidence=0.95
    )
    assert said.startswith("Not counted as help: on validation no mixing ratio")
    assert "ratio 2 gives +23.2 percentage points" in said
    assert "No measurable" not in said


def test_a_gain_that_rounds_to_nothing_has_no_sign() -> None:
    tiny = gain(-0.0001, -0.0003, 0.0002)
    said = explain("no measurable difference", tiny, ratio=0.5, shown=0.5, baseline="real data", confidence=0.95)
    assert "gives 0.0 percentage points" in said
    assert "interval 0.0 to 0.0" in said
