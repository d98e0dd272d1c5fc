from __future__ import annotations

import numpy as np
import pytest

from gan_augment.curation.counting import compare_counts, count_blobs_and_holes
from tests.fidelity.pictures import digit_halves, discs


def test_real_discs_are_counted_without_a_mistake() -> None:
    wanted = np.arange(100) % 6 + 1
    counts = count_blobs_and_holes(discs(wanted, seed=0))
    np.testing.assert_array_equal(counts[:, 0], wanted)
    np.testing.assert_array_equal(counts[:, 1], 0)


def test_dark_on_bright_counts_the_same() -> None:
    wanted = np.full(20, 3)
    np.testing.assert_array_equal(count_blobs_and_holes(255 - discs(wanted, seed=1))[:, 0], 3)


def test_holes_of_rings_and_an_eight() -> None:
    y, x = np.mgrid[:32, :32]
    ring = (np.abs(np.hypot(y - 16, x - 16) - 8) < 2) * 200
    eight = ((np.abs(np.hypot(y - 10, x - 16) - 5) < 1.5) | (np.abs(np.hypot(y - 21, x - 16) - 5) < 1.5)) * 200
    images = np.stack([ring, eight, 0 * ring]).astype(np.uint8)[..., None]
    np.testing.assert_array_equal(count_blobs_and_holes(images), [[1, 1], [1, 2], [0, 0]])


def test_a_speck_is_no_blob() -> None:
    image = discs(np.array([2]), seed=3)
    image[0, 0, :2] = 255
    np.testing.assert_array_equal(count_blobs_and_holes(image)[:, 0], 2)


def test_digits_have_the_holes_of_their_class() -> None:
    images, labels, _, _ = digit_halves(0, 800)
    holes = count_blobs_and_holes(images)[:, 1]
    assert (holes[labels == 0] == 1).mean() > 0.8
    assert (holes[np.isin(labels, [1, 2, 3, 5, 7])] == 0).mean() > 0.9


def test_one_numerosity_against_a_spread_around_it() -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros(120, int)
    real = discs(np.full(120, 3), seed=1)
    same = compare_counts(real, labels, discs(np.full(120, 3), seed=2), labels, seed=0)
    assert same is not None
    assert same.excess == pytest.approx(0, abs=0.02)
    assert same.pvalue > 0.05
    assert same.steadiness == 1
    spread = compare_counts(real, labels, discs(rng.choice([2, 3, 4], 120, p=[0.3, 0.5, 0.2]), seed=2), labels, seed=0)
    assert spread is not None
    assert spread.excess == pytest.approx(0.45, abs=0.12)
    assert spread.pvalue < 0.01


def test_real_against_real_is_called_different_at_the_nominal_rate() -> None:
    pvalues = []
    for seed in range(12):
        first, labels, second, other = digit_halves(seed, 300)
        found = compare_counts(first, labels, second, other, seed=seed)
        assert found is not None
        pvalues.append(found.pvalue)
    assert np.mean(np.array(pvalues) < 0.05) <= 0.25


def test_too_few_images_of_every_class_give_nothing() -> None:
    images = discs(np.full(5, 2), seed=0)
    assert compare_counts(images, np.zeros(5, int), images, np.zeros(5, int), seed=0) is None


def test_flat_images_have_no_parts() -> None:
    flat = np.full((2, 16, 16, 3), 77, dtype=np.uint8)
    np.testing.assert_array_equal(count_blobs_and_holes(flat), [[0, 0], [0, 0]])
