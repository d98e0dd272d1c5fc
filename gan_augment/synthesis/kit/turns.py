"""Which real rows samples start from: all of them in turn, so that none is used twice more often than another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator

__all__ = ["in_turn"]


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
