from __future__ import annotations

import numpy as np
import torch

from gan_augment.recognition.classifier import SmallCnn
from gan_augment.recognition.features import OwnFeatures


def _images(count: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)


def _space() -> OwnFeatures:
    return OwnFeatures(SmallCnn(1, 8, 8, 3, generator=torch.Generator().manual_seed(0)), _images(50, 1))


def test_train_images_have_unit_mean_square() -> None:
    rows = _space()(_images(50, 1))
    assert rows.shape == (50, 64)
    assert rows.dtype == np.float32
    np.testing.assert_allclose((rows**2).mean(), 1, rtol=1e-4)


def test_an_images_features_do_not_depend_on_its_neighbours() -> None:
    space, images = _space(), _images(30, 2)
    np.testing.assert_allclose(space(images)[:3], space(images[:3]), atol=1e-4)


def test_no_images_give_no_rows() -> None:
    assert _space()(_images(0, 1)).shape == (0, 64)
