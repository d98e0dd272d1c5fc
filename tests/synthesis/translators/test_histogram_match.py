"""The histogram is the other image's, the order of levels stays, and no image comes out black by accident."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.synthesis.translators.histogram_match import HistogramMatchConfig, matched


def image(seed: int, channels: int = 3, low: int = 0, high: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (12, 16, channels)).astype(np.uint8)


@settings(max_examples=25)
@given(seed=st.integers(0, 300), channels=st.sampled_from([1, 3]))
def test_the_levels_are_those_of_the_other_image_in_their_old_order(seed: int, channels: int) -> None:
    own, other = image(seed, channels), image(seed + 1, channels, 100, 200)
    found = matched(own, other, 1.0)
    assert found.shape == own.shape
    for channel in range(channels):
        one, before = found[..., channel].ravel(), own[..., channel].ravel()
        assert abs(np.sort(one).astype(int) - np.sort(other[..., channel].ravel())).mean() < 3
        assert (np.diff(one[np.argsort(before, kind="stable")].astype(int)) >= 0).all()


def test_a_share_of_nothing_is_the_image_and_an_image_matches_itself() -> None:
    np.testing.assert_array_equal(matched(image(0), image(1), 0.0), image(0))
    np.testing.assert_array_equal(matched(image(0), image(0), 1.0), image(0))


@settings(max_examples=25)
@given(seed=st.integers(0, 100), level=st.sampled_from([0, 1, 128, 254, 255]), channels=st.sampled_from([1, 3]))
def test_no_image_turns_black_unless_the_other_one_is(seed: int, level: int, channels: int) -> None:
    # A fault of albumentations before August 2024: images came out black.
    flat, other = np.full((12, 16, channels), level, np.uint8), image(seed, channels, 30)
    assert matched(flat, other, 1.0).min() >= 30
    assert matched(other, flat, 1.0).min() == matched(other, flat, 1.0).max() == level
    mixed = image(seed, channels)
    mixed[:6] = 0  # half of it is black paper: it gets the darker half of the other image's levels
    assert matched(mixed, other, 1.0)[:6].max() < np.median(other) + 40
    assert matched(mixed, other, 1.0).std() > 10


def test_shares_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="least"):
        HistogramMatchConfig(least=0.9, most=0.2)
