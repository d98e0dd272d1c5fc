"""Pixels survive the codec exactly; a data set with few grey levels gets no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.encoding.image import PixelLevels, decode_images, encode_images


def test_every_level_survives_exactly() -> None:
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    encoded = encode_images(images)
    assert encoded.min() == -1
    assert encoded.max() == 1
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(decode_images(encoded), images)


def test_what_lies_outside_is_clipped() -> None:
    values = np.array([-7.0, 7.0], dtype=np.float32).reshape(2, 1, 1, 1)
    assert decode_images(values).reshape(-1).tolist() == [0, 255]


@given(st.sets(st.integers(0, 255), min_size=1, max_size=64))
def test_snapped_pixels_are_the_nearest_levels_in_use(levels: set[int]) -> None:
    codec = PixelLevels.of(np.array(sorted(levels), dtype=np.uint8).reshape(-1, 1, 1, 1))
    snapped = codec.snap(np.arange(256, dtype=np.uint8))
    for value, got in enumerate(snapped.tolist()):
        assert abs(got - value) == min(abs(level - value) for level in levels)


def test_photographs_are_left_alone() -> None:
    photo = np.arange(65, dtype=np.uint8).reshape(-1, 1, 1, 1)
    assert PixelLevels.of(photo).levels is None
    assert PixelLevels.of(photo).snap(np.array([200], dtype=np.uint8)).tolist() == [200]


@pytest.mark.parametrize("channels", [1, 3])
def test_either_layout_in_memory_holds_the_same_numbers(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5, channels)).astype(np.uint8)
    plain, last = encode_images(images), encode_images(images, channels_last=True)
    np.testing.assert_array_equal(plain, last)
    assert plain.flags.c_contiguous
    assert last.transpose(0, 2, 3, 1).flags.c_contiguous
