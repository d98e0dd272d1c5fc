"""A moved mask keeps its values and most of its object; image and mask move alike; an object is drawn with a rim."""

from __future__ import annotations

import numpy as np

from gan_augment.synthesis.kit.edited_masks import (
    has_object,
    inked,
    moved_mask,
    moved_together,
    to_draw,
    without_object,
)


def bar(value: int = 3, side: int = 16) -> np.ndarray:
    mask = np.zeros((side, side, 1), np.uint8)
    mask[5:11, 6:9] = value
    return mask


def test_a_moved_mask_keeps_its_values_and_most_of_the_object() -> None:
    mask, found = bar(), [moved_mask(bar(), np.random.default_rng(seed)) for seed in range(60)]
    assert {tuple(np.unique(one)) for one in found} == {(0, 3)}
    areas = np.array([inked(one).sum() for one in found]) / inked(mask).sum()
    assert areas.min() >= 0.25
    assert areas.max() <= 2.2
    assert len({one.tobytes() for one in found}) > 50
    middles = np.array([np.argwhere(inked(one)).mean(axis=0) for one in found])
    assert middles.std(axis=0).min() > 1


def test_which_masks_hold_an_object() -> None:
    assert has_object(np.stack([bar(), np.zeros_like(bar()), bar(255)])).tolist() == [True, False, True]


def test_an_empty_mask_and_one_that_no_move_leaves_inside_stay_as_they_are() -> None:
    empty = np.zeros((8, 8, 1), np.uint8)
    np.testing.assert_array_equal(moved_mask(empty, np.random.default_rng(0)), empty)
    full = np.ones((8, 8, 1), np.uint8)
    assert inked(moved_mask(full, np.random.default_rng(0))).mean() > 0.4


def test_an_image_moves_with_its_mask() -> None:
    mask = bar(1)
    image = np.where(mask, 240, 20).astype(np.uint8)
    for seed in range(20):
        moved, new = moved_together(image, mask, np.random.default_rng(seed))
        assert moved[inked(new)].mean() > 180
        assert moved[~to_draw(inked(new), inked(new))].mean() < 40


def test_what_is_drawn_is_both_objects_and_a_rim() -> None:
    one, other = np.zeros((9, 9), bool), np.zeros((9, 9), bool)
    one[1, 1], other[6, 6] = True, True
    drawn = to_draw(one, other)
    assert drawn[:3, :3].all()
    assert drawn[5:8, 5:8].all()
    assert drawn.sum() == 18


def test_without_the_object_an_image_has_the_mean_of_the_rest() -> None:
    image = np.full((1, 6, 6, 3), 100, np.uint8)
    hidden = np.zeros((1, 6, 6), bool)
    hidden[:, 2:4, 2:4] = True
    image[hidden] = 250
    assert (without_object(image, hidden) == 100).all()
    assert without_object(image, np.ones((1, 6, 6), bool)).std() == 0
