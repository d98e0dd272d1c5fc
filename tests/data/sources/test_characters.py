"""The drawn characters: a long tail in train alone, the same each time, in the colours that are said of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gan_augment.core.seeds import numpy_generator
from gan_augment.data.sources.characters import ATTRIBUTES, COUNTS, HAIRCUTS, Characters, characters, draw


@pytest.fixture(scope="module")
def all_of_them() -> Characters:
    return characters()


def test_combinations_of_hair_and_eyes_are_rare_in_train_and_alike_elsewhere(all_of_them: Characters) -> None:
    parts = np.array(all_of_them.parts)
    pairs = list(zip(all_of_them.attributes["hair"], all_of_them.attributes["eyes"], strict=True))
    counts = {part: Counter(pair for pair, own in zip(pairs, parts, strict=True) if own == part) for part in COUNTS}
    assert len(counts["train"]) == len(counts["test"]) == 20
    assert (min(counts["train"].values()), max(counts["train"].values())) == (3, 147)
    assert min(counts["test"].values()) >= 8
    for haircut in HAIRCUTS:
        assert [all_of_them.haircuts.count(haircut)] == [sum(COUNTS.values())]


def test_they_are_the_same_each_time(all_of_them: Characters) -> None:
    again = characters()
    assert again.attributes.equals(all_of_them.attributes)
    np.testing.assert_array_equal(np.stack(again.pictures), np.stack(all_of_them.pictures))


@pytest.mark.parametrize("haircut", HAIRCUTS)
@pytest.mark.parametrize("eyes", list(ATTRIBUTES["eyes"]))
def test_a_figure_has_the_colours_that_it_is_asked_for(haircut: str, eyes: str) -> None:
    values = {"hair": "blue", "eyes": eyes, "skin": "light", "shirt": "orange"}
    figure = draw(haircut, values, numpy_generator("a figure", eyes)).reshape(-1, 3).astype(float)
    figure /= np.linalg.norm(figure, axis=1, keepdims=True)  # whatever the light
    for name, value in values.items():
        colour = np.array(ATTRIBUTES[name][value]) / np.linalg.norm(ATTRIBUTES[name][value])
        assert (figure @ colour > 0.97).sum() >= (4 if name == "eyes" else 5)
