from __future__ import annotations

import numpy as np
import pytest

from gan_augment.curation.structure import compare_structure
from tests.fidelity.pictures import digit_halves, patches_exchanged


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.nightly)])
def test_real_against_real_has_no_gap_and_exchanged_patches_have(seed: int) -> None:
    real, _, other, labels = digit_halves(seed)
    same = compare_structure(real, other, seed=seed, repeats=2)
    assert same.gap == pytest.approx(0, abs=0.05)
    assert same.whole_auc == pytest.approx(0.5, abs=0.08)
    wrong = compare_structure(real, patches_exchanged(other, labels, seed), seed=seed, repeats=2)
    assert wrong.gap > 0.09
    assert wrong.gap - 2 * wrong.gap_error > 0.05
    assert wrong.patch_auc < 0.6


def test_wrong_texture_leaves_no_gap_but_is_told_by_patches() -> None:
    real, _, other, _ = digit_halves(0)
    blurred = ((other.astype(int) + np.roll(other, 1, axis=1).astype(int)) // 2).astype(np.uint8)
    found = compare_structure(real, blurred, seed=0, repeats=1)
    assert found.patch_auc > 0.9
    assert found.gap < 0.05


def test_long_flat_images_are_compared() -> None:
    real, made = np.random.default_rng(0).integers(0, 256, (2, 24, 4, 256, 1), dtype=np.uint8)
    assert 0 <= compare_structure(real, made, seed=0, repeats=1).patch_auc <= 1


def test_grey_levels_that_real_images_do_not_have_are_no_difference() -> None:
    real, _, other, _ = digit_halves(0)
    shaky = np.clip(other + np.random.default_rng(0).integers(-7, 8, other.shape), 0, 255).astype(np.uint8)
    assert compare_structure(real, shaky, seed=0, repeats=1).whole_auc < 0.6


@pytest.mark.nightly
def test_repeated_images_alone_are_not_told_apart() -> None:
    real, _, other, _ = digit_halves(0)
    bootstrapped = other[np.random.default_rng(1).integers(0, len(other), len(other))]
    assert compare_structure(real, bootstrapped, seed=0, repeats=2).whole_auc < 0.62


def test_same_seed_same_figures_and_large_images_are_averaged_down() -> None:
    images = np.random.default_rng(0).integers(0, 256, (24, 70, 66, 3), dtype=np.uint8)
    first = compare_structure(images[:12], images[12:], seed=1, repeats=1)
    assert first == compare_structure(images[:12], images[12:], seed=1, repeats=1)


def test_a_handful_is_refused() -> None:
    images = np.zeros((5, 8, 8, 1), dtype=np.uint8)
    with pytest.raises(ValueError, match="8 images"):
        compare_structure(images, images, seed=0)
