"""Figures of a set: best for fresh rows of the same kind, worse for shifted, repeated or missing ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.curation.filters import Labelled
from gan_augment.curation.quality import class_quality, copying, overall_quality, real_against_real

Rows = npt.NDArray[np.float32]


def rows(count: int, at: float = 0.0, seed: int = 0, scale: float = 1.0) -> Rows:
    return np.random.default_rng(seed).normal(at, scale, size=(count, 3)).astype(np.float32)


def labelled(*parts: Rows) -> Labelled:
    return Labelled(np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts]))


def test_fresh_rows_are_better_than_shifted_ones_in_every_figure() -> None:
    held = rows(100)
    fresh, shifted = (class_quality(held, rows(100, at, seed=1), 5) for at in (0.0, 3.0))
    assert all(value is not None for value in fresh.values())
    for name in ("precision", "recall", "density", "coverage"):
        assert fresh[name] > shifted[name] + 0.3  # type: ignore[operator]
    assert fresh["kid"] < shifted["kid"]  # type: ignore[operator]


def test_one_row_again_and_again_has_no_diversity_and_little_recall() -> None:
    held = rows(100)
    found = class_quality(held, np.repeat(held[:1], 50, axis=0), 5)
    assert found["precision"] == 1
    assert found["recall"] < 0.2  # type: ignore[operator]
    assert found["diversity"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("held", "accepted"), [(2, 50), (50, 2), (0, 0)])
def test_too_few_rows_give_no_figure(held: int, accepted: int) -> None:
    assert set(class_quality(rows(held), rows(accepted), 5).values()) == {None}
    overall = overall_quality(labelled(rows(held)), labelled(rows(accepted)), 5, seed=0)
    assert set(overall.values()) == {None}


def test_classes_weigh_as_they_do_among_the_held_out_rows() -> None:
    """Nine times as many accepted rows of one class change nothing."""
    held = labelled(rows(60), rows(20, 8.0))
    even, uneven = (labelled(rows(count, seed=1), rows(40, 8.0, seed=2)) for count in (120, 1080))
    first, second = (overall_quality(held, accepted, 5, seed=0) for accepted in (even, uneven))
    assert second["kid"] == pytest.approx(first["kid"], abs=0.02)
    assert second["recall"] == pytest.approx(first["recall"], abs=0.1)


def test_a_class_without_accepted_rows_costs_coverage() -> None:
    held = labelled(rows(50), rows(50, 9.0))
    both = overall_quality(held, labelled(rows(50, seed=1), rows(50, 9.0, seed=2)), 5, seed=0)
    one = overall_quality(held, labelled(rows(50, seed=1), rows(0)), 5, seed=0)
    assert one["coverage"] == pytest.approx(both["coverage"] / 2, abs=0.1)


def test_the_distance_has_as_many_dimensions_as_the_rows_bear() -> None:
    assert overall_quality(labelled(rows(100)), labelled(rows(100, seed=1)), 5, seed=0)["frechet_dimensions"] == 3
    assert overall_quality(labelled(rows(25)), labelled(rows(25, seed=1)), 5, seed=0)["frechet_dimensions"] == 2
    few = overall_quality(labelled(rows(9)), labelled(rows(9, seed=1)), 3, seed=0)
    assert (few["frechet"], few["frechet_dimensions"]) == (None, None)


def test_the_two_sample_test_tells_shifted_rows_and_not_fresh_ones() -> None:
    held = labelled(rows(80))
    fresh, shifted = (overall_quality(held, labelled(rows(80, at, seed=1)), 5, seed=0) for at in (0.0, 3.0))
    assert shifted["two_sample"]["pvalue"] < 0.01 < fresh["two_sample"]["pvalue"]
    assert overall_quality(labelled(rows(7)), labelled(rows(7, seed=1)), 3, seed=0)["two_sample"] is None


def test_halves_of_real_rows_are_the_best_to_be_hoped_for() -> None:
    held = labelled(rows(80), rows(40, 6.0, seed=3))
    best = real_against_real(held, 5, seed=0)
    shifted = overall_quality(held, labelled(rows(80, 2.0, seed=1), rows(40, 8.0, seed=2)), 5, seed=0)
    assert best["coverage"] > 0.8 > shifted["coverage"]
    assert abs(best["kid"]) < shifted["kid"]


def test_copies_are_found_in_their_class_and_over_all() -> None:
    rng = np.random.default_rng(0)
    distances = {0: rng.uniform(0.9, 1.1, 200), 1: rng.uniform(0, 0.01, 200)}
    held, held_labels = rng.uniform(0.9, 1.1, 80), np.repeat([0, 1], 40)
    tests, together = copying(distances.__getitem__, held, np.repeat([0, 1, 2], 200), held_labels)
    assert set(tests) == {0, 1}  # class 2 has no held-out row to compare with
    assert tests[1].pvalue < 1e-6 < 0.001 < tests[0].pvalue
    assert together is not None
    assert together.pvalue < 1e-6
    assert copying(distances.__getitem__, held[:0], np.array([0]), held_labels[:0]) == ({}, None)
