"""A translator that loses the string, or hands its picture back, is named; noise is seen."""

from __future__ import annotations

from typing import Any

from gan_augment.synthesis.api import Run
from gan_augment.synthesis.kit.script.method import writer_for
from gan_augment.synthesis.translators.script_to_photo.guarding import guard_translation
from gan_augment.synthesis.translators.script_to_photo.method import ScriptToPhotoConfig
from tests.synthesis.translators.script_to_photo.test_translation import SMALL, prepared
from tests.toys import text_toy


def test_a_translator_that_loses_the_string_is_not_served() -> None:
    training = prepared(reader_steps=120, pictures=200)
    good, _ = guard_translation(training, training_writer(), Run(0))
    for parameter in training.served.parameters():
        parameter.data.normal_(0, 0.7)
    broken, problem = guard_translation(training, training_writer(), Run(0))
    assert good["kept"]["value"] > broken["kept"]["value"]
    assert problem is not None
    assert "not kept" in problem


def training_writer() -> Any:
    return writer_for(text_toy()[0], ScriptToPhotoConfig.model_validate(SMALL), "script_to_photo")


def test_a_translator_that_does_nothing_is_not_served() -> None:
    training = prepared()
    for parameter in training.served.head.parameters():
        parameter.data.zero_()
    found, problem = guard_translation(training, training_writer(), Run(0))
    assert found["moved"]["value"] < 0.02
    assert found["varied"] == 0
    assert problem is not None
    assert "not moved" in problem
