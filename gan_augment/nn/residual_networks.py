"""Residual bodies for images of 64 to 128 px, after R3GAN (Huang et al. 2024, arXiv 2501.05441, section 3).

A stage is a change of resolution and then blocks of x + F(x), F = 1x1, grouped 3x3, 1x1 convolutions with leaky
rectifiers between them and no normalisation. As in Fixup (Zhang et al. 2019, arXiv 1901.09321) the last convolution of
every F starts at zero and the others are scaled down by the number of blocks: at the start each block is the identity,
so that depth costs no stability.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.initialisation import LEAK, LINEAR, keep_variance

__all__ = ["Resample", "ResidualBlock", "residual_down", "residual_up", "stage_channels"]

BLOCKS = 2  # per stage
GROUP = 16  # channels per group of the 3 x 3 convolution
EXPANSION = 2


class ResidualBlock(nn.Module):
    """Block x + F(x) on float32 [n, channels, h, w]. `scale` multiplies the initial weights of F's first layers."""

    def __init__(self, channels: int, *, scale: float) -> None:
        super().__init__()
        inner = EXPANSION * channels
        groups = inner // GROUP if inner % GROUP == 0 else 1
        self.layers = nn.Sequential(
            keep_variance(nn.Conv2d(channels, inner, 1), scale),
            nn.LeakyReLU(LEAK),
            keep_variance(nn.Conv2d(inner, inner, 3, padding=1, groups=groups), scale),
            nn.LeakyReLU(LEAK),
            keep_variance(nn.Conv2d(inner, channels, 1, bias=False), 0.0),
        )

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = values + self.layers(values)
        return changed


class Resample(nn.Module):
    """Bilinear x2 up or down and, where `inputs` and `outputs` differ, a 1 x 1 convolution at the lower resolution."""

    def __init__(self, inputs: int, outputs: int, *, up: bool) -> None:
        super().__init__()
        self.up = up
        change = keep_variance(nn.Conv2d(inputs, outputs, 1, bias=False), LINEAR) if inputs != outputs else None
        self.change = change or nn.Identity()

    def forward(self, values: Tensor) -> Tensor:
        if self.up:
            return F.interpolate(self.change(values), scale_factor=2, mode="bilinear", align_corners=False)
        changed: Tensor = self.change(F.avg_pool2d(values, 2))
        return changed


def stage_channels(width: int, steps: int) -> list[int]:
    """Channels from the lowest resolution to the highest: `width` at the highest, doubled per step, at most 4 x."""
    return [min(width * 2 ** (steps - step), 4 * width) for step in range(steps + 1)]


def residual_up(channels: Sequence[int], image_channels: int) -> list[nn.Module]:
    """Body from [n, channels[0], h, w] to [n, image_channels, h * 2**k, w * 2**k], k = len(channels) - 1."""
    scale = _scale(len(channels))
    layers = _blocks(channels[0], scale)
    for inputs, outputs in itertools.pairwise(channels):
        layers += [Resample(inputs, outputs, up=True), *_blocks(outputs, scale)]
    return [*layers, keep_variance(nn.Conv2d(channels[-1], image_channels, 1), LINEAR)]


def residual_down(channels: Sequence[int], image_channels: int) -> list[nn.Module]:
    """Mirror of `residual_up`; `channels` from the lowest resolution to the highest, as there."""
    scale = _scale(len(channels))
    first = keep_variance(nn.Conv2d(image_channels, channels[-1], 1), LINEAR)
    layers: list[nn.Module] = [first, *_blocks(channels[-1], scale)]
    for inputs, outputs in itertools.pairwise(reversed(channels)):
        layers += [Resample(inputs, outputs, up=False), *_blocks(outputs, scale)]
    return layers


def _blocks(channels: int, scale: float) -> list[nn.Module]:
    return [ResidualBlock(channels, scale=scale) for _ in range(BLOCKS)]


def _scale(stages: int) -> float:
    # Fixup, section 3: L^(-1/(2m-2)) for L blocks of m = 3 layers.
    return float((BLOCKS * stages) ** (-1 / 4))
