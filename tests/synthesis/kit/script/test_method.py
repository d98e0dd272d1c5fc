"""A written row carries its string exactly, and a class writes what its rows have or what its format says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.domain_randomise import DomainRandomise, DomainRandomiseConfig
from gan_augment.synthesis.kit.script.randomising import CameraConfig
from tests.toys import text_toy

STILL = CameraConfig(perspective=0, blur=0, resize=1, contrast=0, shading=0, noise=0)


def drawn(index: int, count: int = 60, **script: object) -> tuple[list[str], np.ndarray]:
    config = DomainRandomiseConfig.model_validate({"script": script, "camera": STILL})
    fitted = DomainRandomise().fit(TrainingData(*text_toy()), config, Run(0))
    (batch,) = fitted.sample(SampleRequest(index=index, count=count, seed=0))
    frame = batch.companions["text"]
    return [str(text) for text in frame["text"]], images_of(batch.payload)  # type: ignore[index]


def test_each_class_writes_strings_like_its_own() -> None:
    strings = [drawn(index)[0] for index in (0, 1)]
    assert all(re.fullmatch("0[017]{2}", string) for string in strings[0])
    assert all(re.fullmatch("[17][017]{2}", string) for string in strings[1])


def test_the_string_beside_an_image_is_the_one_written_in_it() -> None:
    strings, images = drawn(1)
    by_string = {string: images[place] for place, string in enumerate(strings)}
    alike = [np.abs(images[place].astype(int) - by_string[string]).mean() for place, string in enumerate(strings)]
    others = [np.abs(images[0].astype(int) - by_string[string]).mean() for string in by_string if string != strings[0]]
    assert np.median(alike) < np.median(others)


def test_an_alphabet_of_which_a_class_has_no_string_is_refused() -> None:
    with pytest.raises(MethodError, match="class 'red'"):
        drawn(1, alphabet="17")  # strings of the class red begin with 0
