"""Blocks that start as the identity, and whole networks whose signals neither vanish nor explode."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.core.records import ImageSpec
from gan_augment.nn.image_networks import build_discriminator, build_generator
from gan_augment.nn.residual_networks import Resample, ResidualBlock, residual_down, residual_up, stage_channels


def test_a_block_starts_as_the_identity_and_can_leave_it() -> None:
    block = ResidualBlock(16, scale=0.5)
    values = torch.randn(2, 16, 8, 8)
    assert torch.equal(block(values), values)
    block(values).square().mean().backward()
    last = block.layers[4]
    assert isinstance(last, nn.Conv2d)
    assert last.weight.grad is not None
    assert last.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("up", [True, False])
def test_resampling_keeps_a_constant_image_constant(up: bool) -> None:
    values = torch.full((1, 4, 8, 8), 0.7)
    changed = Resample(4, 4, up=up)(values)
    assert changed.shape == (1, 4, 16, 16) if up else (1, 4, 4, 4)
    torch.testing.assert_close(changed, torch.full_like(changed, 0.7))


def test_down_is_the_mirror_of_up() -> None:
    channels = stage_channels(8, 3)
    assert channels == [32, 32, 16, 8]
    low = torch.randn(2, channels[0], 4, 4)
    high = nn.Sequential(*residual_up(channels, 3))(low)
    assert high.shape == (2, 3, 32, 32)
    assert nn.Sequential(*residual_down(channels, 3))(high).shape == low.shape


@pytest.mark.parametrize("side", [64, 128])
def test_signals_keep_their_size_from_end_to_end_at_the_start(side: int) -> None:
    torch.manual_seed(0)
    image = ImageSpec(height=side, width=side, channels=3)
    generator = build_generator(image, classes=2, architecture="residual", width=16, latent=8, embedding=8)
    discriminator = build_discriminator(image, classes=2, architecture="residual", width=16)
    labels = torch.tensor([0, 1] * 4)
    before_tanh = generator.body(torch.randn(8, 16))
    assert 0.05 < before_tanh.std() < 2
    smooth = F.interpolate(torch.randn(8, 3, 4, 4), size=side, mode="bilinear")  # white noise would average out
    images = smooth.requires_grad_()
    logits = discriminator(images, labels)
    assert 0.02 < logits.std() < 5
    (gradient,) = torch.autograd.grad(logits.sum(), images)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0
