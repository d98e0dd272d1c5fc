"""Gram matrices and bands: known values, what they do not see, and that the bands are a whole."""

from __future__ import annotations

import pytest
import torch

from gan_augment.nn.texture_statistics import (
    RandomFilters,
    content_distances,
    frequency_bands,
    gram,
    style_distances,
)


def test_a_gram_matrix_by_hand_and_blind_to_places() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [0.0, 1.0]], [[3.0, 0.0], [1.0, 1.0]]]])
    torch.testing.assert_close(gram(maps), torch.tensor([[[6.0, 4.0], [4.0, 11.0]]]) / 4)
    torch.testing.assert_close(gram(maps.flip(3)), gram(maps))


def test_distances_are_nothing_to_oneself_and_relative_otherwise() -> None:
    maps = [torch.rand(3, 4, 5, 5, generator=torch.Generator().manual_seed(0)) for _ in range(2)]
    grams = [gram(one) for one in maps]
    assert style_distances(maps, grams).tolist() == [0, 0, 0]
    # Maps of twice the values have Gram matrices of four times the values: (4 - 1)^2 of their own.
    torch.testing.assert_close(style_distances([2 * one for one in maps], grams), torch.full((3,), 9.0))
    assert content_distances(maps, maps, [1, 1]).tolist() == [0, 0, 0]
    moved = [maps[0] + 1, maps[1]]
    torch.testing.assert_close(content_distances(moved, maps, [0.5, 1.0]), torch.full((3,), 1.0))


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 16), (32, 24), (9, 15), (4, 4)])
def test_the_bands_are_a_whole_without_the_mean(height: int, width: int) -> None:
    bands = frequency_bands(height, width)
    whole = torch.ones(height, width)
    whole[0, 0] = 0
    torch.testing.assert_close(bands.sum(0), whole, atol=1e-5, rtol=0)
    assert bands.min() >= -1e-6
    # A band of a real image is real: a frequency and its opposite have one share.
    torch.testing.assert_close(bands.roll((-1, -1), (1, 2)).flip(1, 2), bands, atol=1e-5, rtol=0)


def test_a_band_has_an_octave_and_a_direction() -> None:
    bands = frequency_bands(16, 16)
    assert len(bands) == 2 * 4 + 1
    upright, level = bands[:4, 0, 8], bands[:4, 8, 0]  # the finest stripes to either side
    assert int(upright.argmax()) != int(level.argmax())
    assert bands[8, 0, 1] > 0.9  # one wave an image: the rest
    assert bands[8, 0, 8] < 0.01


def test_random_filters_are_those_of_the_generator_and_leave_the_global_one_alone() -> None:
    state = torch.get_rng_state()
    first, second = (RandomFilters(1, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first.weights, second.weights)
    assert torch.equal(state, torch.get_rng_state())
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    assert [tuple(maps.shape) for maps in first(images)] == [(2, 48, 8, 8), (2, 48, 4, 4)]  # 2 px would be too coarse
