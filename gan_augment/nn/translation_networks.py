"""Networks that turn an image into another one: a small U-Net, and a critic of patches, both without normalisation.

After pix2pix (Isola et al. 2017, arXiv 1611.07004, sections 3.2 and 6.1) at a size for a CPU: a U-Net joins each map of
its way up to the map of the same size on its way down, and the critic gives a logit a patch. No layer here reads the
other images of a batch.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.compute.layout import channels_last
from gan_augment.nn.conv_networks import conv_down
from gan_augment.nn.initialisation import LEAK, LINEAR, keep_variance

__all__ = ["FIELDS", "PatchCritic", "PatchField", "UNet", "smallest_side", "usual_levels"]

PatchField = Literal[1, 16, 34, "whole"]  # px a side that a logit sees
FIELDS: tuple[PatchField, ...] = (1, 16, 34, "whole")
_STRIDES: dict[PatchField, tuple[int, ...]] = {16: (2, 1), 34: (2, 2, 1)}  # of 4 x 4 kernels, before the last one
_SMALLEST: dict[PatchField, int] = {1: 1, 16: 6, 34: 12, "whole": 4}
_MOST_LEVELS = 4
_WIDEST = 4  # times the width of the full resolution


def usual_levels(height: int, width: int) -> int:
    """How often a U-Net halves an image of this size: down to a shorter side of 4 to 7 px, at most four times."""
    return max(1, min(_MOST_LEVELS, int(math.log2(max(min(height, width), 4) / 4))))


def smallest_side(field: PatchField) -> int:
    """The least height and width, in px, of images that a critic with this field can judge."""
    return _SMALLEST[field]


class UNet(nn.Module):
    """Images [n, inputs, h, w] in [-1, 1] to images [n, outputs, h, w], of any size.

    Parameters
    ----------
    width
        Channels at full resolution; each level below has twice as many, up to four times.
    levels
        How often the resolution is halved (`usual_levels`).
    noise
        Length of a vector of noise that each level on the way down is shifted by; 0: there is none. As in BicycleGAN
        (Zhu et al. 2017, arXiv 1711.11586, figure 3: "add to all"): at the bottom alone, noise is easily ignored.
    residual
        The output is added to the first `outputs` channels of the input, not clipped, and starts near 0: the network
        starts as a copy. Else the output is a tanh.
    """

    def __init__(
        self, inputs: int, outputs: int, *, width: int, levels: int, noise: int = 0, residual: bool = False
    ) -> None:
        super().__init__()
        if residual and outputs > inputs:
            raise ValueError(f"{outputs} channels cannot be added to {inputs}")
        self.outputs, self.levels, self.noise, self.residual = outputs, levels, noise, residual
        channels = [width * min(2**level, _WIDEST) for level in range(levels + 1)]
        self.channels = (inputs, *channels)  # of the maps that `encode` gives
        first = keep_variance(nn.Conv2d(inputs, width, 3, padding=1))
        halved = [
            keep_variance(nn.Conv2d(before, after, 4, stride=2, padding=1))
            for before, after in itertools.pairwise(channels)
        ]
        self.down = nn.ModuleList([first, *halved])
        self.shifts = nn.ModuleList(keep_variance(nn.Linear(noise, size), LINEAR) for size in channels if noise)
        self.bottom = keep_variance(nn.Conv2d(channels[-1], channels[-1], 3, padding=1))
        self.up = nn.ModuleList(
            keep_variance(nn.Conv2d(below + beside, beside, 3, padding=1))
            for beside, below in reversed(list(itertools.pairwise(channels)))
        )
        self.head = keep_variance(nn.Conv2d(width, outputs, 3, padding=1), 0.1 * LINEAR if residual else LINEAR)
        channels_last(self)

    def forward(self, images: Tensor, noise: Tensor | None = None) -> Tensor:
        """Images float32 [n, outputs, h, w]; `noise` [n, noise] where the network has some."""
        height, width = images.shape[2:]
        whole = _padded(images, 2**self.levels)
        _, *beside, hidden = self._maps(whole, noise)
        hidden = F.leaky_relu(self.bottom(hidden), LEAK)
        for convolution, skipped in zip(self.up, reversed(beside), strict=True):
            larger = F.interpolate(hidden, scale_factor=2, mode="nearest")
            hidden = F.leaky_relu(convolution(torch.cat([larger, skipped], 1)), LEAK)
        drawn: Tensor = self.head(hidden)
        drawn = whole[:, : self.outputs] + drawn if self.residual else torch.tanh(drawn)
        return drawn[..., :height, :width]

    def encode(self, images: Tensor, noise: Tensor | None = None) -> list[Tensor]:
        """The images themselves and a map a level of the way down; their channels are `channels`."""
        return self._maps(_padded(images, 2**self.levels), noise)

    def _maps(self, whole: Tensor, noise: Tensor | None) -> list[Tensor]:
        if (noise is None) != (self.noise == 0):
            raise ValueError(f"the network takes noise of length {self.noise}")
        found = [whole]
        for level, convolution in enumerate(self.down):
            hidden = convolution(found[-1])
            if noise is not None:
                hidden = hidden + self.shifts[level](noise)[:, :, None, None]
            found.append(F.leaky_relu(hidden, LEAK))
        return found


def _padded(images: Tensor, multiple: int) -> Tensor:
    """The images with the last row and column repeated up to a multiple of so many px."""
    down, right = (-side % multiple for side in images.shape[2:])
    return F.pad(images, (0, right, 0, down), mode="replicate") if down or right else images


class PatchCritic(nn.Module):
    """Images [n, channels, h, w] to a logit a patch, [n, rows, columns]; larger means more like a real image.

    `field`: the side of a patch in px: 1, 16 and 34 as in pix2pix (section 6.1.2), or the whole image of `sides`, which
    then is the only size. A critic of an image beside its condition has the channels of both.
    """

    def __init__(self, channels: int, field: PatchField, *, width: int, sides: tuple[int, int]) -> None:
        super().__init__()
        if min(sides) < smallest_side(field):
            raise ValueError(f"a field of {field} px needs images of {smallest_side(field)} px a side")
        layers = _layers(channels, field, width, sides)
        self.body = channels_last(nn.Sequential(*layers))

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 [n, rows, columns]."""
        logits = cast(Tensor, self.body(images))
        return logits.squeeze(1) if logits.dim() == 4 else logits[..., None]


def _layers(channels: int, field: PatchField, width: int, sides: tuple[int, int]) -> list[nn.Module]:
    if field == "whole":
        halvings = max(1, int(math.log2(min(sides) / 4)))
        widths = [width * min(2**step, _WIDEST) for step in range(halvings)]
        return [
            *conv_down(widths, channels, sides[0], sides[1], _WIDEST * width),
            keep_variance(nn.Linear(_WIDEST * width, 1), LINEAR),
        ]
    kernel, strides = (1, (1, 1)) if field == 1 else (4, _STRIDES[field])
    widths = [channels, *(width * min(2**step, _WIDEST) for step in range(len(strides)))]
    layers: list[nn.Module] = []
    for (before, after), stride in zip(itertools.pairwise(widths), strides, strict=True):
        layers += [_convolution(before, after, kernel, stride), nn.LeakyReLU(LEAK)]
    return [*layers, _convolution(widths[-1], 1, kernel, 1, LINEAR)]


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, factor: float = 1.0) -> nn.Conv2d:
    return keep_variance(nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=int(kernel > 1)), factor)
