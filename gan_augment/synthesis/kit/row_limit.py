"""A distribution needs no million rows: which train rows it is estimated from, so that memory has a bound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator

__all__ = ["MAX_ROWS", "row_limit"]

MAX_ROWS = 50_000
FEWEST = 1000  # of a class: a rare one is not thinned with the others


def row_limit(labels: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.int64]:
    """Row numbers, ascending: all of n <= `most` rows, else about `most`, drawn within each class.

    Every class keeps its share, but at least 1,000 rows or all it has.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    generator = numpy_generator(seed, "row limit")
    parts = []
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        kept = min(int(count), max(FEWEST, round(most * count / len(labels))))
        parts.append(generator.choice(np.flatnonzero(labels == label), size=kept, replace=False))
    return np.sort(np.concatenate(parts))
