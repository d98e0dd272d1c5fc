"""Formats: exactly the strings that they say, each draw among them; what cannot be read says why."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.synthesis.kit.script.formats import FormatError, learnt, parsed

ALPHABET = "-0123456789ABCDEFXYZabc"


def drawn(text: str, count: int = 200) -> set[str]:
    random = np.random.default_rng(0)
    found = parsed(text, ALPHABET)
    return {found.draw(random) for _ in range(count)}


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("[A-Z]{3}[0-9]{4}", "[ABCDEFXYZ]{3}[0-9]{4}"),
        ("AB-[0-9]{2}", "AB-[0-9]{2}"),
        (r"\d{1,3}", "[0-9]{1,3}"),
        (r"[\d-]{2}", "[-0-9]{2}"),
        ("[a-c-]X?", "[-abc]X?"),
        (".{5}", "[-0-9A-Za-z]{5}"),
        (r"\-[AX]", "-[AX]"),
    ],
)
def test_drawn_strings_are_those_that_the_format_allows(text: str, pattern: str) -> None:
    assert all(re.fullmatch(pattern, string) for string in drawn(text))


def test_every_string_and_every_length_is_drawn() -> None:
    assert drawn("[AX]{2}") == {"AA", "AX", "XA", "XX"}
    assert {len(string) for string in drawn(r"\d{1,3}B?")} == {1, 2, 3, 4}


def test_how_many_strings_there_are() -> None:
    assert parsed("[A-Z]{2}[0-9]", ALPHABET).strings == 9 * 9 * 10
    assert parsed(r"\d{1,2}", ALPHABET).strings == 110


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["[A-C]", r"\d", "X", "[0-9XYZ]{2}", "-?", ".{1,2}"]), min_size=1, max_size=6))
def test_lengths_lie_between_the_shortest_and_the_longest(parts: list[str]) -> None:
    try:
        found = parsed("".join(parts), ALPHABET)
    except FormatError:  # of one string alone, such as XX
        return
    for seed in range(5):
        assert found.shortest <= len(found.draw(np.random.default_rng(seed))) <= found.longest


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("AB", "one string alone, 'AB'"),
        ("[A]{3}", "one string alone"),
        ("[G-K]{3}", "no character of the alphabet"),
        ("ÄB[0-9]", "'Ä'"),
        ("[A-Z", "cannot be read"),
        ("A{", "cannot be read"),
        ("[]", "cannot be read"),
        ("[0-9]{0}", "no character"),
        ("[0-9]{3,1}", "3 to 1"),
        ("[9-0]", "wrong way"),
        ("[^0-9]", r"\^"),
        ("[0-9]?", "empty string"),
        ("[A-Z]+", r"'\+'"),
    ],
)
def test_a_format_that_does_not_do_says_why(text: str, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        parsed(text, ALPHABET)


def test_a_learnt_format_keeps_to_what_is_seen_at_each_place() -> None:
    random = np.random.default_rng(1)
    strings = [f"{random.choice(list('02468'))}{random.choice(list('AB'))}" for _ in range(60)]
    (found,) = learnt(strings, ALPHABET)
    assert [place.characters for place in found.places] == ["02468", "AB"]


def test_few_strings_stand_for_all_of_their_kind() -> None:
    (found,) = learnt(["0A-", "3B-", "5C-"], ALPHABET)
    assert [place.characters for place in found.places] == ["0123456789", "ABCDEFXYZ", "-"]


def test_lengths_are_as_frequent_as_they_were() -> None:
    found = learnt(["01", "23", "45", "678"], ALPHABET)
    assert [(one.longest, one.weight) for one in found] == [(2, 3.0), (3, 1.0)]
