"""The restorer starts as bicubic enlargement; the discriminator gives a logit a patch."""

from __future__ import annotations

import pytest
import torch

from gan_augment.nn.resampling import resize
from gan_augment.nn.super_resolution_networks import PatchDiscriminator, Restorer


@pytest.mark.parametrize("factor", [2, 4])
def test_an_untrained_restorer_is_bicubic_enlargement(factor: int) -> None:
    low = torch.rand(2, 3, 5, 7) * 2 - 1
    high = Restorer(3, factor=factor, width=8, blocks=2)(low)
    torch.testing.assert_close(high, resize(low, 5 * factor, 7 * factor))


def test_every_weight_learns() -> None:
    restorer = Restorer(1, factor=2, width=8, blocks=2)
    with torch.no_grad():
        restorer.tail.weight.normal_()
    restorer(torch.rand(2, 1, 6, 6)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in restorer.parameters())


def test_an_image_does_not_depend_on_the_others_of_its_batch() -> None:
    low = torch.rand(5, 1, 6, 6)
    for network in (Restorer(1, factor=2, width=8, blocks=2), PatchDiscriminator(1, width=8)):
        torch.testing.assert_close(network(low)[2:3], network(low[2:3]))


def test_the_discriminator_judges_patches() -> None:
    assert PatchDiscriminator(3, width=8)(torch.rand(2, 3, 16, 24)).shape == (2, 4, 6)
    assert PatchDiscriminator(3, width=8)(torch.rand(2, 3, 4, 4)).shape == (2, 1, 1)
