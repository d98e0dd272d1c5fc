"""Folds of real rows, so that each row can be judged by a classifier that saw neither it nor its group."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["spread_over_folds"]


def spread_over_folds(
    labels: npt.NDArray[np.integer[Any]], groups: npt.NDArray[Any], folds: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Fold of each row, int64 [n]. Every class is spread over the folds as evenly as its groups allow.

    Rows of one group share a fold; an empty name is a group of its own.
    """
    names = np.where(np.asarray(groups, dtype=object) == "", np.arange(len(labels)), groups)
    first, group = np.unique(names.astype(str), return_index=True, return_inverse=True)[1:]
    fold = np.zeros(len(first), np.int64)
    for index in np.unique(labels):
        of_class = rng.permutation(np.flatnonzero(labels[first] == index))
        fold[of_class] = np.arange(len(of_class)) % folds
    spread: npt.NDArray[np.int64] = fold[group]
    return spread
