"""A copula a class: its draws have the class's moments, dependence and level shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.encoding.table import Block
from gan_augment.synthesis.kit.class_copulas import ClassCopulas, fit_copulas

NUMBERS = [Block("a", "value", 0, 1), Block("b", "value", 1, 2)]
WITH_LEVELS = [*NUMBERS, Block("c", "choice", 2, 5)]


def two_classes(rows: int = 400) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """In class 3 both numbers rise together around 1, in class 5 one falls as the other rises around -1."""
    rng, labels = np.random.default_rng(0), np.repeat([3, 5], rows // 2)
    a = rng.normal(0, 0.5, rows)
    b = np.where(labels == 3, a, -a) + rng.normal(0, 0.2, rows)
    centre = np.where(labels == 3, 1.0, -1.0)
    return np.stack([a + centre, b + centre], axis=1).astype(np.float32), labels


def fit(
    matrix: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], blocks: list[Block], **how: float
) -> ClassCopulas:
    return fit_copulas(matrix, labels, blocks, np.random.default_rng(1), **how)


@pytest.mark.parametrize("smoothing", [None, 0.3, 0.7, 1.0])
def test_draws_have_the_moments_and_the_dependence_of_their_class(smoothing: float | None) -> None:
    matrix, labels = two_classes()
    copulas = fit(matrix, labels, NUMBERS, **({} if smoothing is None else {"smoothing": smoothing}))
    assert copulas.classes.tolist() == [3, 5]
    assert copulas.counts.tolist() == [200, 200]
    for place, label in enumerate((3, 5)):
        own, made = matrix[labels == label], copulas.draw(place, 4000, np.random.default_rng(2))
        np.testing.assert_allclose(made.mean(axis=0), own.mean(axis=0), atol=0.08)
        np.testing.assert_allclose(made.std(axis=0), own.std(axis=0), rtol=0.12)
        assert np.corrcoef(made.T)[0, 1] == pytest.approx(np.corrcoef(own.T)[0, 1], abs=0.1)


@pytest.mark.parametrize("smoothing", [0.3, 1.0])
def test_levels_come_out_as_often_as_in_their_class(smoothing: float) -> None:
    matrix, labels = two_classes()
    rng = np.random.default_rng(3)
    shares = {3: [0.9, 0.07, 0.03], 5: [0.1, 0.1, 0.8]}
    levels = np.concatenate([rng.choice(3, 200, p=shares[label]) for label in (3, 5)])
    whole = np.concatenate([matrix, np.eye(3, dtype=np.float32)[levels]], axis=1)
    copulas = fit(whole, labels, WITH_LEVELS, smoothing=smoothing)
    for place, label in enumerate((3, 5)):
        won = copulas.draw(place, 4000, np.random.default_rng(4))[:, 2:].argmax(axis=1)
        own = np.bincount(levels[labels == label], minlength=3) / 200
        np.testing.assert_allclose(np.bincount(won, minlength=3) / 4000, own, atol=0.025)


def test_two_clusters_are_followed_and_one_cloud_is_smoothed() -> None:
    rng = np.random.default_rng(0)
    apart = np.where(rng.random((300, 1)) < 0.5, -2.0, 2.0) + rng.normal(0, 0.05, (300, 2))
    cloud = rng.normal(0, 1, (300, 2))
    one_class = np.zeros(300, dtype=np.int64)
    clusters, smooth = (fit(rows.astype(np.float32), one_class, NUMBERS) for rows in (apart, cloud))
    assert clusters.smoothings[0] < smooth.smoothings[0]
    made = clusters.draw(0, 2000, np.random.default_rng(1))
    assert (np.abs(made) < 1).mean() < 0.1  # hardly anything between them


def test_a_scarce_class_leans_on_what_all_share() -> None:
    matrix, labels = two_classes()
    third = np.concatenate([matrix, matrix[:4]]), np.concatenate([labels, np.full(4, 7)])
    copulas = fit(*third, NUMBERS)
    assert copulas.shrinkages[2] >= 1 / 3
    assert copulas.shrinkages[:2].max() < 0.1
    assert np.isfinite(copulas.draw(2, 100, np.random.default_rng(0))).all()


def test_one_row_alone_has_a_spread_too() -> None:
    matrix, labels = two_classes()
    few = np.r_[np.flatnonzero(labels == 3), np.flatnonzero(labels == 5)[:1]]
    made = fit(matrix[few], labels[few], NUMBERS).draw(1, 500, np.random.default_rng(0))
    assert (made.std(axis=0) > 0.05).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_share_of_the_common_covariance_can_be_set(share: float) -> None:
    matrix, labels = two_classes()
    copulas = fit(matrix, labels, NUMBERS, shrinkage=share, smoothing=1.0)
    assert copulas.shrinkages.tolist() == [share, share]
    made = [np.corrcoef(copulas.draw(place, 4000, np.random.default_rng(0)).T)[0, 1] for place in (0, 1)]
    # Of their own they are opposites; of the common covariance they are alike.
    assert abs(made[0] - made[1]) == pytest.approx(1.8 if share == 0 else 0.0, abs=0.2)


def test_what_a_file_holds_draws_the_same() -> None:
    copulas = fit(*two_classes(), NUMBERS)
    again = ClassCopulas(**copulas.arrays())
    first, second = (one.draw(1, 50, np.random.default_rng(7)) for one in (copulas, again))
    np.testing.assert_array_equal(first, second)
