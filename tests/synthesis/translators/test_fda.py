"""Low frequencies come from the other image: the mean always does, shapes stay, and black images do no harm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.synthesis.translators.fda import FdaConfig, exchanged

Range = tuple[int, int]


def image(seed: int, side: int = 16, channels: int = 3, among: Range = (60, 190)) -> np.ndarray:
    return np.random.default_rng(seed).integers(*among, (side, side + 4, channels)).astype(np.uint8)


@settings(max_examples=25)
@given(side=st.integers(4, 40), share=st.floats(0, 0.5), channels=st.sampled_from([1, 3]))
def test_the_mean_is_that_of_the_other_image_whatever_the_size(side: int, share: float, channels: int) -> None:
    # The transform of albumentations 2.0.8 leaves the mean of images of 16 px as it is for shares up to 0.1.
    dark, bright = image(0, side, channels, (60, 100)), image(1, side, channels, (150, 190))
    # What leaves the range of levels is cut off, so that the means of wide exchanges differ a little.
    assert abs(exchanged(dark, bright, share).mean() - bright.mean()) < 3


@settings(max_examples=25)
@given(seed=st.integers(0, 200), share=st.floats(0, 0.5), channels=st.sampled_from([1, 3]))
def test_an_image_towards_itself_is_itself(seed: int, share: float, channels: int) -> None:
    original = image(seed, 12, channels, (0, 256))
    np.testing.assert_array_equal(exchanged(original, original, share), original)


def test_high_frequencies_stay_and_low_ones_come() -> None:
    own, other = image(2), image(3)
    spectra = [np.abs(np.fft.fft2(one, axes=(0, 1))) for one in (exchanged(own, other, 0.1), own, other)]
    np.testing.assert_allclose(spectra[0][1, 1], spectra[2][1, 1], rtol=0.05, atol=20)
    np.testing.assert_allclose(spectra[0][7, 7], spectra[1][7, 7], rtol=0.05, atol=20)


def test_shapes_stay_where_they_are() -> None:
    square = np.full((16, 16, 1), 250, np.uint8)
    square[5:11, 5:11] = 20
    found = exchanged(square, image(4, 16, 1)[:, :16], 0.1).astype(float)
    assert found[6:10, 6:10].mean() < found[:3].mean() - 50


@pytest.mark.parametrize("level", [0, 128, 255])
def test_images_of_one_level_give_finite_images(level: int) -> None:
    flat, other = np.full((16, 20, 3), level, np.uint8), image(5)
    np.testing.assert_array_equal(exchanged(flat, flat, 0.2), flat)
    assert abs(exchanged(flat, other, 0.0).mean() - other.mean()) < 1
    assert abs(exchanged(other, flat, 0.0).mean() - level) < 40  # the contrast of the image goes over the edge


def test_shares_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="least"):
        FdaConfig(least=0.3, most=0.2)
