"""Differentiable augmentation of the discriminator's inputs, real and generated alike.

Zhao et al. 2020, arXiv 2006.10738.

This is part of the GAN's training, not the product's augmentation: generated samples stay unaugmented. `flip` is never
a default: a mirrored 2, b or left hand has another label.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from gan_augment.nn.draws import Draws

__all__ = ["AugmentOperation", "augment"]

AugmentOperation = Literal["translation", "cutout", "colour", "flip"]


def augment(images: Tensor, operations: tuple[AugmentOperation, ...], probability: float, draws: Draws) -> Tensor:
    """Apply each operation to each image with `probability`; [n, c, h, w] in [-1, 1], same shape out."""
    for operation in operations:
        changed = _OPERATIONS[operation](images, draws)
        chosen = draws.rand(len(images), 1, 1, 1).to(images.device) < probability
        images = torch.where(chosen, changed, images)
    return images


def _integers(low: int, high: int, count: int, draws: Draws, device: torch.device) -> Tensor:
    return draws.randint(low, high + 1, count, 1, 1).to(device)


def _translate(images: Tensor, draws: Draws) -> Tensor:
    """Shift by up to 12.5 % of the side (at least 1 pixel); the outside repeats the edge."""
    count, _, height, width = images.shape
    reach_y, reach_x = max(1, round(height * 0.125)), max(1, round(width * 0.125))
    rows = torch.arange(height, device=images.device)[None, :, None]
    columns = torch.arange(width, device=images.device)[None, None, :]
    rows = (rows + _integers(-reach_y, reach_y, count, draws, images.device)).clamp(0, height - 1)
    columns = (columns + _integers(-reach_x, reach_x, count, draws, images.device)).clamp(0, width - 1)
    batch = torch.arange(count, device=images.device)[:, None, None]
    return images.permute(0, 2, 3, 1)[batch, rows, columns].permute(0, 3, 1, 2)


def _cutout(images: Tensor, draws: Draws) -> Tensor:
    """Blank a rectangle of half the side, anywhere (also partly outside)."""
    count, _, height, width = images.shape
    top = _integers(-height // 4, height - height // 4, count, draws, images.device)
    left = _integers(-width // 4, width - width // 4, count, draws, images.device)
    rows = torch.arange(height, device=images.device)[None, :, None]
    columns = torch.arange(width, device=images.device)[None, None, :]
    inside = (rows >= top) & (rows < top + height // 2) & (columns >= left) & (columns < left + width // 2)
    return images * ~inside[:, None]


def _colour(images: Tensor, draws: Draws) -> Tensor:
    """Brightness +-0.5, saturation x0..2, contrast x0.5..1.5, on the scale [-1, 1]."""
    brightness, saturation, contrast = draws.rand(len(images), 3, 1, 1, 1).to(images.device).unbind(1)
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (2 * saturation)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def _flip(images: Tensor, _: Draws) -> Tensor:
    return images.flip(3)


_OPERATIONS = {"translation": _translate, "cutout": _cutout, "colour": _colour, "flip": _flip}
