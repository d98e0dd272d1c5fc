"""A user's CSV or Parquet file as a frame for `choose_augmentation`, and the augmented table as a file.

Cells are read as in the pipeline (`data.table_files`, `data.columns`): the same spellings of missing, the same kinds of
columns, the same columns left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import gan_augment.data.sources  # noqa: F401  before data.targets, which it imports and is imported by
from gan_augment.core.atomic import check_writable, replacing_file
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data import number_texts
from gan_augment.data.columns import MISSING_TEXTS, Parsed, canonical, parse_column, unfit
from gan_augment.data.paths import existing_file
from gan_augment.data.table_files import TableFile, read_table_file
from gan_augment.data.targets import check_column, target_labels

__all__ = ["ORIGIN", "UserTable", "check_output", "read_user_table", "write_augmented"]

ORIGIN = "origin"  # the column that marks the real rows of a written table
PARQUET = (".parquet", ".pq")
SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


@dataclass(frozen=True)
class UserTable:
    """Columns of the file, typed, and the reasons why some are not used: {column: reason}. The target is always used.

    `notes` lists assumptions made while reading. `source`, `delimiter` and `decimal` are the file's.
    """

    whole: pd.DataFrame
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()
    source: Path | None = None
    delimiter: str | None = None
    decimal: str = "."

    @property
    def used(self) -> pd.DataFrame:
        """Target and the columns that can be features."""
        return self.whole.drop(columns=list(self.left_out))


def read_user_table(
    path: Path,
    target: str,
    drop: Sequence[str] = (),
    decimal: number_texts.Decimal | None = None,
    encoding: str | None = None,
) -> UserTable:
    """Read a table by its ending.

    Parameters
    ----------
    path, target
        .csv, .tsv, .txt or .parquet; the column of classes.
    drop
        Columns that the user excludes. Free text and identifiers are left out anyway.
    decimal
        The decimal sign of a text file; None: read from the numbers' spelling.

    Raises
    ------
    DataError
        The file or column does not exist, the file is damaged, a class is missing, the target is a number to be
        predicted, a column cannot be read, or none is left.
    """
    table = _read(path, encoding)
    for name in drop:
        check_column(path, table.frame, name, "--drop")
    labels = pd.Series(target_labels(path, table, target), dtype="string")
    whole: dict[str, pd.Series] = {}
    left_out = dict.fromkeys(drop, "as asked for")
    notes = [problem.what for problem in table.problems]
    for name in map(str, table.frame.columns):
        if name == target:
            whole[name] = canonical(table.frame[name]) if table.typed else labels
            continue
        if name in left_out:
            whole[name] = table.frame[name]
            continue
        parsed = _typed(path, table, name, decimal)
        whole[name] = parsed.values
        problem = unfit(whole[name])
        if problem is not None and problem.severity == "warning":
            left_out[name] = _as_option(problem.reason)
        elif parsed.note is not None:
            notes.append(f"column {name!r} is read as {_as_option(parsed.note)}")
    if len(left_out) == len(whole) - 1:
        raise DataError(
            "No column is left as a feature",
            where=path,
            got="; ".join(f"{name}: {reason}" for name, reason in left_out.items()) or f"the column {target!r} alone",
            expected="at least one column of numbers, categories, truth values or times",
        )
    frame = pd.DataFrame({name: column.reset_index(drop=True) for name, column in whole.items()})
    delimiter = None if table.typed else table.delimiter
    return UserTable(frame, left_out, tuple(notes), path, delimiter, decimal or table.decimal or ".")


def _read(path: Path, encoding: str | None) -> TableFile:
    """Table file. Raises DataError that names --encoding in place of its key in params.yaml."""
    try:
        return read_table_file(existing_file(Path(), str(path)), encoding)
    except DataError as error:
        facts = (error.where, error.got, error.expected, error.remedy)
        where, got, expected, remedy = (None if fact is None else _as_option(fact) for fact in facts)
        raise DataError(error.problem, where=where, got=got, expected=expected, remedy=remedy) from None


def _as_option(text: str) -> str:
    """Remedy in terms of the command line instead of params.yaml."""
    text = re.sub(r"set prepare\.source\.(decimal|encoding)(?: to|:)", r"use --\1", text)
    return re.sub(r"prepare\.source\.encoding(?: in params\.yaml)?", "--encoding", text)


def _typed(path: Path, table: TableFile, name: str, decimal: number_texts.Decimal | None) -> Parsed:
    column = table.frame[name].set_axis(pd.Index(table.places), axis=0)
    try:
        if table.typed:
            return Parsed(canonical(column))
        known = decimal or table.decimal
        return parse_column(column, MISSING_TEXTS, decimal_comma=table.decimal_comma, decimal=known)
    except DataError as error:
        raise DataError(
            error.problem,
            where=f"{path}, column {name!r}",
            got=error.got,
            expected=error.expected,
            remedy=f"clean the column, or leave it out: --drop {name!r}",
        ) from None


def check_output(path: Path, table: pd.DataFrame, source: Path) -> None:
    """Raise ParamsError, before any work, where the augmented table cannot be written or would replace `source`."""
    known = (*SEPARATORS, *PARQUET)
    if path.suffix.lower() not in known:
        raise ParamsError(
            "The ending of the file to write is unknown", got=path.name, expected=f"one of {', '.join(known)}"
        )
    if path.resolve() == source.resolve():
        raise ParamsError(
            "The augmented table would overwrite the real one", where=path, remedy="write to another file"
        )
    check_writable(path, "The augmented table")
    if ORIGIN in table.columns:
        raise ParamsError(
            f"The table has a column {ORIGIN!r} already, where the written one says which rows are synthetic",
            remedy="rename the column",
        )


def write_augmented(path: Path, table: UserTable, made: pd.DataFrame) -> None:
    """Write the real rows, then `made`; unused columns are missing in the latter, and `origin` comes last.

    Parquet from Parquet keeps the real rows and the types of the source; CSV from CSV its separator and decimal sign.
    """
    if path.suffix.lower() in PARQUET and table.source is not None and table.delimiter is None:
        with replacing_file(path.resolve()) as partial:
            pq.write_table(_in_source_types(table.source, made), partial)
        return
    real = table.whole.assign(**{ORIGIN: "real"})
    more = made.assign(**{ORIGIN: "synthetic"}).reindex(columns=list(real.columns))
    whole = pd.concat([real, more.astype(_dtypes(real, table.left_out))], ignore_index=True)
    with replacing_file(path.resolve()) as partial:
        if path.suffix.lower() in PARQUET:
            whole.to_parquet(partial, index=False)
        else:
            whole.to_csv(partial, index=False, sep=_separator(path, table), decimal=table.decimal)


def _separator(path: Path, table: UserTable) -> str:
    suffix = path.suffix.lower()
    return SEPARATORS[suffix] if suffix == ".tsv" or table.delimiter is None else table.delimiter


def _in_source_types(source: Path, made: pd.DataFrame) -> pa.Table:
    real = pq.ParquetFile(source).read()
    fields = [item.with_nullable(True) for item in real.schema]
    columns = [
        _as_arrow(made[item.name], item.type) if item.name in made else pa.nulls(len(made), item.type)
        for item in fields
    ]
    schema = pa.schema(fields, metadata=real.schema.metadata)
    parts = [pa.table(real.columns, schema=schema), pa.table(columns, schema=schema)]
    origin = pa.array(["real"] * len(real) + ["synthetic"] * len(made))
    return pa.concat_tables(parts).append_column(ORIGIN, origin)


def _as_arrow(values: pd.Series, kind: pa.DataType) -> pa.Array:
    """Made values of a column in its Arrow type."""
    if pa.types.is_decimal(kind):
        step = Decimal(1).scaleb(-kind.scale)
        return pa.array([None if pd.isna(v) else Decimal(str(v)).quantize(step) for v in values], type=kind)
    array = pa.nulls(len(values)) if values.isna().all() else pa.array(values, from_pandas=True)
    if pa.types.is_dictionary(kind):
        return array.cast(kind.value_type).dictionary_encode().cast(kind)
    return array.cast(kind, safe=False)


def _dtypes(real: pd.DataFrame, left_out: dict[str, str]) -> Any:
    return {name: real[name].dtype for name in left_out if pd.api.types.is_extension_array_dtype(real[name].dtype)}
