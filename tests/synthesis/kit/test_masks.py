"""Masks mark what they should, and those that cannot be meant are refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.samples import Samples
from gan_augment.synthesis.kit.masks import Rule, grown, objects, painted_over, random_part, read_marks
from tests.toys import image_toy


def with_masks(masks: np.ndarray) -> Samples:
    return replace(image_toy()[0].samples, companions={"mask": masks.astype(np.uint8)})


def spot(value: int, *, rows: int = 40, ground: int = 0, channels: int = 1) -> np.ndarray:
    masks = np.full((rows, 8, 8, channels), ground)
    masks[:, 2:4, 2:4] = value
    return masks


@pytest.mark.parametrize("value", [1, 3, 255])
def test_every_value_but_zero_marks(value: int) -> None:
    marks = read_marks(with_masks(spot(value)), (), None, "m")
    assert marks.dtype == bool
    assert (marks.sum(axis=(1, 2)) == 4).all()
    assert marks[:, 2:4, 2:4].all()


def test_a_coloured_mask_marks_where_any_channel_does() -> None:
    masks = spot(0, channels=3)
    masks[:, 0, 0, 2] = 255
    assert read_marks(with_masks(masks), (), None, "m").sum() == 40


def test_chosen_values_and_a_threshold_say_what_marks() -> None:
    masks = spot(3)
    masks[:, 6, 6] = 7
    assert read_marks(with_masks(masks), (7,), None, "m").sum() == 40
    assert read_marks(with_masks(masks), (3, 7), None, "m").sum() == 200
    assert read_marks(with_masks(masks), (), 5, "m").sum() == 40
    assert read_marks(with_masks(spot(0, ground=255)), (0,), None, "m").sum() == 160  # 0 marks, as some tools write it


def test_several_values_are_refused_until_it_is_said_which_mark() -> None:
    masks = spot(255)
    masks[:, 2, 2:4, 0] = (90, 200)  # a smoothed edge
    with pytest.raises(MethodError, match="several values between 0 and 255") as caught:
        read_marks(with_masks(masks), (), None, "m")
    assert "3 values beside 0: 90, 200, 255" in str(caught.value)
    assert "mask_threshold: 127" in str(caught.value)
    assert read_marks(with_masks(masks), (), 127, "m").sum() == 120


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        (spot(0), "No mask marks anything"),
        (spot(255, ground=255), "mark the whole image"),
        (np.zeros((40, 8, 4, 1)), "another size"),
    ],
)
def test_empty_full_and_other_sizes_are_refused(masks: np.ndarray, said: str) -> None:
    with pytest.raises(MethodError, match=said):
        read_marks(with_masks(masks), (), None, "m")
    with pytest.raises(MethodError, match="no masks"):
        read_marks(image_toy()[0].samples, (), None, "m")


def test_one_full_mask_is_named_and_one_empty_mask_is_none() -> None:
    masks = spot(255)
    masks[5] = 0
    assert not read_marks(with_masks(masks), (), None, "m")[5].any()
    masks[7] = 255
    with pytest.raises(MethodError, match="1 of 40 rows: train-7"):
        read_marks(with_masks(masks), (), None, "m")


def test_a_mask_grows_by_so_many_pixels_but_never_over_the_whole_image() -> None:
    marks = np.zeros((9, 9), dtype=bool)
    marks[4, 4] = True
    assert grown(marks, 0).sum() == 1
    assert grown(marks, 2).sum() == 25
    np.testing.assert_array_equal(grown(marks, 8), marks)


def test_objects_are_the_separate_parts() -> None:
    marks = np.zeros((8, 8), dtype=bool)
    assert objects(marks) == []
    marks[1, 1] = marks[2, 2] = marks[6:, 6:] = True
    assert sorted(int(part.sum()) for part in objects(marks)) == [2, 4]


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 8), (16, 48), (64, 64)])
def test_random_parts_are_many_leave_half_and_reach_everywhere(height: int, width: int) -> None:
    random = np.random.default_rng(0)
    parts = np.stack([random_part(height, width, random) for _ in range(400)])
    shares = parts.mean(axis=(1, 2))
    assert 0 < shares.min() <= shares.max() <= 0.5
    assert parts.any(axis=0).all()
    assert len(np.unique(parts.reshape(400, -1), axis=0)) > 30


@pytest.mark.parametrize("channels", [1, 3])
def test_painting_over_changes_the_hole_alone(channels: int) -> None:
    image = np.full((12, 12, channels), 90, np.uint8)
    image[4:7, 4:7] = 250
    hole: Any = np.zeros((12, 12), dtype=bool)
    hole[3:8, 3:8] = True
    rules: tuple[Rule, ...] = ("telea", "navier_stokes")
    for rule in rules:
        assert abs(painted_over(image, hole, rule).astype(int) - 90).max() <= 2  # which is OpenCV's rounding
    part = hole.copy()
    part[6:] = False
    changed = painted_over(image, part)
    np.testing.assert_array_equal(changed[~part], image[~part])
