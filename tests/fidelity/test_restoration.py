"""PSNR against scikit-image; sharpness of what is blurred, equal, noisy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from skimage.metrics import peak_signal_noise_ratio

from gan_augment.fidelity.restoration import absolute_error, nearer_sharpness, psnr, sharpness_ratio, squared_error

TRUTH = np.random.default_rng(0).integers(0, 256, (3, 8, 10, 3), dtype=np.uint8)


def test_psnr_is_that_of_scikit_image() -> None:
    images = np.random.default_rng(1).integers(0, 256, TRUTH.shape, dtype=np.uint8)
    theirs = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(TRUTH, images, strict=True)]
    assert psnr(images, TRUTH) == pytest.approx(theirs)


def test_equal_images_have_a_finite_psnr() -> None:
    assert psnr(TRUTH, TRUTH) == pytest.approx(58.92, abs=0.01)


def test_sharpness() -> None:
    assert sharpness_ratio(TRUTH, TRUTH) == 1
    blurred = uniform_filter(TRUTH, (0, 3, 3, 0))
    assert sharpness_ratio(blurred, TRUTH) < 0.5
    assert sharpness_ratio(TRUTH, blurred) > 2
    assert sharpness_ratio(TRUTH, np.zeros_like(TRUTH)) == 1


def test_errors_of_a_frame() -> None:
    images = np.random.default_rng(1).integers(0, 256, TRUTH.shape, dtype=np.uint8)
    apart = images / 255 - TRUTH / 255
    assert absolute_error(images, TRUTH) == pytest.approx(np.abs(apart).mean(axis=(1, 2, 3)))
    assert squared_error(images, TRUTH) == pytest.approx(np.square(apart).sum(axis=(1, 2, 3)))


def test_a_sharpness_is_nearer_in_either_direction() -> None:
    assert nearer_sharpness(0.9, 0.5)
    assert nearer_sharpness(1.5, 0.5)  # a factor of 1.5 beside one of 2
    assert not nearer_sharpness(2.5, 0.5)
    assert not nearer_sharpness(1.0, 1.0)
    assert nearer_sharpness(0.1, 0.0)
