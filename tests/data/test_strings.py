"""Strings as what is learnt: alphabets, lengths, and everything that no recogniser could read, named."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.core.records import TextSpec
from gan_augment.data.strings import normalised_strings, text_spec

IMAGE = np.zeros((1, 8, 16, 1), np.uint8)


def frame(*texts: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": pd.array(texts, dtype="string")})


def parts(*names: str) -> np.ndarray:
    return np.array(names, dtype=object)


def test_the_alphabet_is_that_of_train_rows_and_the_lengths_of_all() -> None:
    found = text_spec(frame("b1", "a", "1ab"), parts("train", "train", "test"), IMAGE)
    assert found == TextSpec(alphabet="1ab", shortest=1, longest=3)
    assert not found.fixed
    assert text_spec(frame("ab", "ba"), parts("train", "validation"), IMAGE).fixed


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8))
def test_however_it_was_typed_it_is_one_string(text: str) -> None:
    composed, taken_apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    found = normalised_strings(frame(composed, taken_apart))["text"]
    assert found[0] == found[1] == composed


def test_blanks_and_zeros_in_front_are_kept() -> None:
    assert list(normalised_strings(frame("0042", "A B", "-"))["text"]) == ["0042", "A B", "-"]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("ab", ""), "empty strings(.|\n)*1 of 2 rows"),
        (("ab", None), "empty strings"),
        (("a\tb", "a\nb", "a\n"), r"control characters(.|\n)*U\+0009 in 1 row(.|\n)*U\+000A in 2 rows"),
        (("a\u200bb", "ab"), r"control characters(.|\n)*U\+200B in 1 row"),
    ],
)
def test_what_cannot_be_seen_is_refused(texts: tuple[Any, ...], words: str) -> None:
    with pytest.raises(DataError, match=words):
        normalised_strings(frame(*texts))


def test_characters_that_no_train_row_has_are_named_and_counted() -> None:
    with pytest.raises(DataError) as caught:
        text_spec(frame("ab", "ax", "xy", "ay"), parts("train", "validation", "test", "test"), IMAGE)
    assert "'x' in 2 rows" in str(caught.value)
    assert "'y' in 2 rows" in str(caught.value)
    assert "expected: ab" in str(caught.value)


def test_strings_must_fit_into_the_columns() -> None:
    assert text_spec(frame("a" * 8), parts("train"), IMAGE).longest == 8
    with pytest.raises(
        DataError, match=r"1 of 2 strings, the longest of 9(.|\n)*at most 8(.|\n)*image_size: \[8, 72\]"
    ):
        text_spec(frame("a" * 9, "a"), parts("train", "train"), IMAGE)
    with pytest.raises(DataError, match="longest of 200"):
        text_spec(frame("a" * 200, "a"), parts("train", "train"), IMAGE)


def test_no_train_row_and_too_many_characters_are_refused() -> None:
    with pytest.raises(DataError, match="No train row has a string"):
        text_spec(frame("a"), parts("test"), IMAGE)
    many = [chr(0x4E00 + place) for place in range(1001)]
    with pytest.raises(DataError, match="1001 in 1001 train rows"):
        text_spec(frame(*many), parts(*["train"] * 1001), IMAGE)
