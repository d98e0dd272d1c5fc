"""Small changes of images: how small, each image its own, and nothing but the generator decides."""

from __future__ import annotations

import torch

from gan_augment.nn.affine_views import affine_view


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_an_affine_view_is_small_and_each_image_gets_its_own() -> None:
    image = torch.full((1, 1, 16, 16), -1.0)
    image[:, :, 6:10, 6:10] = 1.0
    views = affine_view(image.repeat(50, 1, 1, 1), rng())
    assert views.shape == (50, 1, 16, 16)
    assert views.min() >= -1
    assert views.max() <= 1
    mass = (views + 1).sum((1, 2, 3)) / 2
    assert mass.min() > 16 * 0.6  # the square stays in the picture, about as large as it was
    assert mass.max() < 16 * 1.6
    assert len(torch.unique(mass)) > 40
    flat = affine_view(torch.full((2, 3, 8, 8), 0.25), rng())
    assert torch.allclose(flat, torch.full((2, 3, 8, 8), 0.25))  # no black corner enters


def test_an_affine_view_depends_on_the_generator_alone() -> None:
    images = torch.rand(4, 1, 8, 8, generator=rng(1))
    assert torch.equal(affine_view(images, rng()), affine_view(images, rng()))
    assert not torch.equal(affine_view(images, rng()), affine_view(images, rng(2)))
