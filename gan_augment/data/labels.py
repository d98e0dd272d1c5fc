"""Suspicious labels: different classes that differ only in spelling, or words that are hardly labels at all."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from gan_augment.data.parts import part_of
from gan_augment.data.problems import Problem

__all__ = ["about_labels", "folded"]

_NUMBER = re.compile(r"([+-]?)(\d+)(\.\d*)?", re.ASCII)
_BLANKS = re.compile(r"\s+")
_BETWEEN = re.compile(r"[\s_\-\u2010-\u2015]+")


def about_labels(labels: Iterable[str], *, parts: bool = True) -> Iterator[Problem]:
    """Findings about the labels of a data set; `parts`: also check whether they name the parts of a split."""
    counts = Counter(map(str, labels))
    yield from _about_spelling(counts)
    if parts:
        yield from _about_parts(counts)


def folded(label: str) -> str:
    """Label without hardly visible differences: Unicode form, case, blanks, hyphens, a final point, 1.0 for 1.

    >>> [folded(text) for text in ("Big Cat", "big_cat.", "1.0", "01")]
    ['bigcat', 'bigcat', '1', '1']
    """
    text = unicodedata.normalize("NFKC", label).casefold()
    text = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cc") or letter.isspace())
    text = text.replace("\u2019", "'")
    if number := _NUMBER.fullmatch(text.strip()):
        return _shortest(*number.groups(default=""))
    between = _BLANKS if any(map(str.isdigit, text)) else _BETWEEN  # 1-2 is not 12
    return between.sub("", text.strip().rstrip(".,;:")) or text


def _shortest(sign: str, whole: str, fraction: str) -> str:
    digits = (whole.lstrip("0") or "0") + fraction.rstrip("0").rstrip(".")
    return ("-" if sign == "-" and digits != "0" else "") + digits


def _about_spelling(counts: Counter[str]) -> Iterator[Problem]:
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        alike[folded(label)].append(label)
    places = [
        " and ".join(f"{ascii(label) if _looks_alike(labels) else repr(label)} ({counts[label]})" for label in labels)
        for labels in alike.values()
        if len(labels) > 1
    ]
    if places:
        yield Problem(
            severity="warning",
            code="labels_alike",
            what="Labels differ only in capitals, blanks, signs or letters that look alike, and are different classes",
            places=tuple(places),
            remedy="if they are one class, spell them alike",
        )


def _looks_alike(labels: list[str]) -> bool:
    """Whether two of them print the same, so that only their code points differ."""
    return len({unicodedata.normalize("NFKC", label).strip() for label in labels}) < len(labels)


def _about_parts(counts: Counter[str]) -> Iterator[Problem]:
    named = sorted(label for label in counts if part_of(label))
    if not named:
        return
    every = len(named) == len(counts)
    yield Problem(
        severity="error" if every and len({part_of(label) for label in named}) > 1 else "warning",
        code="labels_are_parts",
        what=f"{'Every label is' if every else 'Some labels are'} named like a part of a split",
        places=tuple(f"{label!r}: {counts[label]}" for label in named),
        expected="classes, such as cat and dog; or a split, which prepare.split.column names",
        remedy="if it is a split, name it in prepare.split.column and another target; if it is a class, rename it",
    )
