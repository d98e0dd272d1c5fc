"""Channels last: the same figures, another order in memory, which copies and loading keep."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from gan_augment.compute.layout import channels_last
from gan_augment.core.records import ImageSpec
from gan_augment.nn.image_networks import Architecture, build_discriminator, build_generator
from gan_augment.nn.super_resolution_networks import PatchDiscriminator, Restorer
from gan_augment.recognition.classifier import SmallCnn
from gan_augment.training.checkpoint import load_module, save_module

IMAGE = ImageSpec(height=16, width=16, channels=3)


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d)]


def image_gan(architecture: Architecture) -> list[nn.Module]:
    generator = build_generator(IMAGE, classes=2, architecture=architecture, width=16, latent=4, embedding=2)
    return [generator, build_discriminator(IMAGE, classes=2, architecture=architecture, width=16)]


def networks() -> list[nn.Module]:
    classifier = SmallCnn(3, 16, 16, 2, generator=torch.Generator().manual_seed(0))
    restorers = [Restorer(3, factor=2, width=8, blocks=1), PatchDiscriminator(3, width=8)]
    return [*image_gan("conv"), *image_gan("residual"), classifier, *restorers]


@pytest.mark.parametrize("place", range(7))
def test_convolutions_lie_channels_last_and_stay_so_in_copies_and_from_disk(tmp_path: Path, place: int) -> None:
    network, other = networks()[place], networks()[place]
    save_module(tmp_path / "weights", network)
    load_module(tmp_path / "weights", other)
    for one in (network, copy.deepcopy(network), other):
        assert convolutions(one)
        assert all(conv.weight.is_contiguous(memory_format=torch.channels_last) for conv in convolutions(one))


def test_it_changes_no_figure_but_in_the_last_bits() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 14 * 14, 2))
    images = torch.rand(4, 3, 16, 16)
    before = network(images)
    assert channels_last(network) is network
    torch.testing.assert_close(network(images), before)
