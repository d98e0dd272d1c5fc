"""Strings as what is learnt: what they may be made of, found in train rows, and what no recogniser could read."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.fields import Payload, frame_of, images_of
from gan_augment.core.records import TextSpec
from gan_augment.data.problems import listing

__all__ = ["normalised_strings", "text_spec"]

_WHERE = "prepare.companions.text"
_NOT_WRITTEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories: control, format, surrogates, separators
_MOST_CHARACTERS = 1000


def normalised_strings(companion: Payload) -> pd.DataFrame:
    """The companion `text` in Unicode's composed form (NFC): `é` is one character, however it was typed.

    Raises DataError where a string is empty or has characters that cannot be seen.
    """
    frame = frame_of(companion)
    texts = [unicodedata.normalize("NFC", str(text)) for text in frame["text"].fillna("")]
    if empty := texts.count(""):
        raise DataError(
            "There are empty strings", where=_WHERE, got=f"{empty} of {len(texts)} rows", expected="a string a row",
            remedy=f"fill them in, or leave these rows out with {_WHERE}.missing: leave_out",
        )  # fmt: skip
    unseen = Counter(character for text in texts for character in set(text)
                     if unicodedata.category(character) in _NOT_WRITTEN)  # fmt: skip
    if unseen:
        raise DataError(
            "Strings have control characters, which no image shows",
            where=_WHERE,
            got=listing(list(_counted(unseen))),
            expected="characters that are written in the image",
            remedy="take them out of the strings",
        )
    return frame.assign(text=pd.array(texts, dtype="string"))


def text_spec(companion: Payload, parts: npt.NDArray[np.object_], images: Payload) -> TextSpec:
    """The alphabet of the train rows, and the lengths of all strings. Raises DataError of strings that cannot be read.

    `parts` says train, validation or test of each row; `images` are the rows' own.
    """
    texts = frame_of(companion)["text"].to_numpy(dtype=object)
    train = texts[parts == "train"]
    alphabet = sorted(set("".join(train)))
    if not alphabet:
        raise DataError("No train row has a string", where=_WHERE, remedy="give more rows")
    others = Counter(c for text in texts[parts != "train"] for c in set(text) if c not in set(alphabet))
    if others:
        raise DataError(
            "Validation or test rows have characters that no train row has",
            where=_WHERE,
            got=listing(list(_counted(others))),
            expected="".join(alphabet[:200]),
            remedy="collect more rows with them, or split so that train rows have them (prepare.split)",
        )
    if len(alphabet) > _MOST_CHARACTERS:
        raise DataError(
            "The strings have too many different characters",
            where=_WHERE, got=f"{len(alphabet)} in {len(train)} train rows", expected=f"at most {_MOST_CHARACTERS}",
        )  # fmt: skip
    lengths = [len(text) for text in texts]
    _refuse_long(texts, max(lengths), *images_of(images).shape[1:3])
    return TextSpec(alphabet="".join(alphabet), shortest=min(lengths), longest=max(lengths))


def _counted(characters: Counter[str]) -> Iterator[str]:
    for character, rows in sorted(characters.items()):
        seen = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
        yield f"{seen} in {rows} row{'s' if rows > 1 else ''}"


def _refuse_long(texts: npt.NDArray[np.object_], longest: int, height: int, width: int) -> None:
    """A recogniser needs a column of the image for every character, and one between two equal ones."""
    long = [text for text in texts if 2 * len(text) - 1 > width]
    if long:
        raise DataError(
            "Strings are longer than the columns of their images allow",
            where=_WHERE,
            got=f"{len(long)} of {len(texts)} strings, the longest of {longest} characters: {max(long, key=len)!r:.80}",
            expected=f"at most {(width + 1) // 2} characters in images of {width} columns",
            remedy=f"prepare.image_size: [{height}, {-(-8 * longest // 4) * 4}], or wider",
        )
