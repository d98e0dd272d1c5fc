"""How people spell train, validation and test."""

from __future__ import annotations

from typing import Literal

__all__ = ["PARTS", "Part", "part_of"]

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
    """The part that a folder name or a cell of a split column means, or None."""
    return _SPELLINGS.get(text.strip().lower())
