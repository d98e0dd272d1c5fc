"""Words of any script, without tags; and the vocabulary of train rows."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.nn.captions import NO_WORD, UNKNOWN_WORD
from gan_augment.synthesis.kit.words import RESERVED, Vocabulary, words_of


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A Red three, on BLACK.", ["a", "red", "three", "on", "black"]),
        ("<p>A <b class='x'>red</b><br/>three &amp; more</p>", ["a", "red", "three", "more"]),
        ("3 < 5 and x<y, 5 > 3", ["3", "5", "and", "x", "y", "5", "3"]),
        ("<!-- not <b>seen</b> -->red", ["red"]),
        ("красная тройка на чёрном", ["красная", "тройка", "на", "чёрном"]),
        ("Ένα κόκκινο ΤΡΙΑΣ", ["ένα", "κόκκινο", "τριασ"]),
        ("ثلاثة حمراء", ["ثلاثة", "حمراء"]),
        ("लाल हिन्दी तीन", ["लाल", "हिन्दी", "तीन"]),  # vowel signs and joins belong to their letters
        ("赤い3", ["赤", "い", "3"]),  # no spaces between words: a character is a word
        ("三black三", ["三", "black", "三"]),
        ("cafe\u0301 na\u00efve", ["caf\u00e9", "na\u00efve"]),  # composed or not: the same
        ("ＦＵＬＬ width ½", ["full", "width", "1", "2"]),
        ("a 🔴 dot", ["a", "🔴", "dot"]),
        ("  ... --- !!", []),
        ("", []),
    ],
)
def test_words(caption: str, words: list[str]) -> None:
    assert words_of(caption) == words


def test_the_vocabulary_holds_words_of_several_rows_the_most_frequent_first() -> None:
    vocabulary = Vocabulary.of(["red three", "red red seven", "a red three", "once"])
    assert vocabulary.words == ("red", "three")
    assert vocabulary.size == RESERVED + 2


def test_numbers_are_padded_cut_and_unknown() -> None:
    vocabulary = Vocabulary(("red", "three"))
    found = vocabulary.numbers(["a red three", "three", "", "red " * 1000], 3)
    red, three = RESERVED, RESERVED + 1
    wanted = [[UNKNOWN_WORD, red, three], [three, NO_WORD, NO_WORD], [NO_WORD] * 3, [red] * 3]
    np.testing.assert_array_equal(found, wanted)
