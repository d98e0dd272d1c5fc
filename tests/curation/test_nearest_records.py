from __future__ import annotations

import numpy as np
import pytest

from gan_augment.curation.nearest_records import closest_record


def _gauss(count: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(size=(count, 6))


def test_fresh_rows_favour_neither_side() -> None:
    found = closest_record(_gauss(300, 1), _gauss(100, 2), _gauss(400, 3), seed=0)
    assert found.nearer_to_train == pytest.approx(0.5, abs=0.08)
    assert found.exact == 0
    assert found.median == pytest.approx(found.heldout_median, rel=0.1)
    assert found.near == pytest.approx(found.heldout_near, rel=0.2)


def test_memorised_rows_lie_nearer_to_train() -> None:
    train = _gauss(100, 1)
    found = closest_record(train, _gauss(100, 2), train + 0.05 * _gauss(100, 3), seed=0)
    assert found.nearer_to_train > 0.95
    assert found.near < 0.2 * found.heldout_near


def test_exact_repetitions_are_counted() -> None:
    train = _gauss(50, 1)
    assert closest_record(train, _gauss(50, 2), np.concatenate([train[:7], _gauss(20, 3)]), seed=0).exact == 7


def test_everything_equal_is_no_preference() -> None:
    same = np.ones((10, 2))
    found = closest_record(same, same, same, seed=0)
    assert found.nearer_to_train == 0.5
