"""Settings of `pretrain`, `train_gan` and `generate`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from gan_augment.synthesis.config import GenerateConfig, SynthesisConfig, TrainGanConfig

NEEDED: dict[type[BaseModel], dict[str, Any]] = {
    SynthesisConfig: {"method": "copula"},
    TrainGanConfig: {},
    GenerateConfig: {},
}


@pytest.mark.parametrize("section", NEEDED)
def test_the_defaults_are_right_and_an_unknown_key_is_told(section: type[BaseModel]) -> None:
    default = section.model_validate(NEEDED[section])
    assert section.model_validate(default.model_dump(mode="json")) == default
    with pytest.raises(ValidationError, match="Extra inputs"):
        section.model_validate(NEEDED[section] | {"nonsense": 1})


def test_a_method_is_named_and_its_settings_are_kept_as_they_are() -> None:
    with pytest.raises(ValidationError, match="method"):
        SynthesisConfig.model_validate({})
    settings = {"width": 8, "augment": ["flip"], "nested": {"a": None}}
    assert SynthesisConfig.model_validate({"method": "x", "settings": settings}).settings == settings


def test_two_sections_do_not_share_their_settings() -> None:
    first, second = (SynthesisConfig(method="x") for _ in range(2))
    first.settings["width"] = 8
    assert second.settings == {}


@pytest.mark.parametrize(
    ("section", "key", "right", "wrong"),
    [
        (SynthesisConfig, "processes", (1, 1024), (0, 1025, True)),
        (TrainGanConfig, "specialise", (True, False), (2, "perhaps")),
        (GenerateConfig, "candidates", (0, 10_000_000), (-1, 10_000_001, 0.5)),
        (GenerateConfig, "workers", (1, 256), (0, 257)),
    ],
)
def test_bounds(section: type[BaseModel], key: str, right: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    for value in right:
        assert getattr(section.model_validate(NEEDED[section] | {key: value}), key) == value
    for value in wrong:
        with pytest.raises(ValidationError, match=key):
            section.model_validate(NEEDED[section] | {key: value})
