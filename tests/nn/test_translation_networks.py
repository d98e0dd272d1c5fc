"""A U-Net keeps the size, can start as a copy and hears its noise; a critic's logit sees exactly its field."""

from __future__ import annotations

import pytest
import torch

from gan_augment.nn.objectives import Game
from gan_augment.nn.translation_networks import FIELDS, PatchCritic, PatchField, UNet, smallest_side, usual_levels

SIDES = (48, 48)


def _images(count: int, channels: int, *sides: int) -> torch.Tensor:
    return torch.rand(count, channels, *sides, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("sides", [(16, 16), (8, 8), (13, 22)])
def test_a_translated_image_has_the_size_of_its_source(sides: tuple[int, int]) -> None:
    found = UNet(4, 3, width=4, levels=usual_levels(*sides))(_images(2, 4, *sides))
    assert found.shape == (2, 3, *sides)
    assert found.abs().max() < 1


def test_levels_leave_a_shorter_side_of_4_to_7_px() -> None:
    assert [usual_levels(side, 64) for side in (4, 8, 15, 16, 31, 32, 64)] == [1, 1, 1, 2, 2, 3, 4]
    assert usual_levels(256, 256) == 4


def test_a_residual_network_starts_near_a_copy() -> None:
    images = _images(8, 3, 16, 16)
    torch.manual_seed(0)
    change = UNet(3, 3, width=8, levels=2, residual=True)(images) - images
    assert 0 < change.square().mean() < 0.1 * images.square().mean()
    with pytest.raises(ValueError, match="cannot be added"):
        UNet(1, 3, width=4, levels=1, residual=True)


def test_noise_reaches_the_output_and_is_asked_for() -> None:
    torch.manual_seed(0)
    network, images, noise = UNet(1, 1, width=4, levels=2, noise=5), _images(2, 1, 16, 16), torch.randn(2, 5)
    assert (network(images, noise) - network(images, -noise)).abs().mean() > 0.01
    for other, told in ((network, None), (UNet(1, 1, width=4, levels=2), noise)):
        with pytest.raises(ValueError, match="takes noise"):
            other(images, told)


def test_the_way_down_gives_the_images_and_a_map_a_level() -> None:
    network = UNet(3, 3, width=4, levels=3)
    maps = network.encode(_images(2, 3, 32, 32))
    assert tuple(one.shape[1] for one in maps) == network.channels == (3, 4, 8, 16, 16)
    assert [one.shape[2] for one in maps] == [32, 32, 16, 8, 4]


def test_every_weight_learns_and_no_image_sees_another() -> None:
    torch.manual_seed(0)
    network, images, noise = UNet(2, 1, width=4, levels=2, noise=3), _images(4, 2, 16, 16), torch.randn(4, 3)
    torch.testing.assert_close(network(images, noise)[1:2], network(images[1:2], noise[1:2]))
    network(images, noise).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())


@pytest.mark.parametrize("field", FIELDS)
def test_a_logit_sees_its_field_and_nothing_else(field: PatchField) -> None:
    torch.manual_seed(0)
    images = _images(1, 2, *SIDES).requires_grad_()
    logits = PatchCritic(2, field, width=4, sides=SIDES)(images)
    middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2]
    (gradient,) = torch.autograd.grad(middle, images)
    seen = gradient[0].abs().sum(0) > 0
    side = SIDES[0] if field == "whole" else field
    assert (int(seen.any(1).sum()), int(seen.any(0).sum())) == (side, side)


@pytest.mark.parametrize("field", FIELDS)
def test_the_smallest_images_have_a_logit_and_smaller_ones_are_refused(field: PatchField) -> None:
    side = smallest_side(field)
    assert PatchCritic(1, field, width=4, sides=(side, side + 3))(_images(1, 1, side, side + 3)).numel() >= 1
    with pytest.raises(ValueError, match="needs images"):
        PatchCritic(1, field, width=4, sides=(side - 1, side))


@pytest.mark.parametrize("field", [1, 16])
def test_the_penalty_is_a_mean_over_patches(field: PatchField) -> None:
    """A larger image of the same pixels has more patches, and must not be penalised more."""
    torch.manual_seed(0)
    critic, small = PatchCritic(1, field, width=4, sides=(24, 24)), _images(4, 1, 24, 24)

    def penalty(images: torch.Tensor) -> float:
        turns = [Game().discriminator(critic, images, -images, gamma=gamma, step=0).loss for gamma in (0.0, 1.0)]
        return float((turns[1] - turns[0]).detach())

    assert penalty(small.repeat(1, 1, 3, 3)) == pytest.approx(penalty(small), rel=0.35)
