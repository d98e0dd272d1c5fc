"""The contrast is low where each place shows what its source shows, and its gradient puts content back in place."""

from __future__ import annotations

import math

import torch

from gan_augment.nn.patch_contrast import PatchContrast


def _maps(count: int = 2) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    return [torch.randn(count, 3, 8, 8, generator=rng), torch.randn(count, 8, 4, 4, generator=rng)]


def _contrast() -> PatchContrast:
    torch.manual_seed(0)
    return PatchContrast((3, 8), width=16, patches=32)


def _loss(found: list[torch.Tensor], source: list[torch.Tensor], seed: int = 0) -> float:
    return float(_contrast()(found, source, torch.Generator().manual_seed(seed)))


def test_content_in_its_place_costs_less_than_content_moved_or_another_image() -> None:
    maps = _maps()
    same = _loss(maps, maps)
    moved = _loss([one.roll(2, 3) for one in maps], maps)
    other = _loss([one.flip(0) for one in maps], maps)
    chance = (math.log(32) + math.log(16)) / 2
    assert same < 0.5 * chance
    assert moved > chance
    assert other > chance


def test_a_change_of_all_places_alike_costs_less_than_moving_them() -> None:
    maps = _maps()
    assert _loss([1.5 * one for one in maps], maps) < _loss([one.roll(2, 3) for one in maps], maps)


def test_the_gradient_brings_content_back() -> None:
    maps, contrast = _maps(), _contrast()
    start = [one.roll(2, 3).requires_grad_() for one in maps]
    source = [one.clone().requires_grad_() for one in maps]
    loss = contrast(start, source, torch.Generator().manual_seed(0))
    gradients = torch.autograd.grad(loss, [*start, *source, *contrast.parameters()], allow_unused=True)
    assert all(gradient is None for gradient in gradients[2:4])  # the source's side gets none
    moved = [(one - 20 * gradient).detach() for one, gradient in zip(start, gradients[:2], strict=True)]
    assert _loss(moved, maps) < 0.8 * float(loss)
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients[4:])


def test_few_places_are_all_compared_and_the_draw_decides_which_of_many() -> None:
    maps = _maps()
    noisy = [one + 0.5 * one.roll(1, 2) for one in maps]
    assert _loss(noisy, maps, seed=1) != _loss(noisy, maps, seed=2)
    small = [maps[0][:, :, :2, :2], maps[1][:, :, :1, :1]]
    assert math.isfinite(_loss(small, small))
