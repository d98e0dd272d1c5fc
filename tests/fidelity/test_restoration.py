"""PSNR against scikit-image; sharpness of what is blurred, equal, noisy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from skimage.metrics import peak_signal_noise_ratio

from gan_augment.fidelity.restoration import psnr, sharpness_ratio

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
