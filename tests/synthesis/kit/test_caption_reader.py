"""Class and attributes are read from words, in combinations that no caption had, and never guessed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gan_augment.synthesis.kit.caption_reader import CaptionReader
from gan_augment.synthesis.kit.words import Vocabulary

DIGITS, INKS = ("one", "two", "three"), ("red", "green", "blue")


def reader(withheld: tuple[str, str] = ("three", "green")) -> tuple[CaptionReader, Vocabulary]:
    """Learnt from 8 rows of every digit and ink but one; a column that captions say nothing of, half of it unknown."""
    rows = [pair for pair in itertools.product(DIGITS, INKS) if pair != withheld for _ in range(8)]
    captions = [f"a {ink} {digit} on a page" for digit, ink in rows]
    vocabulary = Vocabulary.of(captions)
    silent = np.resize([0, 1, 0, 2], len(rows))
    told = [(DIGITS.index(digit) + 1, INKS.index(ink) + 1) for digit, ink in rows]
    conditions = np.column_stack([np.array(told), silent])
    return CaptionReader.of(vocabulary.numbers(captions, 9), conditions, (4, 4, 3), vocabulary.size), vocabulary


READER, VOCABULARY = reader()


@pytest.mark.parametrize(
    ("caption", "digit", "ink"),
    [
        ("a green three on a page", 3, 2),  # withheld
        ("GREEN, three!", 3, 2),
        ("a red one on a page", 1, 1),
        ("something blue", 0, 3),
        ("two", 2, 0),
        ("a page", 0, 0),
        ("nothing known here", 0, 0),
        ("", 0, 0),
    ],
)
def test_what_is_said_is_read_and_nothing_else(caption: str, digit: int, ink: int) -> None:
    assert READER.read(VOCABULARY.numbers([caption], 9)).tolist() == [[digit, ink, 0]]


def test_two_values_are_read_as_more_are_and_one_is_always_it() -> None:
    captions = ["left ink", "right ink"] * 6
    words = Vocabulary.of(captions)
    conditions = np.column_stack([np.resize([1, 2], 12), np.full(12, 2)])
    found = CaptionReader.of(words.numbers(captions, 4), conditions, (3, 3), words.size)
    assert found.read(words.numbers(["right", "left", "ink"], 4)).tolist() == [[2, 2], [1, 2], [0, 2]]
