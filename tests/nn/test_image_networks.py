"""Shapes for every image size, and that no sample depends on the others of its batch."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from gan_augment.core.records import ImageSpec
from gan_augment.nn.image_networks import Architecture, build_discriminator, build_generator, choose_architecture

SIZES = [(8, 8, 1), (12, 9, 3), (16, 16, 3), (28, 28, 1), (20, 33, 1), (64, 64, 3)]
SIZES += [(24, 96, 1), (8, 128, 3), (132, 4, 1)]


@pytest.mark.parametrize("architecture", ["mlp", "conv", "residual"])
@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
def test_any_size_goes_through(architecture: Architecture, height: int, width: int, channels: Literal[1, 3]) -> None:
    image = ImageSpec(height=height, width=width, channels=channels)
    generator = build_generator(image, classes=3, architecture=architecture, width=16, latent=4, embedding=4)
    discriminator = build_discriminator(image, classes=3, architecture=architecture, width=16)
    labels = torch.tensor([0, 2])
    images = generator(torch.randn(2, 4), labels)
    assert images.shape == (2, channels, height, width)
    assert images.abs().max() <= 1
    assert discriminator(images, labels).shape == (2,)


@pytest.mark.parametrize("architecture", ["mlp", "conv", "residual"])
def test_a_sample_does_not_depend_on_its_batch(architecture: Architecture) -> None:
    image = ImageSpec(height=16, width=16, channels=1)
    generator = build_generator(image, classes=2, architecture=architecture, width=16, latent=4, embedding=4)
    noise, labels = torch.randn(5, 4), torch.tensor([0, 1, 1, 0, 1])
    together = generator(noise, labels)
    alone = torch.cat([generator(noise[i : i + 1], labels[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("side", [16, 32, 64])
def test_convolutions_start_with_images_and_logits_of_order_one(side: int) -> None:
    image = ImageSpec(height=side, width=side, channels=3)
    torch.manual_seed(0)
    generator = build_generator(image, classes=2, architecture="conv", width=16, latent=32, embedding=32)
    discriminator = build_discriminator(image, classes=2, architecture="conv", width=16)
    labels = torch.zeros(64, dtype=torch.int64)
    images = generator(torch.randn(64, 32), labels)
    assert 0.3 < float(images.detach().std()) < 0.9  # torch's own start: 0.05
    assert float(discriminator(images, labels).detach().std()) > 0.1  # 0.02


def test_the_class_is_told_and_can_be_faded_out() -> None:
    image = ImageSpec(height=8, width=8, channels=1)
    generator = build_generator(image, classes=2, architecture="mlp", width=16, latent=4, embedding=4)
    discriminator = build_discriminator(image, classes=2, architecture="mlp", width=16)
    noise, first, second = torch.randn(3, 4), torch.zeros(3, dtype=torch.int64), torch.ones(3, dtype=torch.int64)
    images = generator(noise, first)
    assert not torch.equal(images, generator(noise, second))
    assert torch.equal(generator(noise, first, 0.0), generator(noise, second, 0.0))
    assert not torch.equal(discriminator(images, first), discriminator(images, second))
    assert torch.equal(discriminator(images, first, 0.0), discriminator(images, second, 0.0))


@pytest.mark.parametrize(
    ("side", "channels", "expected"),
    [
        (8, 1, "mlp"),
        (16, 3, "mlp"),
        (32, 1, "mlp"),
        (36, 1, "conv"),
        (32, 3, "conv"),
        (64, 3, "conv"),
        (68, 1, "residual"),
    ],
)
def test_the_architecture_follows_the_size(side: int, channels: Literal[1, 3], expected: str) -> None:
    assert choose_architecture(ImageSpec(height=side, width=side, channels=channels)) == expected
