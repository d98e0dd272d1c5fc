"""Labels that a person would read as one class: what they differ in is said, and nothing is joined unasked."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from gan_augment.data.problems import Problem

__all__ = ["alike_labels"]


def alike_labels(labels: Iterable[str]) -> list[Problem]:
    """A warning for each set of labels that differ only in case, blanks, Unicode form, a last point or 1 for 1.0."""
    counts = Counter(labels)
    together: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        together[_folded(label)].append(label)
    return [_warning(group, counts) for group in together.values() if len(group) > 1]


def _folded(label: str, without: str = "") -> str:
    text = label
    for name, fold in _FOLDS:
        text = text if name == without else fold(text)
    return text


def _unicode(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    shown = "".join("-" if unicodedata.category(c) == "Pd" else c for c in plain if unicodedata.category(c) != "Cf")
    return shown.replace("\u2019", "'")


def _number(text: str) -> str:
    try:
        return repr(float(text)) if text.isascii() and "_" not in text else text
    except ValueError:
        return text


_FOLDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("Unicode form", _unicode),
    ("blanks", lambda text: " ".join(text.split())),
    ("case", str.casefold),
    ("a point at the end", lambda text: text.rstrip(".")),
    ("how a number is written", _number),
)


def _warning(group: list[str], counts: Counter[str]) -> Problem:
    needed = [name for name, _ in _FOLDS if len({_folded(label, without=name) for label in group}) > 1]
    differences = needed or ["how they are written"]
    return Problem(
        severity="warning",
        code="alike_labels",
        what=f"{len(group)} classes look like one: they differ in {' and '.join(differences)} only",
        places=tuple(f"{label!a}: {counts[label]} samples" for label in group),
        expected="one spelling a class",
        remedy="write them alike in the data, or leave one out: prepare.exclude; keep both if they are two classes",
    )
