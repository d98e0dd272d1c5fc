"""Any text comes back from YAML as it was, on one line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.quoting import yaml_quoted

# Lone halves of characters are no text for YAML, in whatever way they are written.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_yaml_reads_what_was_written(text: str) -> None:
    quoted = yaml_quoted(text)
    assert yaml.safe_load(quoted) == text
    assert len(quoted.splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["", "no", "1e3", "a: b", "- x", "#", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\0", '"', "\\", "猫"]
)
@pytest.mark.parametrize("place", ["{}: 1", "key: {}", "[{}]"])
def test_anywhere_in_a_document(text: str, place: str) -> None:
    found = yaml.safe_load(place.format(yaml_quoted(text)))
    assert text in (list(found) if place != "key: {}" else found.values())


def test_letters_stay_readable() -> None:
    assert yaml_quoted("Adélie 猫") == '"Adélie 猫"'


@pytest.mark.parametrize("value", [True, None, 3, 0.5, ["a", "\x85"], {"k": "\u2028"}])
def test_other_values_come_back_too(value: Any) -> None:
    assert yaml.safe_load(yaml_quoted(value)) == value
