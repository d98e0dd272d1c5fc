"""Captions as numbers: words of any script, and the vocabulary of the train rows. Nothing is downloaded."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.nn.captions import NO_WORD, UNKNOWN_WORD

__all__ = ["Vocabulary", "words_of"]

Ints = npt.NDArray[np.int64]

RESERVED = 2  # numbers that are no word of the vocabulary
LEAST_ROWS = 2  # that a word must be in: from words of one row the network learns what an unknown word means
MOST_WORDS = 20_000
_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][A-Za-z0-9]*(?=[\s/>])[^<>]{0,1000})>", re.DOTALL)
_ASCII = re.compile("[a-z0-9]+")
# Scripts that put no spaces between words: a character (with its marks) counts as a word of its own.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x9FFF),  # Chinese characters
    (0x20000, 0x3FFFF),
)


def words_of(caption: str) -> list[str]:
    """The words of a caption in small letters: letters and digits with their marks; HTML tags are no words.

    >>> words_of("A <b>red</b> Three &amp; a half: na\u00efve, \u0939\u093f\u0928\u094d\u0926\u0940, \u8d64\u3044")
    ['a', 'red', 'three', 'a', 'half', 'na\u00efve', '\u0939\u093f\u0928\u094d\u0926\u0940', '\u8d64', '\u3044']
    """
    plain = html.unescape(_TAG.sub(" ", caption)) if "<" in caption or "&" in caption else caption
    if plain.isascii():  # the usual case, ten times as quick
        return _ASCII.findall(plain.lower())
    return list(_split(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())))


def _split(text: str) -> Iterator[str]:
    word = ""
    for sign in text:
        kind = unicodedata.category(sign)[0]
        if kind == "M" or sign in "\u200c\u200d":  # a mark, or a joiner, belongs to the letter before it
            word += sign if word else ""
            continue
        alone = _is_alone(sign)
        if word and (alone or kind not in "LN" or _is_alone(word[0])):
            yield word
            word = ""
        if alone or kind in "LN":
            word += sign
    if word:
        yield word


def _is_alone(sign: str) -> bool:
    """A character of a script without spaces, or a picture."""
    return unicodedata.category(sign) == "So" or any(first <= ord(sign) <= last for first, last in _UNSPACED)


@dataclass(frozen=True)
class Vocabulary:
    """The words that captions are read by, the most frequent first; all others are unknown."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, captions: Sequence[str]) -> Vocabulary:
        """Of train rows. A word counts once a caption."""
        counts = Counter(word for caption in captions for word in sorted(set(words_of(caption))))
        kept = [word for word, rows in counts.items() if rows >= LEAST_ROWS]
        return cls(tuple(sorted(kept, key=lambda word: (-counts[word], word))[:MOST_WORDS]))

    @property
    def size(self) -> int:
        """How many numbers a word may have, those for none and for an unknown one included."""
        return len(self.words) + RESERVED

    def numbers(self, captions: Sequence[str], most: int) -> Ints:
        """int64 [n, longest]: the word numbers of each caption's first `most` words, and `NO_WORD` behind them."""
        places = {word: number for number, word in enumerate(self.words, start=RESERVED)}
        read = [[places.get(word, UNKNOWN_WORD) for word in words_of(caption)[:most]] for caption in captions]
        found = np.full((len(read), max(map(len, read), default=0)), NO_WORD, dtype=np.int64)
        for row, numbers in zip(found, read, strict=True):
            row[: len(numbers)] = numbers
        return found
