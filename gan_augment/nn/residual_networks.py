"""Residual bodies for images of 64 to 128 px, after R3GAN (Huang et al. 2024, arXiv 2501.05441, section 3).

A stage is a change of resolution and then blocks of x + F(x), F = 1x1, grouped 3x3, 1x1 convolutions with leaky
rectifiers between them and no normalisation. As in Fixup (Zhang et al. 2019, arXiv 1901.09321) the last convolution of
every F starts at zero and the others are scaled down by the number of blocks: at the start each block is the identity,
so that depth costs no stability.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Resample", "ResidualBlock", "residual_down", "residual_up", "stage_channels"]

LEAK = 0.2
BLOCKS = 2  # a stage
GROUP = 16  # channels of a group of the 3 x 3 convolution
EXPANSION = 2
# The gain of a leaky rectifier: with it the variance of the activations stays what it was.
GAIN = nn.init.calculate_gain("leaky_relu", LEAK)


class ResidualBlock(nn.Module):
    """x + F(x) on float32 [n, channels, h, w]. `scale` multiplies the initial weights of F's first convolutions."""

    def __init__(self, channels: int, *, scale: float) -> None:
        super().__init__()
        inner = EXPANSION * channels
        groups = inner // GROUP if inner % GROUP == 0 else 1
        self.layers = nn.Sequential(
            nn.Conv2d(channels, inner, 1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(inner, inner, 3, padding=1, groups=groups),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(inner, channels, 1, bias=False),
        )
        for layer, factor in ((self.layers[0], scale), (self.layers[2], scale), (self.layers[4], 0.0)):
            _initialise(layer, factor)

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = values + self.layers(values)
        return changed


class Resample(nn.Module):
    """Bilinear x2 up or down, and where `inputs` and `outputs` differ a 1 x 1 convolution at the lower resolution."""

    def __init__(self, inputs: int, outputs: int, *, up: bool) -> None:
        super().__init__()
        self.up = up
        self.change = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()
        if isinstance(self.change, nn.Conv2d):
            _initialise(self.change, 1 / GAIN)

    def forward(self, values: Tensor) -> Tensor:
        if self.up:
            return F.interpolate(self.change(values), scale_factor=2, mode="bilinear", align_corners=False)
        changed: Tensor = self.change(F.avg_pool2d(values, 2))
        return changed


def stage_channels(width: int, steps: int) -> list[int]:
    """Channels from the lowest resolution to the highest: `width` at the highest, twice as many a step, at most 4 x."""
    return [min(width * 2 ** (steps - step), 4 * width) for step in range(steps + 1)]


def residual_up(channels: Sequence[int], image_channels: int) -> list[nn.Module]:
    """From [n, channels[0], h, w] to [n, image_channels, h * 2**k, w * 2**k], k = len(channels) - 1."""
    scale = _scale(len(channels))
    layers = _blocks(channels[0], scale)
    for inputs, outputs in itertools.pairwise(channels):
        layers += [Resample(inputs, outputs, up=True), *_blocks(outputs, scale)]
    last = nn.Conv2d(channels[-1], image_channels, 1)
    _initialise(last, 1 / GAIN)
    return [*layers, last]


def residual_down(channels: Sequence[int], image_channels: int) -> list[nn.Module]:
    """The mirror of `residual_up`; `channels` from the lowest resolution to the highest, as there."""
    scale = _scale(len(channels))
    first = nn.Conv2d(image_channels, channels[-1], 1)
    _initialise(first, 1 / GAIN)
    layers: list[nn.Module] = [first, *_blocks(channels[-1], scale)]
    for inputs, outputs in itertools.pairwise(reversed(channels)):
        layers += [Resample(inputs, outputs, up=False), *_blocks(outputs, scale)]
    return layers


def _blocks(channels: int, scale: float) -> list[nn.Module]:
    return [ResidualBlock(channels, scale=scale) for _ in range(BLOCKS)]


def _scale(stages: int) -> float:
    # Fixup, section 3: L^(-1/(2m-2)) for L blocks of m = 3 layers.
    return float((BLOCKS * stages) ** (-1 / 4))


@torch.no_grad()
def _initialise(layer: nn.Module, factor: float) -> None:
    assert isinstance(layer, nn.Conv2d)
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=GAIN * factor / fan_in**0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
