"""Spellings of train, validation and test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["PARTS", "Part", "part_in", "part_of", "parts_of_folders"]

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

_SPELLINGS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
}


def part_of(text: str) -> Part | None:
    """Part that a folder name or a cell of a split column means, or None."""
    return _SPELLINGS.get(text.strip().lower())


def part_in(name: str) -> Part | None:
    """Part that a longer name mentions, such as train-0003.tar, seg_test or Training_Set; None for none or two."""
    words = re.findall(r"[a-z]+", name.lower())
    found = {_SPELLINGS[word] for word in words if word in _SPELLINGS}
    return found.pop() if len(found) == 1 else None


def parts_of_folders(names: Iterable[str]) -> dict[str, Part]:
    """Folders named like parts; beside exact names, a name such as `test tube` means no part."""
    names = list(names)
    exact = {name: part for name in names if (part := part_of(name))}
    return exact or {name: part for name in names if (part := part_in(name))}
