"""Conventions first (which way each asymmetric metric points), then the reference implementation."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.fidelity.distances import frechet_distance, kernel_distance, mean_pairwise_distance, nearest
from gan_augment.fidelity.metrics import coverage_of_equals, diversity_ratio, prdc, prdc_in_blocks

Rows = npt.NDArray[np.float64]


def _gauss(count: int, dimensions: int = 4, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> Rows:
    return np.random.default_rng(seed).normal(shift, scale, (count, dimensions))


def test_real_against_real_passes_everything() -> None:
    real, other = _gauss(400, seed=1), _gauss(400, seed=2)
    figures = prdc(real, other)
    assert min(figures.precision, figures.recall) > 0.85
    assert figures.density == pytest.approx(1, abs=0.15)
    assert figures.coverage == pytest.approx(coverage_of_equals(400, 400, 5), abs=0.04)
    assert abs(kernel_distance(real, other)) < 0.1
    assert diversity_ratio(real, other) == pytest.approx(1, abs=0.05)


def test_a_collapsed_generator_is_precise_but_covers_nothing() -> None:
    real = _gauss(300, seed=1)
    collapsed = real[7] + _gauss(300, seed=2, scale=0.01)
    figures = prdc(real, collapsed)
    assert figures.precision > 0.95
    assert figures.density > 0.5
    assert figures.recall < 0.05
    assert figures.coverage < 0.1
    assert diversity_ratio(real, collapsed) < 0.05


def test_a_scattered_generator_recalls_but_is_not_precise() -> None:
    real, scattered = _gauss(300, seed=1), _gauss(300, seed=2, scale=6)
    figures = prdc(real, scattered)
    assert figures.recall > 0.8
    assert figures.precision < 0.3
    assert figures.density < 0.3
    assert diversity_ratio(real, scattered) > 4


def test_half_the_classes_missing_halves_the_coverage() -> None:
    near, far = _gauss(200, seed=1), _gauss(200, seed=2, shift=50)
    figures = prdc(np.concatenate([near, far]), _gauss(400, seed=3))
    assert figures.coverage == pytest.approx(0.5, abs=0.05)
    assert figures.precision > 0.9


def test_more_synthetic_rows_do_not_buy_coverage_in_blocks() -> None:
    real, poor = _gauss(50, seed=1), _gauss(2000, seed=2, shift=1.5)
    alone = prdc(real, poor[:50]).coverage
    assert prdc(real, poor).coverage > alone + 0.15
    assert prdc_in_blocks(real, poor).coverage == pytest.approx(alone, abs=0.12)


def test_blocks_use_every_row_up_to_the_limit_and_lower_k_for_tiny_sets() -> None:
    real = _gauss(4, seed=1)
    figures = prdc_in_blocks(real, _gauss(3, seed=2))
    assert figures.k == 2
    synthetic = np.concatenate([_gauss(50, seed=4), _gauss(50, seed=5, shift=90)])
    assert prdc_in_blocks(_gauss(50, seed=3), synthetic).precision == pytest.approx(
        prdc(_gauss(50, seed=3), synthetic[:50]).precision / 2
    )


@pytest.mark.parametrize("count", [(60, 60), (80, 35), (35, 80)])
def test_prdc_agrees_with_the_reference_package(count: tuple[int, int]) -> None:
    reference = pytest.importorskip("prdc")
    real, synthetic = _gauss(count[0], seed=1), _gauss(count[1], seed=2, shift=0.5)
    with contextlib.redirect_stdout(io.StringIO()):
        wanted = reference.compute_prdc(real, synthetic, nearest_k=5)
    got = prdc(real, synthetic, 5)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(got, name) == pytest.approx(wanted[name]), name


def test_the_blocks_of_the_distance_matrix_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, synthetic = _gauss(50, seed=1), _gauss(40, seed=2)
    whole = prdc(real, synthetic), kernel_distance(real, synthetic), mean_pairwise_distance(real)
    found = nearest(synthetic, real)
    monkeypatch.setattr("gan_augment.fidelity.distances.CHUNK", 7)
    monkeypatch.setattr("gan_augment.fidelity.metrics.CHUNK", 7)
    assert prdc(real, synthetic) == whole[0]
    assert kernel_distance(real, synthetic) == pytest.approx(whole[1])
    assert mean_pairwise_distance(real) == pytest.approx(whole[2])
    for a, b in zip(nearest(synthetic, real), found, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(8, 30), dimensions=st.integers(1, 5))
def test_order_of_rows_and_rotation_of_the_space_change_nothing(seed: int, count: int, dimensions: int) -> None:
    rng = np.random.default_rng(seed)
    real, synthetic = rng.normal(size=(count, dimensions)), rng.normal(size=(count + 3, dimensions))
    turn, _ = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))
    turned = real[rng.permutation(count)] @ turn, synthetic[rng.permutation(count + 3)] @ turn
    assert prdc(real, synthetic, 3) == prdc(*turned, 3)
    metrics: list[Callable[[Rows, Rows], float]] = [kernel_distance, frechet_distance, diversity_ratio]
    for metric in metrics:
        assert metric(*turned) == pytest.approx(metric(real, synthetic), abs=1e-7)


@pytest.mark.parametrize("metric", [kernel_distance, frechet_distance, diversity_ratio])
def test_one_row_is_refused(metric: Callable[[Rows, Rows], float]) -> None:
    with pytest.raises(ValueError, match="2 rows"):
        metric(_gauss(5), _gauss(1))


def test_rows_of_two_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        prdc(_gauss(9, 3), _gauss(9, 4))


def test_collapsed_reals_have_no_diversity_to_compare_with() -> None:
    same = np.ones((4, 2))
    assert diversity_ratio(same, same) == 1
    assert diversity_ratio(same, _gauss(4, 2)) == float("inf")
