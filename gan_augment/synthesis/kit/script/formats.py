"""Formats: which strings a script may write, such as `[A-Z]{3}[0-9]{4}`.

A format is a row of places. A place is a set (`[A-Z0-9]`), `.` for any character of the alphabet, `\\d` for a digit, or
the character itself (after `\\`, where it means something else); behind it `{n}`, `{least,most}` or `?` says how often.
Sets are cut down to the alphabet; a character by itself has to be in it. `learnt` reads formats off real strings.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Format", "FormatError", "Place", "learnt", "parsed"]

_TOKEN = re.compile(
    r"""(?P<one> \[ (?: \\. | [^\]\\] )+ \] | \\. | [^\[\]{}?\\] )
        (?: \{ (?P<least> [0-9]{1,4} ) (?: (?P<comma> , ) (?P<most> [0-9]{1,4} ) )? \} | (?P<maybe> \? ) )?""",
    re.VERBOSE | re.DOTALL,
)
_DIGITS = "0123456789"
_ENOUGH = 3  # strings for each character seen at a place, from which on the others are taken not to occur there


class FormatError(ValueError):
    """A format that cannot be read, or that allows no two strings. The text says why."""


@dataclass(frozen=True)
class Place:
    """`least` to `most` of these characters, each drawn alone."""

    characters: str
    least: int = 1
    most: int = 1


@dataclass(frozen=True)
class Format:
    """Strings that a row of places allows, and how often they are wanted beside those of other formats."""

    places: tuple[Place, ...]
    weight: float = 1.0

    @property
    def longest(self) -> int:
        """The most characters of a string."""
        return sum(place.most for place in self.places)

    @property
    def shortest(self) -> int:
        """The fewest."""
        return sum(place.least for place in self.places)

    @property
    def strings(self) -> int:
        """How many strings it allows, at least; where counts vary, some may be counted twice."""
        return math.prod(
            sum(len(place.characters) ** count for count in range(place.least, place.most + 1)) for place in self.places
        )

    def draw(self, random: np.random.Generator) -> str:
        """A string, every count and every character of a place equally likely."""
        written = []
        for place in self.places:
            count = int(random.integers(place.least, place.most + 1))
            written += [place.characters[int(one)] for one in random.integers(len(place.characters), size=count)]
        return "".join(written)


def parsed(text: str, alphabet: str) -> Format:
    """The format that `text` writes down. Raises FormatError."""
    found = Format(tuple(_places(text, alphabet)))
    if found.shortest == 0:
        raise FormatError("it allows an empty string")
    if found.strings < 2:
        raise FormatError(f"it allows one string alone, {found.draw(np.random.default_rng(0))!r:.60}")
    return found


def _places(text: str, alphabet: str) -> Iterator[Place]:
    start = 0
    while start < len(text):
        token = _TOKEN.match(text, start)
        if token is None:
            raise FormatError(f"{text[start : start + 20]!r} at character {start + 1} cannot be read")
        least, most = _counts(token)
        characters = _characters(token["one"], alphabet)
        if not characters:
            raise FormatError(f"{token['one']!r:.60} has no character of the alphabet {alphabet!r:.120}")
        yield Place(characters, least, most)
        start = token.end()
    if not start:
        raise FormatError("it is empty, which allows no string")


def _counts(token: re.Match[str]) -> tuple[int, int]:
    if token["maybe"]:
        return 0, 1
    least = int(token["least"] or 1)
    most = int(token["most"]) if token["comma"] else least
    if most < least or not most:
        raise FormatError(f"{token[0]!r:.60} allows no character: {least} to {most}")
    return least, most


def _characters(one: str, alphabet: str) -> str:
    """The characters of a place that are in the alphabet, in its order."""
    if one == ".":
        return alphabet
    wanted = set(_DIGITS) if one == r"\d" else _of_set(one[1:-1]) if one.startswith("[") else {one.removeprefix("\\")}
    return "".join(character for character in alphabet if character in wanted)


def _of_set(inside: str) -> set[str]:
    """The characters of `A-Z0-9_`: ranges and single ones."""
    if inside.startswith("^"):
        raise FormatError(f"[{inside[:40]}] begins with ^: say which characters there are, not which there are not")
    parts = re.findall(r"\\.|[^\\]", inside, re.DOTALL)
    found, place = set[str](), 0
    while place < len(parts):
        if place + 2 < len(parts) and parts[place + 1] == "-":
            found |= _between(parts[place].removeprefix("\\"), parts[place + 2].removeprefix("\\"))
            place += 3
            continue
        found |= set(_DIGITS) if parts[place] == r"\d" else {parts[place].removeprefix("\\")}
        place += 1
    return found


def _between(first: str, last: str) -> set[str]:
    if first > last:
        raise FormatError(f"the range {first}-{last} is the wrong way round")
    return {chr(code) for code in range(ord(first), ord(last) + 1)}


def learnt(strings: Sequence[str], alphabet: str) -> tuple[Format, ...]:
    """A format for each length, as often as it occurs: at each place the characters that strings have there.

    Where a place has fewer strings than three for each different character seen, more may occur there than were seen:
    then all digits, or all letters of the same case, of the alphabet are taken, if one of them was seen.
    """
    lengths = Counter(map(len, strings))
    return tuple(
        Format(tuple(_learnt_place(strings, length, place, alphabet) for place in range(length)), float(count))
        for length, count in sorted(lengths.items())
        if length
    )


def _learnt_place(strings: Sequence[str], length: int, place: int, alphabet: str) -> Place:
    seen = Counter(string[place] for string in strings if len(string) == length)
    wanted = set(seen)
    if sum(seen.values()) < _ENOUGH * len(seen):
        kinds = {_kind(character) for character in seen}
        wanted |= {character for character in alphabet if _kind(character) in kinds}
    return Place("".join(character for character in alphabet if character in wanted))


def _kind(character: str) -> str:
    """Digit, capital or small letter; of anything else the character itself."""
    if character.isdecimal():
        return "digit"
    return "capital" if character.isupper() else "small" if character.islower() else character
