"""A translator is surely no better where chance cannot be why."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.synthesis.kit.comparison import surely_no_better


@pytest.mark.parametrize(
    ("gains", "refused"),
    [([0.0] * 20, True), ([0.4, -0.9, 0.3, -0.5] * 5, False), ([2.0, 2.5, 1.9] * 5, False), ([-0.2], True)],
)
def test_it_goes_by_the_mean_and_its_error(gains: list[float], refused: bool) -> None:
    assert surely_no_better(np.array(gains)) == refused
