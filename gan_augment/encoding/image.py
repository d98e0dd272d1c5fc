"""Image codec: uint8 pixels to numbers in [-1, 1] and back. Only uint8 arrays leave the tool."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PixelLevels", "decode_images", "encode_images"]


def encode_images(images: npt.NDArray[np.uint8], *, channels_last: bool = False) -> npt.NDArray[np.float32]:
    """Images uint8 [n, h, w, c] as float32 [n, c, h, w] in [-1, 1].

    `channels_last`: a view with the memory layout of the images; it changes convolutions in the last bit.
    """
    if channels_last:
        return _scaled(images.astype(np.float32)).transpose(0, 3, 1, 2)
    return _scaled(np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32))


def _scaled(levels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return levels / np.float32(127.5) - np.float32(1)


def decode_images(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Images uint8 [n, h, w, c] of float32 [n, c, h, w]: clipped to [-1, 1], rounded to the nearest level.

    `decode_images(encode_images(x))` is `x`, exactly.
    """
    levels = np.clip(values, -1, 1)
    levels += 1  # in place from here: half the time of a chain of fresh arrays
    levels *= 127.5
    np.rint(levels, out=levels)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(0, 2, 3, 1))


@dataclass(frozen=True)
class PixelLevels:
    """Grey levels of a data set that uses few: binary masks, 16-level scans, posterised art.

    A generator's outputs lie between them, which would reveal synthetic images to any critic or classifier, so they are
    moved to the nearest level in use. `levels` is None where the train images use more than `MAX_LEVELS` of the 256:
    then nothing is moved.
    """

    levels: tuple[int, ...] | None

    MAX_LEVELS = 64

    @classmethod
    def of(cls, images: npt.NDArray[np.uint8]) -> PixelLevels:
        """Levels of real train images, uint8 of any shape."""
        used = np.flatnonzero(np.bincount(images.reshape(-1), minlength=256))
        return cls(tuple(int(level) for level in used) if len(used) <= cls.MAX_LEVELS else None)

    def snap(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The same images with every value at its nearest level in use (the lower of two equally near)."""
        if not self.levels:
            return images
        snapped: npt.NDArray[np.uint8] = _nearest(self.levels)[images]
        return snapped


@functools.cache
def _nearest(levels: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Table uint8 [256]: for every grey level, the nearest one in use."""
    used = np.array(levels)
    nearest: npt.NDArray[np.uint8] = used[np.abs(np.arange(256)[:, None] - used).argmin(axis=1)].astype(np.uint8)
    return nearest
