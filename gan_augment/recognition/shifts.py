"""Light augmentation for judging networks: small shifts of every image, which change no label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["RandomShifts"]

_SHARE = 1 / 8  # of the side length: 1 px at 8 px, 4 px at 32 px


class RandomShifts:
    """Shift of each image by up to an eighth of its sides; the outside repeats the edge. One seed, one sequence."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def __call__(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Shifted images, of the shape and type of uint8 [n, h, w, c]."""
        count, height, width, _ = images.shape
        rows = _moved(height, self._rng, count)
        columns = _moved(width, self._rng, count)
        return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _moved(side: int, rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """Positions int64 [count, side] from which each position of each image is read."""
    reach = max(1, round(side * _SHARE))
    offset = rng.integers(-reach, reach + 1, (count, 1))
    places: npt.NDArray[np.int64] = np.clip(np.arange(side) + offset, 0, side - 1)
    return places
