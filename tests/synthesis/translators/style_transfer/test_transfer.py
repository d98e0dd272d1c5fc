"""The published proof in small: a strength of nothing gives the content, the style comes, the content stays."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gan_augment.core.records import ImageSpec
from gan_augment.nn.texture_statistics import gram
from gan_augment.synthesis.translators.style_transfer.features import Features, empty_features
from gan_augment.synthesis.translators.style_transfer.transfer import (
    by_optimisation,
    by_statistics,
    content_units,
    distances_left,
)

SIDE = 12


def features() -> Features:
    return empty_features("random", ImageSpec(height=SIDE, width=SIDE, channels=1), 2, seed=0)


def squares(count: int) -> Tensor:
    """A bright square on dark paper, at another place in each image."""
    images = torch.full((count, 1, SIDE, SIDE), -0.6)
    for place in range(count):
        images[place, :, place % 6 : place % 6 + 5, 2 + place // 6 : 8] = 0.7
    return images


def stripes(count: int) -> Tensor:
    wave = torch.sin(torch.arange(SIDE) * 2.1 + torch.arange(count)[:, None]) * 0.6
    return wave[:, None, None].expand(count, 1, SIDE, SIDE).contiguous()


def noise(count: int) -> Tensor:
    return torch.randn((count, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0))


def test_a_strength_of_nothing_gives_the_content_back_either_way() -> None:
    content, style, reader = squares(4), stripes(4), features()
    units = content_units(reader, content)
    found = by_optimisation(content, style, noise(4), reader, units, strength=0.0, steps=10)
    torch.testing.assert_close(found, content, atol=1e-6, rtol=0)
    torch.testing.assert_close(by_statistics(content, style, noise(4), strength=0.0), content)


def test_the_content_alone_is_found_again_from_noise() -> None:
    content, reader = squares(4), features()
    units = content_units(reader, content)
    start = 0.5 * noise(4)
    found = by_optimisation(content, stripes(4), noise(4), reader, units, strength=0.0, steps=40, start=start)
    assert float(((found - content) ** 2).mean()) < 0.02 * float(((start - content) ** 2).mean())


def test_the_style_comes_and_the_content_stays() -> None:
    content, style, reader = squares(8), stripes(8), features()
    units = content_units(reader, content)
    found = by_optimisation(content, style, noise(8), reader, units, strength=0.4, steps=30)
    left, moved = distances_left(found, content, style, reader, units)
    assert left < 0.2
    assert 0.01 < moved < 0.5
    nothing = distances_left(content, content, style, reader, units)
    assert nothing == pytest.approx((1, 0), abs=1e-6)


def test_statistics_take_the_mean_and_the_bands_of_the_style() -> None:
    content, style = squares(8), stripes(8) - 0.2
    found = by_statistics(content, style, noise(8), strength=1.0)
    torch.testing.assert_close(found.mean((1, 2, 3)), style.mean((1, 2, 3)), atol=0.05, rtol=0)
    down, across = ((found.diff(dim=axis) ** 2).mean() for axis in (2, 3))
    assert across > 2 * down  # the stripes' direction, which the squares do not have
    # The squares are still where they were: light within, dark without.
    inside = squares(8) > 0
    apart = [float(one[place].mean() - one[~place].mean()) for one, place in zip(found, inside, strict=True)]
    assert min(apart) > 0.05


def test_an_image_matched_to_its_own_statistics_is_itself() -> None:
    content = squares(4)
    torch.testing.assert_close(by_statistics(content, content, noise(4), strength=1.0), content, atol=1e-4, rtol=0)


def test_flat_contents_and_flat_styles_give_finite_images() -> None:
    flat, style = torch.full((2, 1, SIDE, SIDE), 0.3), stripes(2)
    for content, look in ((flat, style), (style, flat), (flat, flat)):
        found = by_statistics(content, look, noise(2), strength=1.0)
        assert torch.isfinite(found).all()
    assert float(by_statistics(flat, style, noise(2), strength=1.0).std()) > 0.1  # a texture on plain paper
    units = content_units(features(), flat)
    assert torch.isfinite(by_optimisation(flat, flat, noise(2), features(), units, strength=0.8, steps=5)).all()


def test_white_noise_reproduces_a_gram_matrix_to_one_per_cent() -> None:
    style, reader = stripes(4), features()
    units = content_units(reader, squares(4))
    start = 0.5 * noise(4)
    found = by_optimisation(style, style, noise(4), reader, units, strength=1.0, steps=200, start=start)
    for own, wanted in zip(reader(found), reader(style), strict=True):
        apart = torch.linalg.matrix_norm(gram(own) - gram(wanted)) / torch.linalg.matrix_norm(gram(wanted))
        assert float(apart.mean()) < 0.01
