"""What each choice of combinations draws, and that it is drawn from the generator handed in alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.generators.attribute_gan.combinations import Combinations
from gan_augment.synthesis.kit.attributes import Attribute, Attributes

ATTRIBUTES = Attributes(
    2, (Attribute("ink", "string", ("blue", "red")), Attribute("paper", "string", ("black", "grey", "white")))
)
# Class 0: 90 red on black, 9 blue on grey, 1 with unknown paper. Class 1: unknown ink alone.
ROWS = np.array([[1, 2, 1]] * 90 + [[1, 1, 2]] * 9 + [[1, 2, 0]] + [[2, 0, 3]] * 5)


def draw(choice: Any, index: int = 0, count: int = 3000, seed: int = 0) -> dict[tuple[int, ...], float]:
    drawn = Combinations.of(ATTRIBUTES, ROWS, choice).draw(index, count, torch.Generator().manual_seed(seed))
    assert drawn.shape == (count, 3)
    rows, counts = np.unique(drawn.numpy(), axis=0, return_counts=True)
    return {tuple(row): n / count for row, n in zip(rows.tolist(), counts, strict=True)}


def test_seen_is_as_often_as_in_the_train_rows_of_the_class() -> None:
    found = draw("seen")
    assert set(found) == {(1, 2, 1), (1, 1, 2), (1, 2, 0)}
    assert found[1, 2, 1] == pytest.approx(0.9, abs=0.03)
    assert found[1, 1, 2] == pytest.approx(0.09, abs=0.03)


def test_balanced_is_each_known_combination_of_the_class_equally_often() -> None:
    found = draw("balanced")
    assert set(found) == {(1, 2, 1), (1, 1, 2)}
    assert found[1, 1, 2] == pytest.approx(0.5, abs=0.05)
    assert draw("balanced", index=1) == {(2, 0, 3): 1.0}  # it has no other


def test_all_draws_combinations_that_no_train_row_has() -> None:
    found = draw("all", index=1)
    assert len(found) == 6
    assert all(row[0] == 2 and share == pytest.approx(1 / 6, abs=0.04) for row, share in found.items())


def test_a_list_is_drawn_and_columns_that_are_not_named_are_free() -> None:
    found = draw(({"ink": "blue", "paper": "white"}, {"ink": "red"}))
    assert found[1, 1, 3] == pytest.approx(0.5, abs=0.05)
    assert {row for row in found if row[1] == 2} == {(1, 2, 1), (1, 2, 2), (1, 2, 3)}


@pytest.mark.parametrize("wanted", [{"ink": "green"}, {"colour": "red"}])
def test_a_list_that_contradicts_the_columns_is_refused(wanted: dict[str, str]) -> None:
    with pytest.raises(MethodError, match="combinations"):
        Combinations.of(ATTRIBUTES, ROWS, (wanted,))


def test_many_columns_are_no_table_of_combinations() -> None:
    """40 columns of two values have more combinations than any memory holds."""
    many = Attributes(1, tuple(Attribute(f"a{n}", "string", ("no", "yes")) for n in range(40)))
    rows = np.random.default_rng(0).integers(1, 3, (50, 41))
    rows[:, 0] = 1
    drawn = Combinations.of(many, rows, "all").draw(0, 500, torch.Generator().manual_seed(0)).numpy()
    np.testing.assert_allclose(drawn[:, 1:].mean(axis=0), 1.5, atol=0.15)


@pytest.mark.parametrize("choice", ["seen", "balanced", "all", ({"ink": "red"},)])
def test_the_draw_depends_on_the_generator_alone(choice: Any) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert draw(choice, seed=4) == draw(choice, seed=4)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("choice", ["seen", "all", ({"ink": "red"},)])
def test_what_is_saved_draws_the_same(choice: Any) -> None:
    one = Combinations.of(ATTRIBUTES, ROWS, choice)
    other = Combinations.restored(ATTRIBUTES, one.seen, one.counts, choice)
    first, second = (c.draw(0, 50, torch.Generator().manual_seed(2)) for c in (one, other))
    assert torch.equal(first, second)
