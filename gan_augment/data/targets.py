"""Role columns of a table: the label of a row, its group, its part of the split."""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.records import TargetType
from gan_augment.data.columns import canonical
from gan_augment.data.config import SplitConfig
from gan_augment.data.parts import part_of
from gan_augment.data.problems import listing
from gan_augment.data.raw import make_rows
from gan_augment.data.table_files import TableFile
from gan_augment.encoding.target_type import target_type

__all__ = ["check_column", "column_texts", "rows_of_table", "target_labels", "type_of_target"]

_NO_LABEL = frozenset(("", "NA", "N/A", "NaN", "nan", "<NA>", "null", "NULL", "#N/A"))  # "None" may be a class
MAX_WHOLE_NUMBERS = 50  # distinct whole numbers that may still be classes
MAX_DECIMAL_NUMBERS = 10


def rows_of_table(
    path: Path, table: TableFile, target: str | None, split: SplitConfig, *, may_lack: bool = False
) -> pd.DataFrame:
    """Frame of `RawData.rows` for every row of the table; `may_lack`: labels may be missing. Raises DataError."""
    labels = [""] * len(table.frame) if target is None else target_labels(path, table, target, may_lack=may_lack)
    group = _texts(path, table, split.group, "prepare.split.group") if split.group else ""
    return make_rows(
        label=labels,
        identity=_identities(table.frame),
        source=[f"{path.name}, {place}" for place in table.places],
        group=group,
        split=_parts(path, table, split.column) if split.column else "",
    )


def target_labels(path: Path, table: TableFile, target: str, *, may_lack: bool = False) -> list[str]:
    """Label of every row, as text; `may_lack`: empty where it is missing, which is an error otherwise.

    Raises
    ------
    DataError
        There is no such column, labels are missing, or the target is a number to be predicted rather than a class.
    """
    check_column(path, table.frame, target, "the target")
    column = table.frame[target]
    texts = column if not table.typed else _typed_texts(column)
    missing = texts.isna() | texts.isin(_NO_LABEL)
    if may_lack:
        texts = texts.mask(missing, "")
    elif missing.any():
        places = [table.places[place] for place in missing.to_numpy().nonzero()[0]]
        raise DataError(
            f"The target is missing in {len(places)} of {len(texts)} rows",
            where=f"{path}, column {target!r}",
            got=listing(places),
            expected="a class in every row",
            remedy="fill in the classes, or remove these rows",
        )
    _refuse_regression(path, target, texts)
    if texts[~missing].str.fullmatch(r"[+-]?\d+\.0+").all():
        texts = texts.str.replace(r"\.0+$", "", regex=True)  # whole numbers that became floats beside missing ones
    return [str(text) for text in texts]


def type_of_target(table: TableFile, target: str, labels: Sequence[str]) -> TargetType | None:
    """Type of the target in an export; None where the source has none, or none to which texts can be converted."""
    arrow = table.arrow.get(target)
    if arrow is None:
        return None
    dtype: Any = table.frame[target].dtype
    known = isinstance(dtype, pd.CategoricalDtype)
    levels = [str(level) for level in _typed_texts(pd.Series(dtype.categories))] if known else []
    return target_type(arrow, labels, table.frame[target], levels)


def check_column(path: Path, frame: pd.DataFrame, name: str, role: str) -> None:
    """Raise DataError with the nearest names where the frame has no such column."""
    if name in frame.columns:
        return
    near = difflib.get_close_matches(name, map(str, frame.columns), n=1, cutoff=0.5)
    raise DataError(
        f"The table has no column for {role}",
        where=path,
        got=f"no column {name!r}; there are {', '.join(map(repr, frame.columns[:30]))}",
        remedy=f"did you mean {near[0]!r}?" if near else "name one of these columns",
    )


def _typed_texts(column: pd.Series) -> pd.Series:
    """Parquet cells as text; 1.0 in a column of whole numbers is 1."""
    values = canonical(column)
    if str(values.dtype) == "float64" and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("string").str.strip()


def _refuse_regression(path: Path, target: str, texts: pd.Series) -> None:
    numbers = pd.to_numeric(texts, errors="coerce")
    distinct = int(texts.nunique())
    whole = bool(numbers.notna().all() and (numbers % 1 == 0).all())
    if numbers.isna().any() or distinct <= (MAX_WHOLE_NUMBERS if whole else MAX_DECIMAL_NUMBERS):
        return
    raise DataError(
        "The target is a number to be predicted (regression), not a class",
        where=f"{path}, column {target!r}",
        got=f"{distinct} different numbers from {numbers.min():g} to {numbers.max():g}",
        expected=f"classes: words, or at most {MAX_WHOLE_NUMBERS} different whole numbers",
        remedy="name another target, or cut the numbers into a few classes",
    )


def _texts(path: Path, table: TableFile, name: str, key: str) -> pd.Series:
    check_column(path, table.frame, name, key)
    return column_texts(table, name).fillna("")


def column_texts(table: TableFile, name: str) -> pd.Series:
    """Cells of a column as texts; empty ones are missing where the file has types."""
    return _typed_texts(table.frame[name]) if table.typed else table.frame[name]


def _parts(path: Path, table: TableFile, name: str) -> list[str]:
    texts = _texts(path, table, name, "prepare.split.column")
    known = {text: part_of(text) for text in texts.unique()}
    unknown = [f"{text!r} in {sum(texts == text)} rows" for text, part in known.items() if part is None]
    if unknown:
        raise DataError(
            "The split column holds a value that is not a part of a split",
            where=f"{path}, column {name!r}",
            got=listing(unknown),
            expected="train, validation (or val) or test",
            remedy="correct the column, or set prepare.split.column to null",
        )
    return [str(known[text]) for text in texts]


def _identities(frame: pd.DataFrame) -> list[str]:
    """Hash of each row's content and its number among equal rows: independent of the other rows and their order."""
    columns = [_cell_texts(frame[name]).fillna("\0") for name in frame.columns]
    seen: Counter[str] = Counter()
    identities = []
    for cells in zip(*columns, strict=True):
        digest = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:24]
        identities.append(f"{digest}-{seen[digest]}")
        seen[digest] += 1
    return identities


def _cell_texts(column: pd.Series) -> pd.Series:
    """Cells of any type (bytes, lists) as text."""
    try:
        return column.astype("string")
    except (TypeError, ValueError):
        return column.map(repr, na_action="ignore" if pd.api.types.infer_dtype(column) == "bytes" else None).astype(
            "string"
        )
