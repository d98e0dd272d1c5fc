"""Folds of labelled rows for `cross_fit`: stratified, whole groups and whole clusters of copies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import DataError

__all__ = ["fold_numbers"]

_LEAST = 2  # rows of each class to fit on


def fold_numbers(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.object_], folds: int, *, seed: int
) -> npt.NDArray[np.int64]:
    """Fold of each row, int64 [n], 0 to `folds` - 1.

    Parameters
    ----------
    labels, groups
        [n] class indices, and names of what must stay together (column `group` of a manifest).

    Raises
    ------
    DataError
        A class is missing from a fold, or has fewer than two rows outside of one: too few groups of it.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    sizes = [len(np.unique(groups[labels == label])) for label in np.unique(labels)]
    if min(sizes) < folds:
        raise _too_many(folds, min(sizes))
    numbers = np.empty(len(labels), dtype=np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed % 2**32)
    for number, (_, held) in enumerate(splitter.split(np.zeros(len(labels)), labels, groups)):
        numbers[held] = number
    for label in np.unique(labels):
        rows = np.bincount(numbers[labels == label], minlength=folds)
        if rows.min() == 0 or rows.sum() - rows.max() < _LEAST:
            raise _too_many(folds, min(sizes))
    return numbers


def _too_many(folds: int, smallest: int) -> DataError:
    return DataError(
        "There are too few rows for so many folds",
        where="cross_fit.folds in params.yaml",
        got=f"{folds} folds, and {smallest} independent train and validation rows (or groups) in the smallest class",
        expected=f"every class in every fold, and {_LEAST} rows of it outside of each",
        remedy="ask for fewer folds (0: none), or collect more rows of the smallest class",
    )
