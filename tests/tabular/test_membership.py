"""The attack succeeds on copies, fails on fresh rows, and is not fooled by class sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gan_augment.tabular.membership import membership_attack


def normal(seed: int, rows: int, scale: float = 1.0) -> Any:
    return np.random.default_rng(seed).normal(0, scale, (rows, 5))


def test_copies_give_every_member_away() -> None:
    train = normal(0, 100)
    attack = membership_attack([(train, normal(1, 80), train)])
    assert attack is not None
    assert attack.auc > 0.99
    assert attack.caught > 0.99
    assert attack.pvalue < 1e-6
    assert (attack.members, attack.others) == (100, 80)


def test_fresh_rows_give_nobody_away() -> None:
    values = [membership_attack([(normal(s, 150), normal(100 + s, 150), normal(200 + s, 300))]) for s in range(20)]
    assert 0.47 < np.mean([attack.auc for attack in values if attack]) < 0.53
    assert sum(attack.pvalue < 0.05 for attack in values if attack) <= 4
    assert 0.02 < np.mean([attack.caught for attack in values if attack]) < 0.09


def test_noise_around_train_rows_lies_between() -> None:
    train = normal(0, 150)
    near, far = (membership_attack([(train, normal(1, 150), train + normal(2, 150, s))]) for s in (0.1, 0.8))
    assert near is not None
    assert far is not None
    assert 0.5 < far.auc < near.auc


def test_classes_of_other_scales_are_ranked_together_and_empty_ones_left_out() -> None:
    small = (normal(0, 50, 0.01), normal(1, 150, 0.01), normal(2, 100, 0.01))
    large = (normal(3, 150, 100), normal(4, 50, 100), normal(5, 100, 100))
    attack = membership_attack([small, large, (normal(6, 10), normal(7, 0), normal(8, 10))])
    assert attack is not None
    assert 0.4 < attack.auc < 0.6
    assert attack.members == 200
    assert membership_attack([]) is None
