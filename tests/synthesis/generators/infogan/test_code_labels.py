"""Naming codes by a handful of labels: the estimate of the noise is of rows that were not used for the naming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.synthesis.generators.infogan.code_labels import (
    NO_CLASS,
    choose_handful,
    label_codes,
    majority_classes,
    second_halves,
)

LABELS = np.repeat(np.arange(4), 10)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_perfect_code_is_named_whatever_its_number_and_has_no_noise() -> None:
    found = label_codes((LABELS + 2) % 4, LABELS, code_count=4, class_count=4, rng=rng())
    assert list(found.class_of_code) == [2, 3, 0, 1]
    assert found.noise == 0
    assert all(found.problem(c, 0.0) is None for c in range(4))


def test_several_codes_may_stand_for_one_class_and_an_unseen_code_for_none() -> None:
    codes = np.where(np.arange(40) % 2 == 0, LABELS, LABELS + 4)
    found = label_codes(codes, LABELS, code_count=9, class_count=4, rng=rng())
    assert list(found.codes_of(1)) == [1, 5]
    assert found.class_of_code[8] == NO_CLASS


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("codes", [4, 40])
def test_codes_that_say_nothing_are_found_out_however_many_they_are(seed: int, codes: int) -> None:
    """Judged on the rows that named them, 40 random codes for 40 rows would be right two times in three."""
    found = label_codes(rng(seed).integers(0, codes, 40), LABELS, code_count=codes, class_count=4, rng=rng(seed))
    assert found.noise > 0.5
    assert all("of held-out labels wrong" in str(found.problem(c, 0.2)) for c in range(4))


def test_merged_classes_are_refused_and_the_others_are_not() -> None:
    codes = np.where(LABELS == 3, 2, LABELS)  # the model does not tell 3 from 2
    found = label_codes(codes, LABELS, code_count=4, class_count=4, rng=rng())
    assert found.noise == pytest.approx(0.25, abs=0.1)
    assert [found.problem(c, 0.4) is None for c in (0, 1)] == [True, True]
    problems = [str(found.problem(c, 0.4)) for c in (2, 3)]
    assert any("of another class" in problem for problem in problems)
    assert any("no code stands" in problem for problem in problems)


@pytest.mark.parametrize("wrong", [0.1, 0.3])
def test_the_estimate_is_the_noise_that_is_there(wrong: float) -> None:
    labels = np.repeat(np.arange(4), 500)
    codes = np.where(rng(1).random(2000) < wrong, (labels + 1) % 4, labels)
    found = label_codes(codes, labels, code_count=4, class_count=4, rng=rng())
    assert found.noise == pytest.approx(wrong, abs=0.03)
    assert found.class_noise == pytest.approx(np.full(4, wrong), abs=0.05)


def test_an_unclear_code_goes_to_the_majority() -> None:
    codes, labels = np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 0])
    assert list(majority_classes(codes, labels, code_count=3, class_count=2)) == [1, 0, NO_CLASS]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(2, 12), st.integers(0, 5))
def test_the_handful_is_small_balanced_and_chosen_by_the_seed(classes: list[int], per_class: int, seed: int) -> None:
    labels = np.array(classes)
    rows = choose_handful(labels, per_class, rng(seed))
    assert len(set(rows)) == len(rows)
    for c in range(4):
        assert (labels[rows] == c).sum() == min(per_class, (labels == c).sum())
    np.testing.assert_array_equal(rows, choose_handful(labels, per_class, rng(seed)))


def test_rows_that_guided_the_training_judge_nothing() -> None:
    """Codes that know their guiding rows by heart and say nothing of others."""
    guided = second_halves(LABELS, rng())
    codes = np.where(guided, LABELS, rng(1).integers(0, 4, 40))
    found = label_codes(codes, LABELS, code_count=4, class_count=4, rng=rng(), guided=guided)
    assert found.noise > 0.5
    assert list(found.class_of_code) == [0, 1, 2, 3]
    assert found.rows == 40
    alone = label_codes(codes, LABELS, code_count=4, class_count=4, rng=rng(), guided=np.ones(40, dtype=bool))
    assert alone.noise == 1
    assert list(alone.class_noise) == [1, 1, 1, 1]


@given(st.integers(0, 3), st.integers(1, 3))
def test_any_handful_gives_an_estimate(present: int, rows: int) -> None:
    labels = np.repeat(np.arange(present + 1), rows)
    found = label_codes(labels, labels, code_count=5, class_count=6, rng=rng())
    assert 0 <= found.noise <= 1
    assert found.problem(5, 1.0) == "no code stands for this class"
