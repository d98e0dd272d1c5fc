"""Convolutional bodies for images of 16 to 64 px: small enough for a CPU, without normalisation.

The generator adds up images, one per resolution, each drawn from the features there ("skip" generator: Karras et al.
2020, StyleGAN2, arXiv 1912.04958, section 4.1 and figure 7): the coarse layout is learnt first, then the detail.
Weights start so that activations keep their variance (He et al. 2015, arXiv 1502.01852, eq. 14): torch's default
shrinks them with each layer, at 32 px to a twentieth, and no normalisation layer restores them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.initialisation import LEAK, LINEAR, keep_variance

__all__ = ["SkipBody", "conv_down"]


class _Stage(nn.Module):
    """Twice the resolution (except in the first stage), a 3 x 3 convolution, and an image drawn from its features."""

    def __init__(self, inputs: int, outputs: int, image_channels: int, *, up: bool, share: float) -> None:
        super().__init__()
        self.up = up
        self.convolution = keep_variance(nn.Conv2d(inputs, outputs, 3, padding=1)) if up else nn.Identity()
        self.to_image = keep_variance(nn.Conv2d(outputs, image_channels, 3, padding=1), LINEAR * share)

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Features and image, both at the new resolution."""
        if self.up:
            hidden = F.leaky_relu(self.convolution(F.interpolate(hidden, scale_factor=2, mode="nearest")), LEAK)
        return hidden, self.to_image(hidden)


class SkipBody(nn.Module):
    """Body from [n, inputs] to [n, image_channels, h * 2**k, w * 2**k], k = len(channels) - 1, (h, w) = `base`."""

    def __init__(self, inputs: int, channels: Sequence[int], base: tuple[int, int], image_channels: int) -> None:
        super().__init__()
        start = keep_variance(nn.Linear(inputs, channels[0] * math.prod(base)))
        self.start = nn.Sequential(start, nn.LeakyReLU(LEAK), nn.Unflatten(1, (channels[0], *base)))
        share = len(channels) ** -0.5  # the images are added up: their sum is to have unit variance
        pairs = [(channels[0], channels[0]), *itertools.pairwise(channels)]
        self.stages = nn.ModuleList(
            _Stage(before, after, image_channels, up=number > 0, share=share)
            for number, (before, after) in enumerate(pairs)
        )

    def forward(self, values: Tensor) -> Tensor:
        hidden, image = self.stages[0](self.start(values))
        for stage in itertools.islice(self.stages, 1, None):
            hidden, detail = stage(hidden)
            image = F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False) + detail
        drawn: Tensor = image
        return drawn


def conv_down(channels: Sequence[int], image_channels: int, height: int, width: int, features: int) -> list[nn.Module]:
    """Body from images [n, image_channels, h, w] to [n, features]: 4 x 4 convolutions with stride 2, and a layer."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise([image_channels, *channels]):
        layers += [keep_variance(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)), nn.LeakyReLU(LEAK)]
        height, width = height // 2, width // 2
    last = keep_variance(nn.Linear([image_channels, *channels][-1] * height * width, features))
    return [*layers, nn.Flatten(), last, nn.LeakyReLU(LEAK)]
