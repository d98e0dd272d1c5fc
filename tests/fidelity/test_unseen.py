from __future__ import annotations

import numpy as np

from gan_augment.fidelity.unseen import spread_over_folds


def test_every_class_is_spread_evenly_and_groups_stay_whole() -> None:
    labels = np.repeat([0, 1], [30, 7])
    fold = spread_over_folds(labels, np.array([""] * 37), 3, np.random.default_rng(0))
    assert sorted(np.bincount(fold[labels == 0])) == [10, 10, 10]
    assert sorted(np.bincount(fold[labels == 1])) == [2, 2, 3]
    groups = np.array([f"g{number // 4}" for number in range(37)])
    fold = spread_over_folds(labels, groups, 3, np.random.default_rng(0))
    assert all(len(set(fold[groups == name])) == 1 for name in set(groups))
