"""Notes beside the verdict."""

from __future__ import annotations

import pytest

from gan_augment.gain.measurement import _disagreement


@pytest.mark.parametrize(
    ("verdict", "low", "said"),
    [
        ("no measurable difference", 2.2, "the same rows gain (+3.8 points, +2.2 to +5.3); that does not count"),
        ("no measurable difference", -0.2, 'the verdict is "no measurable difference" (+3.8 points, -0.2 to +5.3).'),
        ("helps", 2.2, 'the verdict is "helps" (+3.8 points, +2.2 to +5.3).'),
    ],
)
def test_an_interval_above_0_that_does_not_count_comes_with_the_reason(verdict: str, low: float, said: str) -> None:
    second = {"classifier": "logistic_regression", "verdict": verdict, "points": 3.76, "low": low, "high": 5.328}
    assert f"with logistic regression {said}" in _disagreement(second)
