from __future__ import annotations

import pytest

from gan_augment.data.parts import part_in, part_of, parts_of_folders


@pytest.mark.parametrize("text", ["val", "Valid", "VALIDATION", " dev "])
def test_spellings_of_validation(text: str) -> None:
    assert part_of(text) == "validation"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train-0003.tar", "train"),
        ("Training_Set", "train"),
        ("seg_test", "test"),
        ("train2017", "train"),
        ("imagenet-val-000123.tar", "validation"),
        ("HOLDOUT", "test"),
        ("trainer", None),
        ("latest", None),
        ("train-test.tar", None),
        ("cat", None),
    ],
)
def test_the_part_in_a_longer_name(name: str, part: str | None) -> None:
    assert part_in(name) == part


def test_beside_folders_that_are_named_exactly_so_a_longer_name_is_no_part() -> None:
    assert parts_of_folders(["train", "Test", "test tube"]) == {"train": "train", "Test": "test"}
    assert parts_of_folders(["train_set", "test_set", "cat"]) == {"train_set": "train", "test_set": "test"}
