"""The controls that the lights' limits were set on: real against real is green, each planted fault is red."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.curation.weaknesses import check_weaknesses
from tests.fidelity.pictures import digit_halves, discs, grids, patches_exchanged


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.nightly)])
def test_real_digits_are_green_and_too_small_for_perspective(seed: int) -> None:
    real, labels, other, other_labels = digit_halves(seed)
    lights = check_weaknesses(real, labels, other, other_labels, seed=seed)
    assert {name: light.colour for name, light in lights.items()} == {
        "counting": "green",
        "perspective": "grey",
        "structure": "green",
    }


def test_exchanged_patches_turn_structure_red() -> None:
    real, labels, other, other_labels = digit_halves(0)
    wrong = patches_exchanged(other, other_labels, 0)
    lights = check_weaknesses(real, labels, wrong, other_labels, seed=0, checks=["structure"])
    assert lights["structure"].colour == "red"
    assert "patches" in lights["structure"].sentence


def test_wrong_texture_does_not_blame_structure() -> None:
    real, labels, other, other_labels = digit_halves(0)
    noisy = np.clip(other + np.random.default_rng(0).normal(0, 40, other.shape), 0, 255).astype(np.uint8)
    assert (
        check_weaknesses(real, labels, noisy, other_labels, seed=0, checks=["structure"])["structure"].colour == "grey"
    )


def test_a_spread_of_numbers_turns_counting_red() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    right = np.where(labels, 3, 5)
    real, fresh = discs(right, seed=1), discs(right, seed=2)
    assert check_weaknesses(real, labels, fresh, labels, seed=0, checks=["counting"])["counting"].colour == "green"
    drifted = discs(right + rng.integers(-1, 2, 120), seed=3)
    assert check_weaknesses(real, labels, drifted, labels, seed=0, checks=["counting"])["counting"].colour == "red"


def test_where_numbers_mean_nothing_counting_is_grey() -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros(120, int)
    real, other = (discs(rng.integers(1, 8, 120), seed=seed) for seed in (1, 2))
    assert check_weaknesses(real, labels, other, labels, seed=0, checks=["counting"])["counting"].colour == "grey"


def test_bars_are_green_in_perspective_and_red_when_sheared() -> None:
    labels = np.zeros(150, int)
    real = grids(150, seed=1)
    fresh = check_weaknesses(real, labels, grids(150, seed=2), labels, seed=0)
    assert fresh["perspective"].colour == "green"
    sheared = check_weaknesses(
        real, labels, grids(150, seed=3, fault="quadrants"), labels, seed=0, checks=["perspective"]
    )
    assert sheared["perspective"].colour == "red"


def test_few_images_are_grey() -> None:
    images = discs(np.full(6, 2), seed=0)
    lights = check_weaknesses(images, np.zeros(6, int), images, np.zeros(6, int), seed=0)
    assert {light.colour for light in lights.values()} == {"grey"}


@pytest.mark.nightly
def test_classes_are_matched_before_wholes_are_compared() -> None:
    real, labels, other, other_labels = digit_halves(1)
    few = np.flatnonzero(other_labels != 3)
    some = np.concatenate([few, np.flatnonzero(other_labels == 3)[:5]])
    lights = check_weaknesses(real, labels, other[some], other_labels[some], seed=0, checks=["structure"])
    assert lights["structure"].colour == "green"
