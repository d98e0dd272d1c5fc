from __future__ import annotations

import unicodedata

import pytest

from gan_augment.data.labels import about_labels, folded


@pytest.mark.parametrize(
    "alike",
    [
        ("café", unicodedata.normalize("NFD", "café")),
        ("1", "1.0", "01", "１"),
        ("1.5", "1.50", "+01.5"),
        ("0", "-0", "0.0"),
        ("a-b", "a\u2013b"),
        ("o'clock", "o\u2019clock"),
        ("Straße", "STRASSE"),
        ("yes", "yes.", "YES", " yes"),
        ("big cat", "bigcat", "big_cat", "big-cat", "big\u00a0cat", "big\u200bcat"),
    ],
)
def test_labels_that_are_hardly_meant_to_be_different(alike: tuple[str, ...]) -> None:
    assert len({folded(label) for label in alike}) == 1
    (problem,) = about_labels(alike)
    assert problem.severity == "warning"
    assert "are different classes" in problem.what


@pytest.mark.parametrize(
    "different",
    [
        ("-1", "1"),
        ("1-2", "12"),
        ("1.5", "15"),
        ("10", "1"),
        ("100", "1"),
        ("9007199254740993", "9007199254740992"),
        ("1e5", "100000"),
        ("cat", "cats"),
        ("किताब", "कताब"),
        ("0", "00.5"),
    ],
)
def test_labels_that_are_different(different: tuple[str, ...]) -> None:
    assert len({folded(label) for label in different}) == len(different)
    assert not list(about_labels(different))


def test_what_prints_the_same_is_said_by_its_codes() -> None:
    (problem,) = about_labels(["café", unicodedata.normalize("NFD", "café")])
    assert "'caf\\xe9' (1)" in problem.places[0]


def test_labels_that_are_the_parts_of_a_split() -> None:
    (problem,) = about_labels(["train", "test", "val"])
    assert problem.severity == "error"
    assert "prepare.split.column" in str(problem.remedy)
    (problem,) = about_labels(["train", "car", "bus"])
    assert problem.severity == "warning"
    assert not list(about_labels(["train", "test"], parts=False))
