from __future__ import annotations

import numpy as np

from gan_augment.recognition.shifts import RandomShifts


def _ramp(count: int, side: int = 16) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = np.add.outer(10 * np.arange(side), np.arange(side)).astype(np.uint8)
    return np.repeat(image[None, :, :, None], count, axis=0)


def test_every_image_moves_by_at_most_an_eighth_and_repeats_its_edge() -> None:
    images = _ramp(200)
    moved = RandomShifts(0)(images).astype(int)
    down = (moved[:, 8, 8, 0] - int(images[0, 8, 8, 0]) + 5) // 10  # the ramp's value tells the place it came from
    across = moved[:, 8, 8, 0] - int(images[0, 8, 8, 0]) - 10 * down
    assert set(down) == set(across) == {-2, -1, 0, 1, 2}
    assert moved.min() >= 0
    assert set(np.unique(moved)) <= set(np.unique(images))


def test_shape_type_and_channels_are_kept() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 9, 20, 3), dtype=np.uint8)
    moved = RandomShifts(1)(images)
    assert moved.shape == images.shape
    assert moved.dtype == np.uint8
    colours = {tuple(colour) for colour in images[0].reshape(-1, 3)}
    assert {tuple(colour) for colour in moved[0].reshape(-1, 3)} <= colours


def test_one_seed_one_sequence() -> None:
    first, second = RandomShifts(3), RandomShifts(3)
    images = _ramp(4)
    np.testing.assert_array_equal(first(images), second(images))
    np.testing.assert_array_equal(first(images), second(images))
    assert (RandomShifts(3)(_ramp(50)) != RandomShifts(4)(_ramp(50))).any()
