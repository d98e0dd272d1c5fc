"""A translator is refused only where chance cannot be why it did no better."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.synthesis.kit.comparison import surely_no_better, surely_worse


@pytest.mark.parametrize(
    ("gains", "refused"),
    [
        ([0.0] * 20, True),  # it is bicubic
        ([-1.0, -1.2, -0.9, -1.1] * 5, True),
        ([0.4, -0.9, 0.3, -0.5] * 5, False),  # worse on average, and no wonder
        ([-0.1, -0.4, -3.0], False),  # three images say nothing
        ([2.0, 2.5, 1.9] * 5, False),
        ([-0.2], True),
        ([0.2], False),
    ],
)
def test_only_what_is_surely_no_better(gains: list[float], refused: bool) -> None:
    assert surely_no_better(np.array(gains)) == refused


def test_only_what_is_surely_worse() -> None:
    random = np.random.default_rng(0)
    assert surely_worse(random.normal(1, 1, 100))
    assert not surely_worse(random.normal(0, 1, 100))
    assert not surely_worse(random.normal(-1, 1, 100))
