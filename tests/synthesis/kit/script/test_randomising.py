"""Each step does what it says at its strength, and nothing at none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.synthesis.kit.script.randomising import CameraConfig, in_place, randomised

STILL: dict[str, Any] = {"perspective": 0, "blur": 0, "resize": 1, "contrast": 0, "shading": 0, "noise": 0}


def plate(channels: int = 1) -> np.ndarray:
    image = np.full((16, 40, channels), 230, np.uint8)
    image[4:12, 6:34:4] = 20
    return image


def seen(seed: int = 0, channels: int = 1, **camera: Any) -> np.ndarray:
    return randomised(plate(channels), CameraConfig(**(STILL | camera)), np.random.default_rng(seed))


@pytest.mark.parametrize("channels", [1, 3])
def test_without_any_step_nothing_changes(channels: int) -> None:
    np.testing.assert_array_equal(seen(channels=channels), plate(channels))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "camera", [{"perspective": 0.2}, {"blur": 0.2}, {"resize": 4}, {"contrast": 0.8}, {"shading": 0.6}, {"noise": 0.2}]
)
def test_each_step_changes_the_image_and_every_draw_is_another(camera: dict[str, Any], channels: int) -> None:
    one, other = (seen(seed, channels, **camera) for seed in (1, 2))
    assert one.shape == plate(channels).shape
    assert not np.array_equal(one, plate(channels))
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one, seen(1, channels, **camera))


def test_contrast_narrows_the_range_and_blur_softens_edges() -> None:
    ranges = [np.ptp(seen(seed, contrast=0.9).astype(int)) for seed in range(20)]
    assert max(ranges) <= 210
    assert min(ranges) < 120
    steps = [np.abs(np.diff(seen(seed, blur=0.3).astype(int), axis=1)).max() for seed in range(20)]
    assert min(steps) < 100


def test_only_places_change_before_a_matching_of_levels() -> None:
    moved = in_place(
        plate(), CameraConfig(**(STILL | {"contrast": 0.9, "shading": 1, "noise": 1})), np.random.default_rng(0)
    )
    np.testing.assert_array_equal(moved, plate())
