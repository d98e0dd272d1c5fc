"""Checks of the public functions' arguments: an unsuitable one is refused by name, before any work."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from gan_augment.core.errors import DataError, ParamsError

__all__ = ["counts_by_label", "frame_of", "keyed", "known_words", "number", "numbers", "path_of", "whole"]

MOST = 2**62  # bound of a count or a row's number, so that their sum fits into 64 bits


def whole(value: Any, name: str, *, least: int | None = 0, most: int | None = MOST) -> int:
    """Whole number as int, also from NumPy's and 5.0. Raises ParamsError."""
    if isinstance(value, float | np.floating) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        _refuse(name, value, "a whole number")
    if (least is not None and value < least) or (most is not None and value > most):
        _refuse(name, value, f"a whole number, at least {least}" if value < (least or 0) else f"at most {most}")
    return int(value)


def number(value: Any, name: str, *, above: float, most: float = math.inf) -> float:
    """Finite number above one bound and up to another. Raises ParamsError."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and above < value <= most):
        upper = "" if most == math.inf else f", at most {most:g}"
        _refuse(name, value, f"a number above {above:g}{upper}")
    return float(value)


def numbers(values: Any, name: str, *, above: float) -> tuple[float, ...]:
    """List of at least one such number. Raises ParamsError."""
    if not isinstance(values, Sequence | np.ndarray) or isinstance(values, str) or not len(values):
        _refuse(name, values, "a list of numbers: [1, 2]")
    return tuple(number(value, name, above=above) for value in values)


def counts_by_label(counts: Any) -> list[tuple[Any, int]]:
    """Pairs (label, count) from a mapping, or from a Series indexed by label (`value_counts`). Raises ParamsError."""
    if not isinstance(counts, Mapping | pd.Series):
        _refuse("counts", counts, "a whole number, or {label: how many}, or a Series of counts indexed by label")
    if isinstance(counts, pd.Series) and counts.index.has_duplicates:
        _refuse("counts", counts.index[counts.index.duplicated()][0], "a Series that names each label once")
    return [(label, whole(count, f"counts[{label!r}]")) for label, count in counts.items()]


def frame_of(frame: Any, name: str = "frame") -> pd.DataFrame:
    """Frame itself. Raises DataError for anything else, and where it has no row."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError("This is not a pandas frame", where=name, got=_shown(frame), expected="a pandas DataFrame")
    if not len(frame):
        raise DataError("The frame has no rows", where=name, expected="at least one")
    return frame


def keyed(value: Any, name: str) -> dict[str, Any]:
    """Dict with names as keys; {} for None. Raises ParamsError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        _refuse(name, value, "a dict with names as keys")
    return dict(value)


def known_words(value: Any, name: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
    """Words of a list, each of them `known`. Raises ParamsError."""
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str):
        _refuse(name, value, "a list of names")
    if strange := [one for one in value if not isinstance(one, str)]:
        _refuse(name, strange[0], "a name, as text")
    names = list(value if known is None else known)
    if unknown := [one for one in value if one not in names]:
        _refuse(name, unknown[0], f"among {', '.join(map(repr, names))}")
    return tuple(map(str, value))


def path_of(value: Any, name: str = "directory") -> Path:
    """Path from text or a path. Raises ParamsError."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or "\0" in text or not text.strip():
        _refuse(name, value, "a path, as text or pathlib.Path")
    return Path(text)


def _refuse(name: str, value: Any, expected: str) -> NoReturn:
    raise ParamsError("An argument cannot be used", where=name, got=_shown(value), expected=expected)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else f"{type(value).__name__}: {value!r}"
    return " ".join(text.split())[:200]
