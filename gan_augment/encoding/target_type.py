"""Type of a table's target in its source: labels are texts internally, and are exported in that type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from gan_augment.core.records import TargetType
from gan_augment.encoding.times import pandas_dtype_of

__all__ = ["arrow_type", "categories_of", "is_text", "labels_as", "plain_type", "target_type"]

_DICTIONARY = re.compile(r"dictionary<values=(\w+), indices=(\w+), ordered=([01])>")


def arrow_type(name: str) -> pa.DataType:
    """Arrow type that `str(type)` named. Raises ValueError."""
    if name.startswith("timestamp["):
        unit, _, zone = name.removeprefix("timestamp[").removesuffix("]").partition(", tz=")
        return pa.timestamp(unit, zone or None)
    if found := _DICTIONARY.fullmatch(name):
        return pa.dictionary(arrow_type(found[2]), arrow_type(found[1]), ordered=found[3] == "1")
    if name.startswith("decimal"):
        return pandas_dtype_of(f"{name}[pyarrow]").pyarrow_dtype
    return pa.type_for_alias(name)


def is_text(arrow: str) -> bool:
    """Whether this is an Arrow type of texts; pandas has one dtype for several of them."""
    return arrow.startswith("dictionary<") or arrow in ("string", "large_string")


def target_type(
    arrow: str, labels: Sequence[str], values: pd.Series, categories: Sequence[str] = ()
) -> TargetType | None:
    """Type of a target, if every label converts back to the value that it was made from; else None.

    Parameters
    ----------
    arrow
        The type in the source.
    labels, values
        The text of each row's target, and the target itself.
    categories
        Of a dictionary, the texts of all its values in their order.
    """
    kind = TargetType(arrow=arrow, categories=tuple(dict.fromkeys(categories)))
    plain = plain_type(kind)
    pairs = pd.DataFrame({"label": list(labels), "value": values.astype(object).to_numpy()}).drop_duplicates()
    try:
        back = labels_as(pa.array(pairs["label"], pa.string()), kind)
        same = back.equals(pa.array(pairs["value"].to_list()).cast(plain))
    except (pa.ArrowException, ValueError, TypeError):
        return None
    is_string = pa.types.is_string(plain) or pa.types.is_large_string(plain)  # labels are stripped, which is no loss
    return kind if same or is_string else None


def labels_as(labels: pa.Array | pa.ChunkedArray, kind: TargetType) -> Any:
    """Labels in the plain type of the target: for a dictionary, that of its values. Raises ArrowInvalid."""
    return labels.cast(plain_type(kind))


def categories_of(kind: TargetType) -> pd.CategoricalDtype | None:
    """pandas dtype of a dictionary, with its values in their order; None for any other type."""
    arrow = arrow_type(kind.arrow)
    if not pa.types.is_dictionary(arrow):
        return None
    values = labels_as(pa.array(kind.categories, pa.string()), kind)
    return pd.CategoricalDtype(values.to_pandas(), ordered=bool(arrow.ordered))


def plain_type(kind: TargetType) -> pa.DataType:
    """Arrow type of the values, without the dictionary."""
    arrow = arrow_type(kind.arrow)
    return arrow.value_type if pa.types.is_dictionary(arrow) else arrow
