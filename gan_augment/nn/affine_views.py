"""Small random affine changes of images, after which a picture still shows the same object."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["affine_view"]

ROTATION = math.radians(15)
SHEAR = 0.3
SCALE = 0.15
SHIFT = 0.125  # of the side


def affine_view(images: Tensor, rng: torch.Generator) -> Tensor:
    """Images rotated (15 degrees at most), sheared, scaled (15 %) and shifted (an eighth), each by its own amounts.

    [n, c, h, w] in, the same shape out; the outside repeats the edge. Differentiable in the images.
    """
    count = len(images)
    draws = 2 * torch.rand(count, 6, generator=rng) - 1
    angle, shear = ROTATION * draws[:, 0], SHEAR * draws[:, 1]
    wide, high = 1 + SCALE * draws[:, 2], 1 + SCALE * draws[:, 3]
    cos, sin = angle.cos(), angle.sin()
    rows = (
        torch.stack([wide * cos, wide * (shear * cos - sin), 2 * SHIFT * draws[:, 4]], 1),
        torch.stack([high * sin, high * (shear * sin + cos), 2 * SHIFT * draws[:, 5]], 1),
    )
    theta = torch.stack(rows, dim=1).to(images.device, images.dtype)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)
