"""Pixels to numbers in [-1, 1] and back. The uint8 array is the only form that leaves the tool."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["decode_images", "encode_images"]


def encode_images(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """uint8 [n, h, w, c] in 0..255 to float32 [n, c, h, w] in [-1, 1]."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / np.float32(127.5) - np.float32(1)


def decode_images(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """float32 [n, c, h, w] to uint8 [n, h, w, c]: clipped to [-1, 1], rounded to the nearest level.

    `decode_images(encode_images(x))` is `x`, exactly.
    """
    levels = np.rint((np.clip(values, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(0, 2, 3, 1))
