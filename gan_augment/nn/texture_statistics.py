"""Statistics of textures: Gram matrices of feature maps, a bank of random filters, and energies of frequency bands."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["RandomFilters", "content_distances", "frequency_bands", "gram", "style_distances"]

_SCALES = (1, 2, 4)  # by how much the image is reduced before it is filtered
_SIDE = 5  # px of a filter
_ORIENTATIONS = 4
_TINY = 1e-6


def gram(maps: Tensor) -> Tensor:
    """float32 [n, d, d]: the mean products of the d maps of each image, [n, d, h, w], over its pixels."""
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def style_distances(maps: Sequence[Tensor], grams: Sequence[Tensor]) -> Tensor:
    """float32 [n]: how far the Gram matrices are from `grams`, squared, relative to these; the mean over the layers.

    Gatys, Ecker, Bethge 2016, equations 4 and 5, with layers of equal weight whatever their number of maps.
    """
    each = [
        ((gram(own) - wanted) ** 2).sum((1, 2)) / (wanted**2).sum((1, 2)).clamp(min=_TINY)
        for own, wanted in zip(maps, grams, strict=True)
    ]
    return torch.stack(each).mean(0)


def content_distances(maps: Sequence[Tensor], others: Sequence[Tensor], units: Sequence[float]) -> Tensor:
    """float32 [n]: how far the maps are from others, squared (equation 1), in each layer's unit; the mean over them."""
    each = [((own - other) ** 2).mean((1, 2, 3)) / unit for own, other, unit in zip(maps, others, units, strict=True)]
    return torch.stack(each).mean(0)


class RandomFilters(nn.Module):
    """A layer of random filters at three scales: enough for textures (Ustyuzhaninov et al. 2016, arXiv 1606.00021)."""

    def __init__(self, channels: int, *, filters: int = 48, generator: torch.Generator) -> None:
        super().__init__()
        shape = (len(_SCALES), filters, channels, _SIDE, _SIDE)
        weights = torch.randn(shape, generator=generator)
        self.weights = nn.Parameter(weights / weights.flatten(2).norm(dim=2)[..., None, None, None])
        self.biases = nn.Parameter(0.3 * torch.randn(shape[:2], generator=generator))

    def forward(self, images: Tensor) -> list[Tensor]:
        """A map [n, filters, h, w] a scale of float32 [n, c, h, w] in [-1, 1]; scales too coarse for the image go."""
        found = []
        for scale, weights, biases in zip(_SCALES, self.weights, self.biases, strict=True):
            if min(images.shape[2:]) // scale >= _SIDE - 1:
                small = functional.avg_pool2d(images, scale) if scale > 1 else images
                wide = functional.pad(small, (_SIDE // 2,) * 4, mode="replicate")
                found.append(functional.relu(functional.conv2d(wide, weights, biases)))
        return found


@functools.cache
def frequency_bands(height: int, width: int) -> Tensor:
    """float32 [bands, height, width]: shares of each frequency of `fft2` that belong to a band; they add up to 1.

    Octaves down to 4 px a side, each in four orientations, and the rest in one: squares of the windows of a steerable
    pyramid (Simoncelli and Freeman 1995). The mean belongs to none of them.
    """
    down, right = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None]
    octave = torch.log2((down**2 + right**2).sqrt().clamp(min=_TINY) / 0.5)
    angle = torch.atan2(down.expand(height, width), right.expand(height, width))
    above = [torch.ones(height, width)]
    for level in range(1, max(1, int(math.log2(min(height, width))) - 2) + 1):
        above.append(torch.cos(math.pi / 2 * (octave + level).clamp(0, 1)) ** 2)  # of the frequencies below an octave
    bands = []
    for wider, narrower in itertools.pairwise(above):
        for turn in range(_ORIENTATIONS):
            share = torch.cos(angle - math.pi * turn / _ORIENTATIONS) ** 6 / (_ORIENTATIONS * 20 / 64)
            bands.append((wider - narrower) * share)
    found = torch.stack([*bands, above[-1]])
    # A frequency and its opposite must agree, or bands of a real image are not real; the highest ones do not.
    found = (found + found.flip(1, 2).roll((1, 1), (1, 2))) / 2
    found[:, 0, 0] = 0
    return found
