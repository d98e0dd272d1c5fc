"""A random filter: the identity kernel gives the image, a shift kernel moves it, shapes stay, textures change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.random_convolution import (
    RandomConvolution,
    RandomConvolutionConfig,
    filtered,
)
from tests.toys import image_toy


def image(seed: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (12, 12, channels)).astype(np.uint8)


def identity(channels: int, size: int) -> np.ndarray:
    kernel = np.zeros((channels, channels, size, size))
    kernel[range(channels), range(channels), size // 2, size // 2] = 1
    return kernel


@given(
    seed=st.integers(0, 1000), size=st.sampled_from([1, 3, 5]), share=st.floats(0, 1), channels=st.sampled_from([1, 3])
)
def test_the_identity_kernel_gives_the_image(seed: int, size: int, share: float, channels: int) -> None:
    original = image(seed, channels)
    np.testing.assert_array_equal(filtered(original, identity(channels, size), share), original)


def test_a_kernel_with_one_weight_beside_its_middle_moves_the_image() -> None:
    original, kernel = image(0), np.zeros((3, 3, 3, 3))
    kernel[range(3), range(3), 1, 2] = 1  # the pixel to the right
    np.testing.assert_array_equal(filtered(original, kernel, 0.0)[:, :-1], original[:, 1:])


def test_a_share_of_one_is_the_image_whatever_the_kernel() -> None:
    kernel = np.random.default_rng(1).normal(size=(3, 3, 5, 5))
    np.testing.assert_array_equal(filtered(image(2), kernel, 1.0), image(2))


def test_an_image_of_one_colour_stays_in_range() -> None:
    flat = np.full((8, 8, 3), 200, dtype=np.uint8)
    assert np.isfinite(filtered(flat, np.ones((3, 3, 3, 3)), 0.0)).all()


def test_edges_stay_where_they_are() -> None:
    train, _ = image_toy()
    model = RandomConvolution().fit(TrainingData(train), RandomConvolutionConfig(sizes=(1,)), Run(0))
    (batch,) = model.sample(SampleRequest(index=1, count=40, seed=0))
    pixels = np.asarray(batch.payload, dtype=float)[..., 0]
    # Class 1 is bright on the right: the contrast of the halves stays, up to sign and strength.
    contrast = pixels[:, :, 4:].mean((1, 2)) - pixels[:, :, :4].mean((1, 2))
    assert (np.abs(contrast) > 5).mean() > 0.8
    assert len({one.tobytes() for one in pixels}) == 40


@pytest.mark.parametrize("sizes", [(2,), (0,), (33,), ()])
def test_kernels_without_a_middle_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sizes"):
        RandomConvolutionConfig(sizes=sizes)
