"""Convolutional bodies: shapes, the variance at the start, and the coarse image under the detail."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.nn.conv_networks import SkipBody, conv_down


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("base", "channels"), [((4, 4), [8]), ((4, 6), [16, 8]), ((2, 2), [16, 8, 8, 4])])
@pytest.mark.parametrize("image_channels", [1, 3])
def test_each_stage_doubles_both_sides(base: tuple[int, int], channels: list[int], image_channels: int) -> None:
    times = 2 ** (len(channels) - 1)
    images = SkipBody(5, channels, base, image_channels)(noise(3, 5))
    assert images.shape == (3, image_channels, base[0] * times, base[1] * times)


def test_the_images_of_the_stages_are_added_up() -> None:
    torch.manual_seed(0)
    body = SkipBody(5, [8, 8], (4, 4), 1)
    hidden, coarse = body.stages[0](body.start(noise(2, 5)))
    _, detail = body.stages[1](hidden)
    whole = body(noise(2, 5))
    smooth = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(whole, smooth + detail)


@pytest.mark.parametrize("stages", [1, 2, 4])
def test_drawn_pixels_start_with_about_the_variance_of_the_noise_however_many_stages(stages: int) -> None:
    torch.manual_seed(0)
    images = SkipBody(64, [32] * stages, (4, 4), 3)(noise(200, 64))
    assert 0.4 < images.var() < 1.6


@pytest.mark.parametrize(("channels", "side"), [([4], 8), ([4, 8], 16), ([4, 8, 8], 32)])
def test_images_come_down_to_features_that_depend_on_every_pixel(channels: list[int], side: int) -> None:
    torch.manual_seed(0)
    images = noise(2, 3, side, side).requires_grad_()
    features = nn.Sequential(*conv_down(channels, 3, side, side, 10))(images)
    assert features.shape == (2, 10)
    features.square().sum().backward()
    assert images.grad is not None
    assert (images.grad.abs() > 0).all()


def test_sides_need_not_be_equal() -> None:
    assert nn.Sequential(*conv_down([4, 4], 1, 8, 16, 6))(noise(2, 1, 8, 16)).shape == (2, 6)
