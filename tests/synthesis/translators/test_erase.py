"""Boxes are erased, one or more, of the sizes that are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.synthesis.translators.erase import EraseConfig, erased

IMAGE = np.full((16, 20, 3), 77, np.uint8)


@pytest.mark.parametrize("fill", ["black", "random", "random_uniform"])
def test_a_box_of_the_asked_size_changes(fill: Any) -> None:
    for seed in range(10):
        changed = (erased(IMAGE, EraseConfig(fill=fill), seed) != IMAGE).any(axis=2)
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        assert 3 <= np.ptp(rows) + 1 <= 8
        assert 4 <= np.ptp(columns) + 1 <= 10
        assert changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.9


@pytest.mark.parametrize("fill", ["inpaint_telea", "inpaint_ns"])
def test_a_fill_from_around_leaves_a_flat_image_as_it_is(fill: Any) -> None:
    found = erased(IMAGE, EraseConfig(fill=fill), 1).astype(int)
    assert abs(found - IMAGE).max() <= 3  # which is OpenCV's rounding


def test_the_same_seed_gives_the_same_box_whatever_was_drawn_before() -> None:
    config = EraseConfig(boxes=3)
    first = erased(IMAGE, config, 5)
    erased(IMAGE, config, 6)
    np.testing.assert_array_equal(erased(IMAGE, config, 5), first)


def test_sizes_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="least"):
        EraseConfig(least=0.5, most=0.2)
