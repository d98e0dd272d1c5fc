"""Which real rows samples start from: all in turn, none used twice more often than another; used again they move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator

__all__ = ["in_turn", "stepped"]


def in_turn(rows: int, first: int, count: int, seed: int, index: int, name: str) -> npt.NDArray[np.int64]:
    """int64 [count]: which of `rows` rows the samples from number `first` take, round after round of a shuffle of all.

    A sample's row depends on its number, the seed, the class `index` and `name`, not on what else is asked for.
    """
    numbers = np.arange(first, first + count)
    shuffles = {
        int(turn): numpy_generator(seed, index, name, int(turn)).permutation(rows)
        for turn in np.unique(numbers // rows)
    }
    return np.array([shuffles[int(number) // rows][number % rows] for number in numbers], dtype=np.int64)


def stepped(image: npt.NDArray[np.uint8], down: int, right: int) -> npt.NDArray[np.uint8]:
    """The image uint8 [h, w, c] moved by whole px; the edge is repeated."""
    rows, columns = (
        np.clip(np.arange(side) - step, 0, side - 1) for side, step in zip(image.shape, (down, right), strict=False)
    )
    moved: npt.NDArray[np.uint8] = image[rows][:, columns]
    return moved
