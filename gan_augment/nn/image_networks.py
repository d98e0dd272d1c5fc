"""Generators and discriminators for images, conditional on a class, without normalisation layers.

Batch statistics would tie a sample to the others of its batch, so that its picture would depend on the number of
samples drawn. The discriminator is a projection discriminator (Miyato & Koyama 2018, arXiv 1802.05637, eq. 3): D(x, y)
= w . h(x) + <e_y, h(x)>.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from gan_augment.compute.layout import channels_last
from gan_augment.core.records import ImageSpec
from gan_augment.nn.conv_networks import SkipBody, conv_down
from gan_augment.nn.initialisation import LEAK
from gan_augment.nn.residual_networks import residual_down, residual_up, stage_channels

__all__ = [
    "Architecture",
    "Discriminator",
    "Generator",
    "build_discriminator",
    "build_generator",
    "choose_architecture",
]

Architecture = Literal["mlp", "conv", "residual"]


def choose_architecture(image: ImageSpec) -> Architecture:
    """Architecture for images: `mlp` up to 1,024 values each (32 x 32 grey), `conv` up to 64 px, `residual` above.

    Measured at 28 x 28 with 50 images per class (docs/benchmarks.md): at equal CPU time the MLP beats the convolutions,
    whose shared filters are worth little for small centred shapes.
    """
    if image.channels * image.height * image.width <= 1024:
        return "mlp"
    return "conv" if max(image.height, image.width) <= 64 else "residual"


class Generator(nn.Module):
    """Generator G(z, y): noise [n, latent] and class indices [n] to images [n, c, h, w] in [-1, 1].

    `label_scale` in [0, 1] fades the class embedding in (0: unconditional).
    """

    def __init__(self, body: nn.Module, latent: int, classes: int, embedding: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.latent = latent
        self.shape = shape
        self.embed: nn.Module = nn.Embedding(classes, embedding)
        self.body = channels_last(body)

    def forward(self, noise: Tensor, labels: Tensor, label_scale: float = 1.0) -> Tensor:
        """Images float32 [n, c, h, w] in [-1, 1]."""
        height, width = self.shape[1:]
        hidden = torch.cat([noise, label_scale * self.embed(labels)], dim=1)
        return torch.tanh(self.body(hidden)[..., :height, :width])


class Discriminator(nn.Module):
    """Discriminator D(x, y): images [n, c, h, w] and class indices [n] to logits [n]."""

    def __init__(self, body: nn.Module, features: int, classes: int) -> None:
        super().__init__()
        self.body = channels_last(body)
        self.linear = nn.Linear(features, 1)
        table = nn.Embedding(classes, features)
        nn.init.normal_(table.weight, std=1 / math.sqrt(features))
        self.embed: nn.Module = table

    def forward(self, images: Tensor, labels: Tensor, label_scale: float = 1.0) -> Tensor:
        """Logits float32 [n]; larger means more like a real image of that class."""
        hidden = self.body(images)
        projection = (hidden * self.embed(labels)).sum(1)
        logits: Tensor = self.linear(hidden).squeeze(1) + label_scale * projection
        return logits


class _Reshape(nn.Module):
    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, values: Tensor) -> Tensor:
        return values.reshape(len(values), *self.shape)


def _mlp(widths: Sequence[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(LEAK)]
    return layers


def _doublings(image: ImageSpec) -> int:
    # Down to a side of 4 to 7, the smallest map on which a 3 x 3 kernel still sees a neighbourhood; of an image that is
    # long and flat the shorter side keeps 2 to 3.
    long, short = max(image.height, image.width), min(image.height, image.width)
    return max(0, min(math.floor(math.log2(long / 4)), math.floor(math.log2(short / 2))))


def build_generator(
    image: ImageSpec, *, classes: int, architecture: Architecture, width: int, latent: int, embedding: int
) -> Generator:
    """Generator. `width`: hidden units (mlp), or channels of the second-highest (conv) or highest map (residual)."""
    shape = (image.channels, image.height, image.width)
    if architecture == "mlp":
        layers = [*_mlp([latent + embedding, width, width]), nn.Linear(width, math.prod(shape)), _Reshape(shape)]
        return Generator(nn.Sequential(*layers), latent, classes, embedding, shape)
    steps = _doublings(image)
    base = (math.ceil(image.height / 2**steps), math.ceil(image.width / 2**steps))
    if architecture == "residual":
        stages = stage_channels(width, steps)
        layers = [nn.Linear(latent + embedding, stages[0] * math.prod(base)), _Reshape((stages[0], *base))]
        return Generator(
            nn.Sequential(*layers, *residual_up(stages, image.channels)), latent, classes, embedding, shape
        )
    # The full-resolution map gets half the width: per channel it costs four times as much as the one below.
    channels = [min(width * 2 ** (steps - 1 - i), 4 * width) for i in range(steps)] + [max(width // 2, 8)]
    body = SkipBody(latent + embedding, channels, base, image.channels)
    return Generator(body, latent, classes, embedding, shape)


def build_discriminator(image: ImageSpec, *, classes: int, architecture: Architecture, width: int) -> Discriminator:
    """Projection discriminator. `width`: hidden units (mlp), or channels of the first map (conv, residual)."""
    layers: list[nn.Module]
    if architecture == "mlp":
        inputs = image.channels * image.height * image.width
        return Discriminator(nn.Sequential(nn.Flatten(), *_mlp([inputs, width, width])), width, classes)
    if architecture == "residual":
        steps = _doublings(image)
        stages = stage_channels(width, steps)
        area = (image.height // 2**steps) * (image.width // 2**steps)
        features = stages[0]
        layers = [*residual_down(stages, image.channels), nn.Flatten(), nn.Linear(features * area, features)]
        return Discriminator(nn.Sequential(*layers), features, classes)
    channels = [min(width * 2**step, 4 * width) for step in range(_doublings(image))]
    layers = conv_down(channels, image.channels, image.height, image.width, 4 * width)
    return Discriminator(nn.Sequential(*layers), 4 * width, classes)
