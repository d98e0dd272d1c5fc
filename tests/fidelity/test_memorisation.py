from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import mannwhitneyu

from gan_augment.fidelity import memorisation
from gan_augment.fidelity.distances import nearest
from gan_augment.fidelity.memorisation import copy_test, copy_test_in_cells

Rows = npt.NDArray[np.float64]


def _parts(seed: int, count: int = 60) -> tuple[Rows, Rows, Rows]:
    rng = np.random.default_rng(seed)
    train, heldout, fresh = rng.normal(size=(3, count, 5))
    return train, heldout, fresh


def test_copies_of_train_fire_the_test() -> None:
    train, heldout, fresh = _parts(0)
    copies = train + 0.01 * fresh
    found = copy_test(nearest(copies, train)[0], nearest(heldout, train)[0])
    assert found.ratio < 0.1
    assert found.statistic < -5
    assert found.pvalue < 1e-6


def test_fresh_rows_are_called_copies_at_the_nominal_rate() -> None:
    pvalues = []
    for seed in range(200):
        train, heldout, fresh = _parts(seed, count=20)
        pvalues.append(copy_test(nearest(fresh, train)[0], nearest(heldout, train)[0]).pvalue)
    assert np.mean(np.array(pvalues) < 0.05) < 0.09


def test_far_away_rows_are_underfitting_not_copying() -> None:
    train, heldout, fresh = _parts(1)
    found = copy_test(nearest(5 * fresh, train)[0], nearest(heldout, train)[0])
    assert found.ratio > 1.5
    assert found.statistic > 5
    assert found.pvalue > 0.99


def test_agrees_with_scipy_with_and_without_ties() -> None:
    rng = np.random.default_rng(3)
    for a, b in [(rng.normal(size=30), rng.normal(0.5, 1, 25)), (rng.integers(0, 4, 30), rng.integers(0, 5, 25))]:
        reference = mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False)
        one_cell = copy_test_in_cells([(a.astype(float), b.astype(float))])
        assert one_cell.pvalue == pytest.approx(reference.pvalue)


@pytest.mark.parametrize("tied", [False, True])
def test_many_rows_get_scipys_pvalue_too(tied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(-0.1, 1, 400), rng.normal(size=90)
    if tied:
        a, b = a.round(1), b.round(1)
    monkeypatch.setattr(memorisation, "_RANKED", 100)
    assert copy_test(a, b).pvalue == pytest.approx(mannwhitneyu(a, b, alternative="less").pvalue, rel=1e-12)


def test_copying_in_one_class_is_not_hidden_by_another_class_of_larger_distances() -> None:
    train, heldout, fresh = _parts(4)
    held = nearest(heldout, train)[0]
    copied = nearest(train + 0.01 * fresh, train)[0]
    # Class 2 is fresh but lives on a scale a hundred times larger; pooled ranks would drown class 1.
    cells = [(copied, held), (100 * nearest(fresh, train)[0], 100 * held)]
    assert copy_test_in_cells(cells).pvalue < 1e-4
    assert copy_test_in_cells(cells[1:]).pvalue > 0.01


def test_a_set_with_repeated_rows_on_all_sides_is_not_called_copying() -> None:
    zeros = np.zeros(10)
    found = copy_test(zeros, zeros)
    assert (found.ratio, found.statistic, found.pvalue) == (1.0, 0.0, 1.0)
    assert copy_test_in_cells([(zeros, zeros)]).pvalue == 1.0


def test_empty_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="both sides"):
        copy_test(np.array([]), np.array([1.0]))
    with pytest.raises(ValueError, match="no cell"):
        copy_test_in_cells([])
