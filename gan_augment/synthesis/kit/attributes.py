"""Attributes as numbers: each column is a group of exclusive values, and a missing value is unknown.

A row's condition is int64 [1 + columns]: its class, then a value of every column, each counted from 1; 0 is unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import TrainView, ValidationView

__all__ = ["MOST_VALUES", "Attribute", "Attributes", "check_names"]

MOST_VALUES = 100
COMBINATIONS = "synthesis.settings.combinations in params.yaml"
Ints = npt.NDArray[np.int64]

_LINES = "companions: {attributes: {columns: [hair, eyes]}} under `prepare` in params.yaml, with your columns' names"
_NULLABLE = {"bool": "boolean"} | {
    f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


@dataclass(frozen=True)
class Attribute:
    """A column: its name, its pandas dtype, and the values that train rows have, in the order of their texts."""

    name: str
    dtype: str
    values: tuple[bool | int | float | str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as texts, as params.yaml and the report name them."""
        return tuple(map(str, self.values))


@dataclass(frozen=True)
class Attributes:
    """The columns of a data set, and how many classes it has."""

    classes: int
    columns: tuple[Attribute, ...]

    @classmethod
    def of(cls, train: TrainView, method: str) -> Attributes:
        """Of the train rows. Raises MethodError where they have none, or columns that are no groups of values."""
        frame = _frame(train, method)
        return cls(len(train.spec.classes), tuple(_attribute(frame[name], str(name)) for name in frame.columns))

    @classmethod
    def restored(cls, classes: int, saved: Iterable[Mapping[str, Any]]) -> Attributes:
        """What `saved` gave. Raises KeyError or TypeError where it is no such list."""
        return cls(classes, tuple(Attribute(**{**one, "values": tuple(one["values"])}) for one in saved))

    @property
    def saved(self) -> list[dict[str, Any]]:
        """The columns as JSON, for model.json."""
        return [asdict(column) for column in self.columns]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers each part of a condition may be, the unknown one included."""
        return (self.classes + 1, *(len(column.values) + 1 for column in self.columns))

    def conditions(self, view: TrainView | ValidationView, method: str) -> Ints:
        """int64 [n, 1 + columns] of real rows; a value that no train row has is unknown."""
        frame = _frame(view, method)
        parts = [_numbers(frame[column.name], column) for column in self.columns]
        return np.stack([view.labels + 1, *parts], axis=1)

    def frame(self, conditions: Ints, hidden: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
        """The columns of these conditions [n, 1 + columns], in the source's dtypes.

        `hidden`: column -> the texts of values that are written as missing, with the reasons.
        """
        parts = zip(self.columns, conditions.T[1:], strict=True)
        return pd.DataFrame({own.name: _series(numbers, own, hidden.get(own.name, {})) for own, numbers in parts})

    def numbers_of(self, wanted: Mapping[str, str], where: str = COMBINATIONS) -> dict[int, int]:
        """Place in a condition -> value number, of values by their texts. Raises MethodError, said of `where`."""
        places = {column.name: place for place, column in enumerate(self.columns, start=1)}
        found = {}
        for name, text in wanted.items():
            if name not in places:
                raise _contradiction(f"the attribute {name!r}", f"one of {_listed(list(places))}", where)
            texts = self.columns[places[name] - 1].texts
            if text not in texts:
                expected = f"one of {_listed(texts)}, which train rows have"
                raise _contradiction(f"{name}: {text!r}", expected, where)
            found[places[name]] = texts.index(text) + 1
        return found


def _listed(values: tuple[str, ...] | list[str]) -> str:
    """The first values in quotes."""
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ", ".join(map(repr, values[:10])) + more


def check_names(wanted: Mapping[str, str], spec: DatasetSpec) -> None:
    """Refuse names that are no columns of the data set's attributes, where these are known. Raises MethodError."""
    described = spec.companions.get("attributes")
    names = [column.name for column in getattr(described, "columns", ())]
    for name in wanted:
        if names and name not in names:
            raise _contradiction(f"the attribute {name!r}", f"one of {_listed(names)}")


def _contradiction(got: str, expected: str, where: str = COMBINATIONS) -> MethodError:
    return MethodError(
        "A combination of attributes is asked for that the data cannot have",
        where=where,
        got=got,
        expected=expected,
    )


def _frame(view: TrainView | ValidationView, method: str) -> pd.DataFrame:
    attributes = view.samples.companions.get("attributes")
    if attributes is None:
        raise MethodError(
            f"{method!r} needs attributes beside every row",
            where="prepare.companions in params.yaml",
            got=f"companions: {', '.join(view.samples.companions) or 'none'}",
            expected="`attributes`: one column or more, each a group of exclusive values",
            remedy=f"write {_LINES}",
        )
    return frame_of(attributes)


def _attribute(series: pd.Series, name: str) -> Attribute:
    known = series.dropna().unique().tolist()
    if len(known) < 2:
        raise _no_group(name, f"{len(known)} value in all train rows: {known}", "two or more", "leave the column out")
    if len(known) > MOST_VALUES:
        raise _no_group(
            name,
            f"{len(known)} values, such as {_listed([str(value) for value in known[:3]])}",
            f"at most {MOST_VALUES}",
            "join values into fewer ones, or leave the column out",
        )
    if not all(isinstance(value, bool | int | float | str) for value in known):
        raise _no_group(name, f"values of type {type(known[0]).__name__}", "texts, numbers or truth values", None)
    return Attribute(name=name, dtype=str(series.dtype), values=tuple(sorted(known, key=str)))


def _no_group(name: str, got: str, expected: str, remedy: str | None) -> MethodError:
    return MethodError(
        "An attribute is no group of exclusive values",
        where=f"column {name!r} of the companion `attributes`",
        got=got,
        expected=expected,
        remedy=remedy and f"{remedy} (prepare.companions.attributes.columns in params.yaml)",
    )


def _numbers(series: pd.Series, column: Attribute) -> Ints:
    known = pd.Index(list(column.values), dtype=object)
    return np.asarray(known.get_indexer(pd.Index(series.astype(object))), dtype=np.int64) + 1  # -1: not there


def _series(numbers: Ints, column: Attribute, hidden: Mapping[str, str]) -> pd.Series:
    places, known = _known(column, frozenset(hidden))
    if known.dtype == object:  # in which None stays None; place -1 is the last one
        return pd.Series(np.array([*known, None], dtype=object)[places[numbers]], dtype=object)
    return pd.Series(known.array.take(places[numbers], allow_fill=True), dtype=known.dtype)


@functools.lru_cache(maxsize=256)  # for each block of samples pandas would take longer over it than a small network
def _known(column: Attribute, hidden: frozenset[str]) -> tuple[Ints, pd.Series]:
    """The values, and the place of each value number among them: -1 for unknown and hidden ones.

    A column that hides values is of a dtype that holds missing ones.
    """
    places = np.array([-1, *(-1 if text in hidden else place for place, text in enumerate(column.texts))])
    if column.dtype == "category":
        return places, pd.Series(pd.Categorical(column.values, categories=list(column.values)))
    dtype = _NULLABLE.get(column.dtype, column.dtype) if hidden else column.dtype
    return places, pd.Series(list(column.values), dtype=dtype)
