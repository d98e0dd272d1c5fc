"""Classes of a target column of any dtype: their values are restored unchanged."""

from __future__ import annotations

import datetime
import decimal
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError, MethodError, ModelError
from gan_augment.encoding.times import pandas_dtype_of

__all__ = ["ClassValues", "class_values", "plain_dtype", "restored_dtype"]

# Encoding of values that JSON lacks: name, type, to JSON, back.
_FORMS: tuple[tuple[str, type, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    ("bytes", bytes, bytes.hex, bytes.fromhex),
    ("duration", pd.Timedelta, lambda value: [str(value.unit), int(value.asm8.view("i8"))],
     lambda form: pd.Timedelta(np.timedelta64(form[1], form[0]))),
    ("timestamp", pd.Timestamp, lambda value: value.isoformat(), pd.Timestamp),
    ("time", datetime.datetime, datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    ("date", datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    ("interval", pd.Interval, lambda value: [_plain(value.left), _plain(value.right), value.closed],
     lambda form: pd.Interval(_restored(form[0]), _restored(form[1]), form[2])),
    ("period", pd.Period, lambda value: [value.freqstr, int(value.ordinal)],
     lambda form: pd.Period(ordinal=form[1], freq=form[0])),
    ("decimal", decimal.Decimal, str, decimal.Decimal),
    ("numpy", np.generic, lambda value: [value.dtype.str, value.item()], lambda form: np.dtype(form[0]).type(form[1])),
    ("float", float, repr, float),
)  # fmt: skip


@dataclass(frozen=True)
class ClassValues:
    """Values of the classes, in the column's dtype and in the order of class indices."""

    series: pd.Series

    @property
    def values(self) -> list[Any]:
        """Values as Python objects."""
        return list(self.series.tolist())

    @property
    def names(self) -> list[str]:
        """Unique text for each class."""
        texts = [str(value) for value in self.values]
        often = Counter(texts)
        return [text if often[text] == 1 else repr(value) for text, value in zip(texts, self.values, strict=True)]

    def place(self, label: Any) -> int:
        """Class index of a label. Raises MethodError for an unknown one."""
        for place, value in enumerate(self.values):
            if _same(value, label) or _same(value, self._cast(label)):
                return place
        raise MethodError(
            "Rows of an unknown class were requested",
            got=repr(label)[:200],
            expected=f"labels among {', '.join(map(repr, self.values))}"[:500],
        )

    def named(self, labels: pd.Series) -> npt.NDArray[np.object_]:
        """Text of each label's class, object [n]. Raises MethodError for an unknown one."""
        found, codes = class_values(labels)
        names = np.array(self.names, dtype=object)[[self.place(value) for value in found.values]]
        return np.asarray(names[codes], dtype=object)

    def column(self, place: int, index: pd.Index) -> pd.Series:
        """Value of one class, in each row of an index."""
        return pd.Series(self.series.iloc[[place] * len(index)].set_axis(index))

    def is_unused(self, label: Any) -> bool:
        """Whether it is a category of the column that no row has."""
        dtype = self.series.dtype
        return isinstance(dtype, pd.CategoricalDtype) and any(_same(value, label) for value in dtype.categories)

    def to_json(self) -> dict[str, Any]:
        """Dtype and plain values. Raises ModelError for a type that has no plain form."""
        return {"dtype": plain_dtype(self.series.dtype), "values": [_plain(value) for value in self.values]}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> ClassValues:
        """Classes that `to_json` described. Raises ModelError."""
        try:
            values = [_restored(value) for value in plain["values"]]
            return cls(pd.Series(values, dtype=restored_dtype(plain["dtype"])))
        except (DataError, TypeError, ValueError, KeyError, AttributeError, StopIteration) as error:
            raise ModelError("The labels of a saved synthesizer are damaged", got=repr(error)[:200]) from None

    def _cast(self, label: Any) -> Any:
        """Value cast to the column's dtype: 0.1 as the 32-bit float that such a column holds."""
        dtype = self.series.dtype
        if isinstance(dtype, np.dtype) and dtype.kind == "f" and isinstance(label, float | np.floating):
            return dtype.type(label).item()
        return label


def class_values(labels: pd.Series) -> tuple[ClassValues, npt.NDArray[np.int64]]:
    """Classes of a target column without gaps, in the order of their texts, and the class index of each row.

    Raises
    ------
    DataError
        Labels are lists or the like, or are equal but of different types (1 and True), so classes are ambiguous.
    """
    try:
        codes = pd.factorize(labels)[0]
    except TypeError as error:
        raise DataError("Labels cannot be compared", where=f"column {labels.name!r}", got=str(error)[:200]) from None
    if labels.dtype == object:
        _check_types(labels, codes)
    found = labels.iloc[np.unique(codes, return_index=True)[1]]
    order = sorted(range(len(found)), key=lambda place: (str(found.iloc[place]), type(found.iloc[place]).__name__))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return ClassValues(found.iloc[order].reset_index(drop=True)), rank[codes]


def _check_types(labels: pd.Series, codes: npt.NDArray[Any]) -> None:
    kinds = pd.DataFrame({"code": codes, "kind": [type(value).__name__ for value in labels]}).drop_duplicates()
    twice = kinds["code"][kinds["code"].duplicated()]
    if len(twice):
        code = twice.iloc[0]
        raise DataError(
            "Labels are equal but of different types: it is unclear whether they are one class",
            where=f"column {labels.name!r}",
            got=f"{labels[codes == code].iloc[0]!r} as {', '.join(kinds['kind'][kinds['code'] == code])}",
            remedy="write each class in one way",
        )


def _same(value: Any, label: Any) -> bool:
    if any(isinstance(value, kind) != isinstance(label, kind) for kind in (bool | np.bool_, bytes, str)):
        return False
    try:
        return bool(value == label)
    except (TypeError, ValueError):  # arrays, and values that cannot be compared
        return False


def _plain(value: Any) -> Any:
    if type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    for name, kind, form, _ in _FORMS:
        if isinstance(value, kind):
            return {name: form(value)}
    raise ModelError(
        "Values of this type cannot be saved",
        got=f"{type(value).__name__}: {value!r}"[:200],
        expected="texts, numbers, truth values, times, durations, periods, intervals or bytes",
        remedy="make the column text before fit: column.astype('string')",
    )


def plain_dtype(dtype: Any) -> Any:
    """Name of the dtype, or a category's elements, in a form that JSON can hold. Raises ModelError."""
    if not isinstance(dtype, pd.CategoricalDtype):
        return str(dtype)
    levels = [_plain(level) for level in dtype.categories.tolist()]
    return {"levels": levels, "of": str(dtype.categories.dtype), "ordered": bool(dtype.ordered)}


def _restored(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((name, form),) = value.items()
    return next(back for known, _, _, back in _FORMS if known == name)(form)


def restored_dtype(plain: Any) -> Any:
    """Dtype that `plain_dtype` described. Raises DataError, KeyError, TypeError, ValueError where it is damaged."""
    if isinstance(plain, str):
        return pandas_dtype_of(plain)
    levels = pd.Index([_restored(level) for level in plain["levels"]], dtype=pandas_dtype_of(plain["of"]))
    return pd.CategoricalDtype(levels, ordered=plain["ordered"])
