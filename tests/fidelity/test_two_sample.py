from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.fidelity.two_sample import two_sample_test

Rows = npt.NDArray[np.float64]


def _gauss(count: int, seed: int, shift: float = 0.0) -> Rows:
    return np.random.default_rng(seed).normal(shift, 1, (count, 3))


def test_real_against_real_is_called_different_at_no_more_than_the_nominal_rate() -> None:
    pvalues = [two_sample_test(_gauss(60, 2 * i), _gauss(60, 2 * i + 1), seed=i).pvalue for i in range(25)]
    assert np.mean(np.array(pvalues) < 0.05) <= 0.1


def test_noise_is_told_apart() -> None:
    found = two_sample_test(_gauss(200, 1), _gauss(200, 2, shift=4), seed=0)
    assert found.accuracy > 0.95
    assert found.auc > 0.99
    assert found.pvalue < 1e-6


def test_the_forest_sees_what_the_linear_critic_cannot() -> None:
    narrow = _gauss(400, 2) * 0.2  # same mean, other spread
    found = two_sample_test(_gauss(400, 1), narrow, seed=0)
    assert found.critic == "forest"
    assert found.accuracy > 0.85


def test_repetitions_alone_are_not_told_apart() -> None:
    pool = _gauss(60, 1)
    bootstrapped = pool[np.random.default_rng(5).integers(0, 60, 300)]
    found = [two_sample_test(_gauss(300, 10 + i), bootstrapped, seed=i).accuracy for i in range(5)]
    assert np.mean(found) < 0.62


def test_copies_of_the_compared_rows_stay_on_one_side() -> None:
    real = _gauss(100, 1)
    assert two_sample_test(real, real.copy(), seed=0).accuracy <= 0.5


def test_one_row_repeated_is_told_apart() -> None:
    assert two_sample_test(_gauss(40, 1), np.ones((40, 3)), seed=0).accuracy > 0.9


def test_same_seed_same_result_and_a_bound_on_the_rows() -> None:
    real, synthetic = _gauss(90, 1), _gauss(400, 2, shift=0.3)
    first = two_sample_test(real, synthetic, seed=3)
    assert first == two_sample_test(real, synthetic, seed=3)
    assert first.test_rows == 90
    assert two_sample_test(real, synthetic, seed=3, max_rows=30).test_rows == 30


def test_a_handful_of_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="8 rows"):
        two_sample_test(_gauss(7, 1), _gauss(90, 2), seed=0)
