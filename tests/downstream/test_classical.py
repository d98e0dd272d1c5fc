"""Classical augmentation: pixels change, shape and dtype do not, the seed decides, each setting has its effect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.downstream.classical import AugmentedViews, ClassicalAugment
from gan_augment.downstream.config import ClassicalConfig

OFF = ClassicalConfig(shift=0, rotate=0, scale=0, noise=0)


def pictures(channels: int = 1, size: int = 12) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (6, size, size, channels)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_change_and_nothing_else(channels: int) -> None:
    images = pictures(channels)
    changed = ClassicalAugment(ClassicalConfig(), seed=1)(images)
    assert changed.shape == images.shape
    assert changed.dtype == np.uint8
    assert all((before != after).any() for before, after in zip(images, changed, strict=True))


def test_the_seed_decides_and_the_global_state_does_not() -> None:
    images = pictures()
    np.random.seed(0)  # noqa: NPY002
    first = ClassicalAugment(ClassicalConfig(), seed=1)(images)
    np.random.seed(1)  # noqa: NPY002
    assert (first == ClassicalAugment(ClassicalConfig(), seed=1)(images)).all()
    assert (first != ClassicalAugment(ClassicalConfig(), seed=2)(images)).any()


def test_each_call_draws_anew() -> None:
    images, augment = pictures(), ClassicalAugment(ClassicalConfig(), seed=1)
    assert (augment(images) != augment(images)).any()


@pytest.mark.parametrize("config", [OFF, ClassicalConfig(strength=0)], ids=["all zero", "strength zero"])
def test_off_is_off(config: ClassicalConfig) -> None:
    images = pictures()
    np.testing.assert_array_equal(ClassicalAugment(config, seed=1)(images), images)


def one_dot() -> npt.NDArray[np.uint8]:
    images = np.zeros((40, 17, 17, 1), dtype=np.uint8)
    images[:, 8, 8] = 255
    return images


def centre_of_mass(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    mass = images[..., 0].astype(float)
    grid = np.indices(mass.shape[1:])
    return np.stack([(mass * axis).sum(axis=(1, 2)) / mass.sum(axis=(1, 2)) for axis in grid], axis=1)


def test_shift_moves_by_at_most_its_share_and_strength_scales_it() -> None:
    def reach(config: ClassicalConfig) -> float:
        return float(np.abs(centre_of_mass(ClassicalAugment(config, seed=0)(one_dot())) - 8).max())

    assert 0.5 < reach(OFF.model_copy(update={"shift": 0.1})) <= 0.1 * 17 + 0.6
    assert reach(OFF.model_copy(update={"shift": 0.1, "strength": 2.0})) > 1.5 * reach(
        OFF.model_copy(update={"shift": 0.1})
    )


def test_rotation_leaves_the_middle_where_it_is() -> None:
    turned = ClassicalAugment(OFF.model_copy(update={"rotate": 45.0}), seed=0)(one_dot())
    assert np.abs(centre_of_mass(turned) - 8).max() < 0.7


@pytest.mark.parametrize(("name", "axis"), [("flip_horizontal", 2), ("flip_vertical", 1)])
def test_flips_only_flip(name: str, axis: int) -> None:
    images = np.repeat(pictures(), 5, axis=0)
    changed = ClassicalAugment(OFF.model_copy(update={name: True}), seed=0)(images)
    same = (changed == images).all(axis=(1, 2, 3))
    flipped = (changed == np.flip(images, axis=axis)).all(axis=(1, 2, 3))
    assert (same | flipped).all()
    assert same.any()
    assert flipped.any()


def test_noise_has_the_size_that_was_asked_for() -> None:
    grey = np.full((50, 16, 16, 1), 128, dtype=np.uint8)
    noisy = ClassicalAugment(OFF.model_copy(update={"noise": 0.1}), seed=0)(grey)
    spread = (noisy.astype(float) - 128).std(axis=(1, 2, 3))
    assert spread.max() <= 0.1 * 255 * 1.3
    assert 0 < (spread > 0).mean() < 1


def test_views_are_kept_and_do_not_depend_on_the_order_of_asking() -> None:
    images, config = pictures(), ClassicalConfig(views=3)
    first, second = (AugmentedViews(images, config, seed=5) for _ in range(2))
    rows = np.array([0, 0, 4])
    late = first.take(rows, np.array([2, 0, 1]))
    second.take(np.array([5]), np.array([1]))
    np.testing.assert_array_equal(late, second.take(rows, np.array([2, 0, 1])))
    assert (late[0] != late[1]).any()  # two views of one image
    np.testing.assert_array_equal(first.take(np.array([0]), np.array([3]))[0], late[1])  # the fourth is the first again


@pytest.mark.parametrize("as_views", [False, True])
def test_flip_noise_and_shift_are_drawn_independently(as_views: bool) -> None:
    spot = np.zeros((600, 28, 28, 1), dtype=np.uint8)
    spot[:, 10:14, 6:9] = 200
    config = ClassicalConfig(flip_horizontal=True, rotate=0, scale=0, shift=0.08, noise=0.04)
    if as_views:
        changed = AugmentedViews(spot[:1], config, seed=5).take(np.zeros(600, dtype=np.int64), np.arange(600))
    else:
        changed = ClassicalAugment(config, seed=5)(spot)
    weights = np.where(changed[..., 0] > 100, 1.0, 0.0)
    across = (weights * np.arange(28)).sum((1, 2)) / weights.sum((1, 2))
    flipped = across > 13.5
    noisy = changed[:, 20:].std(axis=(1, 2, 3)) > 0
    shift = np.where(flipped, 27 - across, across)
    ties = np.corrcoef([flipped, noisy, shift])
    assert np.abs(ties - np.eye(3)).max() < 0.15  # 3.7 standard errors of a correlation of 600 independent draws


def test_full_room_changes_no_pixel() -> None:
    images, rows, showings = pictures(), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    roomy, cramped = (AugmentedViews(images, ClassicalConfig(), seed=5, room=room) for room in (2**20, 1))
    for _ in range(2):
        np.testing.assert_array_equal(roomy.take(rows, showings), cramped.take(rows, showings))


def test_an_image_shown_a_hundred_times_is_never_shown_twice_the_same() -> None:
    views = AugmentedViews(pictures(), ClassicalConfig(), seed=5)
    shown = views.take(np.zeros(100, dtype=np.int64), np.arange(100))
    assert len(np.unique(shown.reshape(100, -1), axis=0)) == 100


def test_no_border_appears_that_the_image_does_not_have() -> None:
    bright = np.full((10, 12, 12, 1), 200, dtype=np.uint8)
    moved = ClassicalAugment(OFF.model_copy(update={"shift": 0.3, "rotate": 45.0}), seed=0)(bright)
    assert (moved == 200).all()
