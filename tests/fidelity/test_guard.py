"""Each of the guard's figures against what does the work, and against what plainly does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.fidelity.guard import (
    GuardFigure,
    GuardRows,
    conditioned,
    kept,
    mixed,
    moved,
    translation_guard,
)

SEEDS = range(5)
STYLE = np.r_[4.0, np.zeros(9)]  # how the second domain differs from the first


def rows(seed: int, count: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 10))


def found(figure: GuardFigure | None) -> GuardFigure:
    assert figure is not None
    return figure


# ---- moved


@pytest.mark.parametrize("seed", SEEDS)
def test_a_translator_that_hands_its_source_back_has_not_moved_it(seed: int) -> None:
    sources = rows(seed)
    figure = found(moved(sources, sources + 0.01 * rows(seed + 9), rows(seed + 10) + STYLE))
    assert figure.value < 0.05
    assert str(figure.problem).startswith("not moved: 0.01 from its source")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_change_of_style_and_a_fresh_row_have_moved(seed: int) -> None:
    sources = rows(seed)
    for outputs in (sources + STYLE, rows(seed + 20)):
        assert found(moved(sources, outputs, rows(seed + 10) + STYLE)).problem is None


def test_a_domain_that_differs_little_asks_for_little() -> None:
    sources = np.repeat(rows(0, 20), 3, axis=0)
    fresh = sources + 0.001 * rows(1)
    assert found(moved(sources, sources + 0.001 * rows(2), fresh)).problem is None


def test_a_scale_is_the_same_in_any_unit() -> None:
    sources, outputs, fresh = rows(0), rows(1), rows(2)
    one, other = found(moved(sources, outputs, fresh)), found(moved(100 * sources, 100 * outputs, 100 * fresh))
    assert one.value == pytest.approx(other.value)


# ---- kept


def right(share: float, count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(count) < share


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_that_are_kept_and_labels_that_are_lost(seed: int) -> None:
    real = right(0.9, 100, seed)
    assert found(kept(right(0.9, 100, seed + 50), real, 0.1)).problem is None
    assert str(found(kept(right(0.3, 100, seed + 50), real, 0.1)).problem).startswith("not kept: ")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_judge_who_knows_no_better_than_chance_says_nothing(seed: int) -> None:
    assert kept(right(0.0, 100, seed), right(0.5, 30, seed + 50), 0.5) is None


def test_an_uncertain_judge_is_no_fault_of_the_rows() -> None:
    assert found(kept(right(0.55, 200), right(0.6, 200, 1), 0.1)).problem is None


def test_a_few_rows_refuse_nothing() -> None:
    assert kept(np.zeros(100, dtype=bool), np.ones(1, dtype=bool), 0.1) is None
    assert kept(np.zeros(100, dtype=bool), np.ones(2, dtype=bool), 0.5) is None


# ---- conditioned


@pytest.mark.parametrize("seed", SEEDS)
def test_a_condition_that_is_ignored_or_exchanged_is_found(seed: int) -> None:
    real = rows(seed), rows(seed + 1) + STYLE
    outputs = rows(seed + 2)
    figure = found(conditioned(outputs, outputs, *real))
    assert figure.value == pytest.approx(0, abs=1e-9)
    assert str(figure.problem).startswith("not conditioned: both lie 0.00 times as far apart")
    assert found(conditioned(outputs + STYLE, outputs, *real)).value < -0.7


@pytest.mark.parametrize("seed", SEEDS)
def test_a_condition_that_is_followed_moves_as_real_rows_do(seed: int) -> None:
    real = rows(seed), rows(seed + 1) + STYLE
    figure = found(conditioned(rows(seed + 2), rows(seed + 3) + STYLE, *real))
    assert figure.value == pytest.approx(1, abs=0.3)
    assert figure.problem is None


@pytest.mark.parametrize("seed", range(20))
def test_a_condition_that_real_rows_do_not_show_asks_for_nothing(seed: int) -> None:
    """In 200 dimensions two means always differ; along that difference the same rows would seem to move."""
    random = np.random.default_rng(seed)
    first, second, outputs = random.normal(size=(3, 40, 200))
    assert conditioned(outputs, outputs, first, second) is None


# ---- mixed


def mix(shares: tuple[float, ...], count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice(len(shares), count, p=shares)


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_in_a_hundred_rows_too_many_of_a_class_are_found(seed: int) -> None:
    real = mix((0.5, 0.5), 500, seed + 1)
    figure = found(mixed(mix((0.9, 0.1), 1000, seed), mix((0.8, 0.2), 1000, seed + 9), real, real, 2))
    assert figure.value == pytest.approx(0.1, abs=0.05)
    assert str(figure.problem).startswith("mixed: ")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [10, 100, 1000])
def test_samples_of_one_mix_are_no_problem_however_few(seed: int, count: int) -> None:
    shares, real = (0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1), mix((1 / 7,) * 7, 200, seed + 1)
    assert found(mixed(mix(shares, count, seed), mix(shares, count, seed + 99), real, real, 7)).problem is None


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_judge_shifts_in_real_rows_is_no_fault_of_the_others(seed: int) -> None:
    def judged(labels: np.ndarray, number: int) -> np.ndarray:
        wrong = np.random.default_rng(number).random(len(labels)) < 0.3
        return np.where(wrong & (labels == 0), 1, labels)

    sources, real = mix((0.5, 0.5), 2000, seed), mix((0.5, 0.5), 2000, seed + 1)
    same = judged(mix((0.5, 0.5), 2000, seed + 2), seed + 3)
    figure = found(mixed(sources, same, real, judged(real, seed + 4), 2))
    assert figure.value > 0.1
    assert figure.problem is None


@pytest.mark.parametrize("seed", range(20))
def test_a_judge_of_few_real_rows_is_not_trusted_to_the_row(seed: int) -> None:
    random, sources = np.random.default_rng(seed), mix((0.5, 0.5), 3000, seed)
    real = mix((0.5, 0.5), 20, seed + 50)
    real_read = np.where(random.random(20) < 0.3, 1 - real, real)
    assert found(mixed(sources, mix((0.5, 0.5), 3000, seed + 9), real, real_read, 2)).problem is None


def test_single_rows_have_no_figure() -> None:
    one, label = rows(0, 1), np.zeros(1, dtype=np.int64)
    assert moved(one, one, one) is None
    assert conditioned(one, one, one, one) is None
    assert mixed(label, label, label, label, 2) is None


# ---- all figures of one set


def seen(labels: np.ndarray, inks: np.ndarray, seed: int, told: np.ndarray | None = None, **more: Any) -> GuardRows:
    """Rows whose class and ink can be read, told to be of `told` classes."""
    features = 0.5 * np.random.default_rng(seed).normal(size=(len(labels), 6))
    features[np.arange(len(labels)), labels] += 4
    features[np.arange(len(labels)), 2 + inks] += 4
    asked = more.pop("asked", inks)
    read, shown = features[:, :2].argmax(axis=1), features[:, 2:4].argmax(axis=1)
    told = labels if told is None else told
    return GuardRows(features, told, read, told={"ink": asked + 1}, shown={"ink": shown + 1}, **more)


def draw(seed: int, count: int = 120) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(0, 2, count), random.integers(0, 2, count)


TRAIN, HELD_OUT = seen(*draw(1, 200), 11), seen(*draw(2), 12)
ALL = ("moved", "kept", "conditioned")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_generator_that_draws_what_it_is_asked_for_has_no_problem(seed: int) -> None:
    guard = translation_guard(TRAIN, HELD_OUT, seen(*draw(20 + seed), 30 + seed), classes=2)
    assert [guard.problem(index, ALL) for index in (0, 1)] == [None, None]
    assert set(guard.classes[0]) == {"kept", "conditioned"}
    column = guard.columns["ink"]
    assert found(column.kept).problem is None
    assert found(column.conditioned).problem is None
    assert set(column.values) == {1, 2}
    assert found(guard.mixed).problem is None


def test_a_generator_that_ignores_its_class_is_refused_for_the_other_one_by_two_figures() -> None:
    asked, inks = draw(3)
    guard = translation_guard(TRAIN, HELD_OUT, seen(np.zeros_like(asked), inks, 5, told=asked), classes=2)
    assert str(guard.problem(1, ("kept",))).startswith("not kept: ")
    assert str(guard.problem(1, ("conditioned",))).startswith("not conditioned: ")
    assert guard.problem(1, ()) is None
    assert guard.problem(0, ("kept",)) is None
    assert found(guard.mixed).problem is not None


def test_an_attribute_that_is_ignored_is_found_in_its_column_and_refuses_no_class() -> None:
    labels, asked = draw(4)
    guard = translation_guard(TRAIN, HELD_OUT, seen(labels, np.zeros_like(asked), 6, asked=asked), classes=2)
    column = guard.columns["ink"]
    assert str(found(column.conditioned).problem).startswith("not conditioned: ")
    assert column.values[1].problem is None
    assert str(column.values[2].problem).startswith("not kept: ")
    assert guard.problem(0, ALL) is None


def translated(back: bool) -> GuardRows:
    """The train rows handed back, or in the other ink."""
    inks = TRAIN.told["ink"] - 1
    made = seen(TRAIN.labels, 1 - inks, 7, sources=np.arange(len(TRAIN.labels)))
    return replace(made, features=TRAIN.features, read=TRAIN.read, shown=TRAIN.shown) if back else made


def test_a_translator_is_asked_to_move_and_to_follow_a_condition_of_its_own() -> None:
    good = translation_guard(TRAIN, HELD_OUT, translated(back=False), classes=2)
    assert good.problem(0, ALL) is None
    assert set(good.classes[0]) == {"moved", "kept"}  # its class is that of its source, whatever it does
    assert found(good.columns["ink"].conditioned).problem is None
    idle = translation_guard(TRAIN, HELD_OUT, translated(back=True), classes=2)
    assert str(idle.problem(0, ALL)).startswith("not moved: 0.00")
    assert found(idle.columns["ink"].conditioned).problem is not None


def test_a_translator_into_a_pool_of_another_class_mix_is_told() -> None:
    labels, inks = np.r_[np.zeros(900, dtype=int), np.ones(100, dtype=int)], np.tile([0, 1], 500)
    train = seen(labels, inks, 8)
    made = replace(seen(labels, inks, 9), sources=np.arange(1000))
    pool = np.r_[np.zeros(800, dtype=int), np.ones(200, dtype=int)]
    guard = translation_guard(train, HELD_OUT, made, classes=2, pool_read=pool)
    assert str(found(guard.mixed).problem).startswith("mixed: ")
    assert found(translation_guard(train, HELD_OUT, made, classes=2).mixed).problem is None


def test_combinations_that_no_train_row_has_are_not_read() -> None:
    labels, inks = draw(5)
    train = seen(labels, np.where(labels == 0, 0, inks), 10)  # class 0 in ink 0 alone
    made = seen(labels, np.where(labels == 0, 0, inks), 11, asked=np.where(labels == 0, 1, inks))
    assert found(translation_guard(train, HELD_OUT, made, classes=2).columns["ink"].kept).problem is None
