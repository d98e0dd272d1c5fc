"""params.yaml as a whole: the sections, what they need, and what is left of a file with mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from gan_augment.core.documents import Document
from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.params import Params, as_params, load_params, salvage
from tests.pipelines.fake_project import REPOSITORY

LEAST: dict[str, Any] = {
    "classes": {"a": {"label": "A"}, "b": {"label": "B"}},
    "prepare": {"source": {"kind": "demo", "name": "digits"}},
    "synthesis": {"method": "conditional"},
}
WHERE = Path("params.yaml")


def told(raw: Any, mistakes: tuple[str, ...] = ()) -> ParamsError:
    with pytest.raises(ParamsError) as caught:
        as_params(Document(raw, mistakes), WHERE)
    return caught.value


def test_three_sections_are_enough_and_what_is_written_is_read_again() -> None:
    params = as_params(Document(LEAST), WHERE)
    assert params.base.seed == 0
    assert Params.model_validate(params.model_dump(mode="json")) == params


def test_the_checkouts_own_file_is_right() -> None:
    assert len(load_params(REPOSITORY / "params.yaml").classes) >= 2


@pytest.mark.parametrize("section", LEAST)
def test_what_has_no_default_is_asked_for(section: str) -> None:
    error = told({key: value for key, value in LEAST.items() if key != section})
    assert section in str(error.got)


@pytest.mark.parametrize("section", sorted(Params.model_fields))
def test_an_unknown_key_is_told_in_every_section(section: str) -> None:
    known = LEAST.get(section, {})
    inside = {"a": {"label": "A", "nonsense": 1}, "b": {"label": "B"}} if section == "classes" else None
    error = told(LEAST | {section: inside or known | {"nonsense": 1}})
    assert section in str(error.got)
    assert "nonsense" in str(error.got)


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ({}, "there is none"),
        ({"a": {"label": "A"}}, "one alone is"),
        ({"a": {"label": "A"}, "b": {"label": "A"}}, "a and b have the same label 'A'"),
        ({"a": {"label": "A"}, "B": {"label": "B"}}, "B"),
        ({"a": {"label": "A"}, "con": {"label": "B"}}, "class-con would do"),
    ],
)
def test_classes_are_two_or_more_of_one_label_each(classes: dict[str, Any], words: str) -> None:
    assert words in str(told(LEAST | {"classes": classes}).got)


@pytest.mark.parametrize(
    ("device", "right"),
    [("auto", True), ("cuda", True), ("cuda:15", True), ("mps", True), ("gpu", False), ("cuda:", False), ("", False)],
)
def test_names_of_devices(device: str, right: bool) -> None:
    whole = LEAST | {"base": {"device": device}}
    if right:
        assert Params.model_validate(whole).base.device == device
    else:
        with pytest.raises(ValidationError):
            Params.model_validate(whole)


@pytest.mark.parametrize(
    ("raw", "got"), [(None, "nothing"), ("just words", "text"), ([1], "a list"), (3, "the value 3")]
)
def test_a_document_without_sections_is_told(raw: Any, got: str) -> None:
    assert told(raw).got == got


def test_mistakes_of_the_text_and_of_the_values_are_told_together() -> None:
    error = told(LEAST | {"generate": {"candidates": -1}}, ("line 3: seed is there twice",))
    assert "2 mistakes" in error.problem
    assert "line 3: seed is there twice" in str(error.got)
    assert "generate.candidates" in str(error.got)
    told(LEAST, ("line 3: seed is there twice",))  # one of the text alone is one, too


def test_an_absent_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError) as caught:
        load_params(tmp_path / "params.yaml")
    assert "gan-augment init" in str(caught.value.remedy)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(LEAST))
    assert load_params(tmp_path / "params.yaml").synthesis.method == "conditional"


def test_of_a_file_with_mistakes_the_right_sections_are_kept_and_the_others_named() -> None:
    raw = LEAST | {"generate": {"candidates": 7}, "mix": {"seeds": 0}, "synthesis": {}, "nonsense": 1}
    params, wrong = salvage(raw)
    assert wrong == {"mix", "synthesis"}
    assert params.generate.candidates == 7
    assert params.classes["a"].label == "A"
    assert params.mix == Params.model_validate(LEAST).mix
    assert salvage({})[1] == set(LEAST)
