from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.fidelity.distances import frechet_distance, kernel_distance, kth_neighbour_distance, nearest

Rows = npt.NDArray[np.float64]


def _gauss(count: int, dimensions: int = 4, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> Rows:
    return np.random.default_rng(seed).normal(shift, scale, (count, dimensions))


def test_nearest_of_a_copy_is_its_original_at_zero() -> None:
    real = _gauss(30)
    distance, index = nearest(real[[4, 9]], real)
    np.testing.assert_array_equal(index, [4, 9])
    np.testing.assert_array_equal(distance, 0)


def test_kth_neighbour_does_not_count_the_row_itself() -> None:
    line = np.array([[0.0], [1.0], [3.0]])
    np.testing.assert_array_equal(kth_neighbour_distance(line, 1), [1, 1, 2])
    np.testing.assert_array_equal(kth_neighbour_distance(line, 2), [3, 2, 3])


def test_kernel_distance_against_the_sum_written_out() -> None:
    real, synthetic = _gauss(6, 3, seed=1), _gauss(5, 3, seed=2, shift=1)

    def kernel(a: Rows, b: Rows) -> float:
        return float((a @ b / 3 + 1) ** 3)

    def within(x: Rows) -> float:
        pairs = [kernel(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j]
        return sum(pairs) / len(pairs)

    cross = sum(kernel(a, b) for a in real for b in synthetic) / 30
    assert kernel_distance(real, synthetic) == pytest.approx(within(real) + within(synthetic) - 2 * cross)


def test_kernel_distance_is_unbiased_on_small_samples_where_the_frechet_distance_is_not() -> None:
    pairs = [(_gauss(12, seed=2 * i), _gauss(12, seed=2 * i + 1)) for i in range(200)]
    distances = np.array([kernel_distance(a, b) for a, b in pairs])
    assert abs(distances.mean()) < 4 * distances.std() / np.sqrt(len(distances))
    assert np.mean([frechet_distance(a, b) for a, b in pairs]) > 0.5


def test_kernel_distance_grows_with_the_shift() -> None:
    real = _gauss(200, seed=1)
    values = [kernel_distance(real, _gauss(200, seed=2, shift=shift)) for shift in (0, 0.5, 1, 2)]
    assert values == sorted(values)


def test_frechet_distance_of_known_gaussians() -> None:
    real, synthetic = _gauss(40_000, 3, seed=1), _gauss(40_000, 3, seed=2, shift=2, scale=3)
    # |shift|^2 + d (1 - 3)^2 = 3 x 4 + 3 x 4
    assert frechet_distance(real, synthetic) == pytest.approx(24, rel=0.03)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9)
