"""Folds: a partition that keeps groups whole and every class on both sides of each fold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.mixing.folds import fold_numbers


@settings(max_examples=40)
@given(st.integers(2, 4), st.integers(2, 3), st.integers(1, 3), st.integers(0, 2**31))
def test_every_fold_holds_every_class_and_whole_groups(folds: int, classes: int, size: int, seed: int) -> None:
    labels = np.repeat(np.arange(classes), 4 * folds * size)
    groups = np.asarray([f"g{row // size}" for row in range(len(labels))], dtype=object)
    numbers = fold_numbers(labels, groups, folds, seed=seed)
    for name in np.unique(groups):
        assert len(np.unique(numbers[groups == name])) == 1
    for label in range(classes):
        assert set(numbers[labels == label]) == set(range(folds))


def test_the_seed_decides_the_folds() -> None:
    labels, groups = np.repeat([0, 1], 20), np.asarray([f"r{row}" for row in range(40)], dtype=object)
    first, again, other = (fold_numbers(labels, groups, 4, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(("rare", "groups_of_rare"), [(3, 3), (30, 3), (2, 2)])
def test_more_folds_than_independent_rows_of_a_class_are_refused(rare: int, groups_of_rare: int) -> None:
    labels = np.asarray([0] * 40 + [1] * rare)
    groups = np.asarray(
        [f"a{row}" for row in range(40)] + [f"b{row % groups_of_rare}" for row in range(rare)], dtype=object
    )
    with pytest.raises(DataError, match="too few rows for so many folds") as error:
        fold_numbers(labels, groups, 5, seed=0)
    assert f"{groups_of_rare} independent" in str(error.value)


def test_a_fold_that_would_leave_one_row_to_fit_on_is_refused() -> None:
    labels = np.asarray([0] * 8 + [1] * 2)
    with pytest.raises(DataError, match="rows of it outside of each"):
        fold_numbers(labels, np.asarray([f"r{row}" for row in range(10)], dtype=object), 2, seed=0)
