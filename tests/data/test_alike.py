from __future__ import annotations

import unicodedata

import pytest

from gan_augment.data.alike import alike_labels


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        (unicodedata.normalize("NFC", "café"), unicodedata.normalize("NFD", "café"), "Unicode form"),
        ("cat", "Cat", "case"),
        ("cat", "cat ", "blanks"),
        ("big cat", "big  cat", "blanks"),
        ("cat", "cat.", "a point at the end"),
        ("1", "1.0", "how a number is written"),
        ("1", "01", "how a number is written"),
        ("a-b", "a\u2013b", "Unicode form"),
        ("a\u200bb", "ab", "Unicode form"),
        ("Straße", "STRASSE", "case"),
    ],
)
def test_labels_that_look_alike_are_warned_of_with_what_they_differ_in(one: str, other: str, difference: str) -> None:
    (problem,) = alike_labels([one, one, other, "dog"])
    assert problem.severity == "warning"
    assert problem.what == f"2 classes look like one: they differ in {difference} only"
    assert set(problem.places) == {f"{one!a}: 2 samples", f"{other!a}: 1 samples"}


def test_all_differences_are_named_and_other_labels_are_left_alone() -> None:
    assert alike_labels(["cat", "dog", "1", "2", "nan", "1e5", "1_0", "10"]) == []
    (problem,) = alike_labels(["Cat", "cat."])
    assert "case and a point at the end" in problem.what
