"""Characters come from rows of their own, and the string says which; what cannot be cut is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from gan_augment.core.errors import MethodError
from gan_augment.core.records import TextSpec
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.kit.script.method import strings_of
from gan_augment.synthesis.translators.permute_characters import PermuteCharacters, PermuteCharactersConfig
from tests.toys import image_toy, text_toy

CUTS = (0.03, 0.34, 0.66, 0.97)  # columns 0, 5, 11, 16: characters of the toy stand 5 px apart


def test_each_place_is_a_real_rows_place_with_its_character() -> None:
    train, validation = text_toy()
    fitted = PermuteCharacters().fit(TrainingData(train, validation), PermuteCharactersConfig(cuts=CUTS), Run(0))
    (batch,) = fitted.sample(SampleRequest(index=1, count=40, seed=0))
    frame: Any = batch.companions["text"]
    real: Any = train.samples.payload
    known, cuts = strings_of(train.samples), (0, 5, 11, 16)
    for image, string in zip(np.asarray(batch.payload), frame["text"], strict=True):
        for place, character in enumerate(string):
            part = slice(cuts[place], cuts[place + 1])
            (source,) = np.flatnonzero((real[:, :, part] == image[:, part]).all(axis=(1, 2, 3)))
            assert known[source][place] == character
    assert max(len(parents.split()) for parents in batch.parents or ()) > 2


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        ({"text": TextSpec(alphabet="017", shortest=2, longest=3)}, {}, "2 to 3 characters"),
        ({}, {"cuts": (0, 0.5, 1)}, "3 cuts for 3 characters"),
        ({}, {"cuts": (0, 0.01, 0.5, 1)}, "at least a column"),
        ({"target": "label", "text": None}, {}, "target: label"),
    ],
)
def test_strings_that_cannot_be_cut_are_refused(change: dict[str, Any], settings: dict[str, Any], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        PermuteCharactersConfig(**settings).check(text_toy(8)[0].spec.model_copy(update=change))


@pytest.mark.parametrize("cuts", [(0.5, 0.2), (0, 0.5, 0.5), (-0.1, 1), (0, 1.2)])
def test_cuts_ascend_from_0_to_1(cuts: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        PermuteCharactersConfig(cuts=cuts)


def test_a_data_set_without_strings_is_refused() -> None:
    with pytest.raises(MethodError):
        PermuteCharactersConfig().check(image_toy(8)[0].spec)
