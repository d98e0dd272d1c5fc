"""What a user's caption asks for: read, said beside it, or refused with the words in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import AskedCaption
from gan_augment.synthesis.generators.text_to_image.captions import Captions, Language
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.captions import captions_of
from tests.toys import caption_toy

TRAIN, _ = caption_toy()
ATTRIBUTES = Attributes.of(TRAIN, "text_to_image")  # ink: blue, green, red; paper: black, white
CONDITIONS = ATTRIBUTES.conditions(TRAIN, "text_to_image")
TEXTS = captions_of(TRAIN, "")
LANGUAGE = Language.of(TEXTS, CONDITIONS, ATTRIBUTES, 8, "text_to_image")
CAPTIONS = Captions.of(TEXTS, CONDITIONS, LANGUAGE)
LEFT, RIGHT = 1, 2


def asked(text: str, label: str | None = None, **attributes: str) -> list[int]:
    return LANGUAGE.conditions([AskedCaption(text, label, attributes)], TRAIN.spec)[0].tolist()


@pytest.mark.parametrize(
    ("caption", "condition"),
    [
        ("Blue on WHITE, the left half", [LEFT, 1, 2]),
        ("right, green ink, black", [RIGHT, 2, 1]),
        ("the right half", [RIGHT, 0, 0]),
        ("<i>left</i> zebra " + "zebra " * 1000, [LEFT, 0, 0]),
    ],
)
def test_class_and_attributes_are_read(caption: str, condition: list[int]) -> None:
    assert asked(caption) == condition


def test_what_is_said_beside_a_caption_holds() -> None:
    assert asked("blue on white", "red") == [LEFT, 1, 2]
    assert asked("the left half in blue", "green-blue", ink="red") == [RIGHT, 3, 0]


def refusal(text: str, **beside: Any) -> str:
    with pytest.raises(MethodError) as caught:
        asked(text, **beside)
    return str(caught.value)


def test_a_caption_of_unknown_words_is_named_with_near_words() -> None:
    said = refusal("rigt grean")
    assert "the caption 'rigt grean'" in said
    assert "did you mean 'right', 'green'?" in said
    assert "no word at all" in refusal("...")


def test_a_caption_without_a_class_names_what_would_tell_one() -> None:
    assert "'red', 'green/blue'" in refusal("blue on white")


def test_attributes_that_the_data_cannot_have_are_refused_at_the_caption() -> None:
    said = refusal("left", ink="gold")
    assert "the caption 'left'" in said
    assert "'gold'" in said


@pytest.mark.parametrize("texts", [["the same words"] * 160, ["?"] * 160, [f"row{n}" for n in range(160)]])
def test_captions_that_say_nothing_are_refused(texts: list[str]) -> None:
    with pytest.raises(MethodError, match="nothing to learn from the captions"):
        Language.of(texts, CONDITIONS, ATTRIBUTES, 8, "text_to_image")


def test_captions_are_drawn_as_often_as_they_have_rows() -> None:
    rng = torch.Generator().manual_seed(0)
    places = CAPTIONS.draw(0, 20_000, rng)
    assert (CAPTIONS.conditions[places, 0] == 1).all()
    own = CAPTIONS.conditions[:, 0] == 1
    shares = np.bincount(places, minlength=len(CAPTIONS.texts)) / 20_000
    np.testing.assert_allclose(shares[own], CAPTIONS.counts[own] / CAPTIONS.counts[own].sum(), atol=0.02)
    assert CAPTIONS.counts.sum() == len(TRAIN)


def test_a_caption_goes_with_each_condition() -> None:
    wanted = torch.from_numpy(CONDITIONS[[3, 90, 3]])
    places = CAPTIONS.like(wanted, torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(CAPTIONS.conditions[places], wanted.numpy())


def test_what_is_asked_for_takes_the_place_of_its_class_alone() -> None:
    long = "the left half " + "is blue " * 20
    one = np.ones(1, dtype=np.int64)
    new = CAPTIONS.replaced_by(Captions.restored([long], np.array([[1, 1, 0]]), one, LANGUAGE))
    rng = torch.Generator().manual_seed(0)
    assert {new.texts[place] for place in new.draw(0, 9, rng)} == {long}
    assert long not in {new.texts[place] for place in new.draw(1, 99, rng)}
    assert new.told.shape[1] == 1 + 8
