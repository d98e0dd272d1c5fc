"""Classes without synthetic rows, with the reasons: recorded by the stage that finds out, reported in every verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.records import DatasetSpec

__all__ = ["not_made_sentences", "read_not_made", "write_not_made"]

_FILE = "not_made.json"


def write_not_made(directory: Path, reasons: Mapping[str, str]) -> None:
    """Write class key -> reason for no rows, beside a folder's samples; no file where every class has rows."""
    if reasons:
        write_json(directory / _FILE, dict(reasons))


def read_not_made(directory: Path) -> dict[str, str]:
    """Reasons that `write_not_made` wrote; empty where it was not called."""
    path = directory / _FILE
    return dict(read_json(path)) if path.exists() else {}


def not_made_sentences(spec: DatasetSpec, reasons: Mapping[str, str]) -> list[str]:
    """Sentences, one per class that got no synthetic rows."""
    labels = {record.key: record.label for record in spec.classes}
    return [f"Class {labels[key]!r} got no synthetic rows, because {reason}." for key, reason in reasons.items()]
