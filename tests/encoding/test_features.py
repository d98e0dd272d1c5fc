from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.encoding.features import PixelFeatures, Standardiser


def _images(count: int, side: int = 8, channels: int = 1, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def test_small_images_keep_their_pixel_distances_exactly() -> None:
    images = _images(12)
    rows = PixelFeatures.fit(images)(images)
    wanted = np.linalg.norm((images[0].astype(float) - images[1]) / 255)
    assert np.linalg.norm(rows[0] - rows[1]) == pytest.approx(wanted, rel=1e-5)


def test_a_long_flat_image_keeps_its_rows_and_columns_apart() -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 320, 1), dtype=np.uint8)
    space = PixelFeatures.fit(images)
    assert np.abs(space(images[:, :, ::-1]) - space(images)).max() > 0.1


@pytest.mark.parametrize(("count", "side", "channels"), [(10, 12, 3), (500, 10, 1), (7, 70, 3), (1, 9, 1)])
def test_a_copy_is_at_zero_and_another_image_is_not(count: int, side: int, channels: int) -> None:
    images = _images(count, side, channels)
    space = PixelFeatures.fit(images)
    rows = space(images)
    assert rows.dtype == np.float32
    assert rows.shape[1] <= 65
    np.testing.assert_allclose(space(images[:1]), rows[:1], atol=1e-3)
    stranger = space(255 - images[:1])
    assert np.linalg.norm(stranger - rows[:1]) > 1


def test_axes_are_orthonormal_and_those_of_most_variance() -> None:
    rng = np.random.default_rng(0)
    strength = np.where(np.arange(100) < 3, 90, 2)  # three lively pixels of a hundred
    images = np.clip(128 + rng.normal(size=(400, 100)) * strength, 0, 255).astype(np.uint8).reshape(400, 10, 10, 1)
    space = PixelFeatures.fit(images, dimensions=3)
    np.testing.assert_allclose(space.components @ space.components.T, np.eye(3), atol=1e-9)
    assert (np.abs(space.components[:, :3]) ** 2).sum() == pytest.approx(3, abs=0.01)


def test_many_pixels_and_few_images_give_the_same_space_as_the_other_way_round() -> None:
    images = _images(20, 9)
    few = PixelFeatures.fit(images, dimensions=19)(images)
    centred = images.reshape(20, -1) / 255 - images.reshape(20, -1).mean(axis=0) / 255
    np.testing.assert_allclose(few[:, :-1] @ few[:, :-1].T, centred @ centred.T, atol=1e-3)
    np.testing.assert_allclose(few[:, -1], 0, atol=1e-3)


def test_distance_outside_the_components_is_not_lost() -> None:
    train = _images(3, 20)  # three images span two dimensions of 400
    strangers = _images(50, 20, seed=1)
    space = PixelFeatures.fit(train)
    near = np.linalg.norm(space(strangers)[:, None] - space(train)[None], axis=2).min()
    true = np.linalg.norm((strangers.reshape(50, 1, -1).astype(float) - train.reshape(1, 3, -1)) / 255, axis=2).min()
    assert 0.6 * true < near <= true


def test_standardiser_gives_train_unit_mean_square_and_keeps_proportions() -> None:
    rows = np.random.default_rng(1).normal(3, 1, (200, 4)) * np.array([1, 10, 1, 1])
    scaled = Standardiser.fit(rows)(rows)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    assert (scaled**2).mean() == pytest.approx(1, rel=1e-5)
    assert scaled[:, 1].std() / scaled[:, 0].std() == pytest.approx(10, rel=0.2)


def test_constant_train_rows_do_not_divide_by_zero() -> None:
    assert np.isfinite(Standardiser.fit(np.ones((5, 2)))(np.ones((3, 2)))).all()
