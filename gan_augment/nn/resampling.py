"""Resampling of images by separable kernels, each image with a shift and a width of its own.

A resampled axis is a matrix: row j holds the weights of the input pixels in output pixel j. With the defaults the
numbers are those of Pillow's `resize` (antialiased: the kernel grows with the reduction; weights beyond the border are
dropped and the others scaled up), before its rounding. Rows sum to 1, so a constant image stays that constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor

__all__ = ["KERNELS", "Kernel", "resample", "resampling_matrix", "resize"]

Kernel = Literal["triangle", "bicubic", "lanczos"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)


def _triangle(distance: Tensor) -> Tensor:
    return (1 - distance).clamp(min=0)


def _bicubic(distance: Tensor) -> Tensor:
    """Bicubic kernel: Keys 1981, IEEE TASSP 29(6), eq. 15, with a = -1/2."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return torch.where(distance < 1, near, torch.where(distance < 2, far, torch.zeros_like(distance)))


def _lanczos(distance: Tensor) -> Tensor:
    inside = torch.sinc(distance) * torch.sinc(distance / 3)
    return torch.where(distance < 3, inside, torch.zeros_like(distance))


_SHAPES: dict[Kernel, Callable[[Tensor], Tensor]] = {"triangle": _triangle, "bicubic": _bicubic, "lanczos": _lanczos}


def resampling_matrix(
    inputs: int, outputs: int, *, kernel: Kernel = "bicubic", shift: Tensor | None = None, width: Tensor | None = None
) -> Tensor:
    """Matrix float32 [n, outputs, inputs] with rows that sum to 1; n is the length of `shift` and `width`, else 1.

    Parameters
    ----------
    shift
        float [n]: the shift of the sampling points to the right, in input pixels; they stop at the border.
    width
        float [n]: multiplies the kernel's width; above 1 blurs more.
    """
    step = inputs / outputs
    zero, one = torch.zeros(1), torch.ones(1)
    shift, width = (zero if shift is None else shift), (one if width is None else width)
    centres = (torch.arange(outputs) + 0.5) * step - 0.5 + shift[:, None]
    centres = centres.clamp(-0.5, inputs - 0.5)  # beyond, a narrow kernel would cover no pixel
    distance = (torch.arange(inputs) - centres[:, :, None]).abs() / (max(step, 1.0) * width[:, None, None])
    weights = _SHAPES[kernel](distance)
    return weights / weights.sum(2, keepdim=True)


def resample(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Resample float32 [n, c, h, w] to [n, c, h', w'], by `rows` [n or 1, h', h] and `columns` [n or 1, w', w]."""
    return rows[:, None] @ images @ columns[:, None].transpose(2, 3)


def resize(images: Tensor, height: int, width: int, *, kernel: Kernel = "bicubic") -> Tensor:
    """Resize float32 [n, c, h, w] to [n, c, height, width], all images alike. Sides of 1 px and more."""
    if min(height, width) < 1:
        raise ValueError(f"an image of {height} x {width} px")
    rows, columns = (
        resampling_matrix(before, after, kernel=kernel).to(images.device)
        for before, after in zip(images.shape[2:], (height, width), strict=True)
    )

    return resample(images, rows, columns)
