"""What cannot be written is refused before any training, in words that name the key."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec, TextSpec
from gan_augment.synthesis.kit.script.settings import ScriptConfig, facts, formats_from, formats_of
from gan_augment.synthesis.kit.script.writing import ScriptedConfig
from tests.toys import image_toy, text_toy

SPEC = text_toy(8)[0].spec


def check(spec: DatasetSpec = SPEC, **script: Any) -> None:
    ScriptedConfig(script=ScriptConfig(**script)).check(spec)


def test_the_defaults_do() -> None:
    check()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"alphabet": "01x"}, ["alphabet", "'x'", "no train row"]),
        ({"format": "A[01]{2}"}, ["format", "'A'"]),
        ({"format": "010"}, ["format", "one string alone"]),
        ({"format": "[01]{200}"}, ["format", "200 characters", "at most 3"]),
        ({"format": "[01]{2}", "alphabet": "7"}, ["format", "no character"]),
        ({"format": {"red": "[01]{3}"}}, ["format", "'green/blue'"]),
        ({"fonts": ["no/such.ttf"]}, ["fonts", "no/such.ttf"]),
        ({"ink": ["black"], "paper": ["white", "#000000"]}, ["ink", "paper", "black on #000000"]),
    ],
)
def test_what_cannot_be_written_is_refused(script: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(MethodError) as caught:
        check(**script)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_colours_that_are_one_grey_cannot_be_seen() -> None:
    with pytest.raises(MethodError, match="red on #4c4c4c"):
        check(ink=("red",), paper=("#4c4c4c",))


def test_a_font_without_a_glyph_is_refused() -> None:
    text = TextSpec(alphabet="017中", shortest=3, longest=3)
    with pytest.raises(MethodError) as caught:
        check(SPEC.model_copy(update={"text": text}))
    assert "'中'" in str(caught.value)
    check(SPEC.model_copy(update={"text": text}), alphabet="017")
    check(SPEC.model_copy(update={"text": text.model_copy(update={"alphabet": " 017"})}))  # a gap needs no ink


def test_strings_must_be_what_is_learnt() -> None:
    with pytest.raises(MethodError, match="target: label"):
        check(image_toy(8)[0].spec)


@pytest.mark.parametrize(
    "script",
    [
        {"function": "drawing:draw", "fonts": ["a.ttf"]},
        {"function": "no function"},
        {"size": (0.9, 0.5)},
        {"ink": ["reddish"]},
        {"fonts": []},
        {"alphabet": ""},
        {"colour": "black"},
    ],
)
def test_mistakes_of_a_single_key(script: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ScriptConfig.model_validate(script)


def test_a_format_a_class() -> None:
    own = ScriptConfig(format={"red": "0[01]{2}", "green/blue": "[17][017]{2}"})
    found = formats_of(own, SPEC, None)
    assert [one.places[0].characters for (one,) in found] == ["0", "17"]
    assert formats_from(facts(found)) == found
    assert pickle.loads(pickle.dumps(found)) == found
