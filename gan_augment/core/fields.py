"""The two storage forms of data per row: a uint8 array [n, *shape], or a DataFrame of n rows.

The payload of samples has one of the two, and so has every companion. No other file branches on which it is:
`ArrayField` and `FrameField` (core.records) describe them, and the functions here handle both alike. In Arrow, the rows
of an array are the column `pixels` and those of a DataFrame are `x.<column>`, so that a user's column named `id` or
`label` stays apart from the manifest's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gan_augment.core.array_file import ArrayReader, ArrayWriter
from gan_augment.core.checksums import saved_array, telling_damage, write_array
from gan_augment.core.errors import DataError
from gan_augment.core.frame_file import FrameReader, FrameWriter, open_parquet
from gan_augment.core.records import ArrayField, Column, Field, FrameField

__all__ = [
    "FEATURE",
    "PAYLOAD",
    "PIXELS",
    "Files",
    "Payload",
    "arrow_names",
    "bytes_per_row",
    "columns_of",
    "concat",
    "describe",
    "empty",
    "frame_of",
    "from_arrow",
    "images_of",
    "missing_cells",
    "next_arrow",
    "read",
    "reader",
    "take",
    "to_arrow",
    "write",
    "writer",
]

Payload = npt.NDArray[np.uint8] | pd.DataFrame

PIXELS = "pixels"
FEATURE = "x."

_CELL_BYTES = 16  # rows of a table, on average


class Files(NamedTuple):
    """Names of the files in a samples folder that may hold rows: as an array, or as a DataFrame."""

    array: str
    frame: str

    @classmethod
    def of_role(cls, role: str) -> Files:
        """Files of a companion."""
        return cls(f"{role}.npy", f"{role}.parquet")

    def find(self, folder: Path) -> Path | None:
        """File that exists."""
        return next((folder / name for name in self if (folder / name).exists()), None)


PAYLOAD = Files("images.npy", "rows.parquet")


def empty(field: Field) -> Payload:
    """Empty rows, with the field's shape or columns and dtypes."""
    if isinstance(field, ArrayField):
        return np.zeros((0, *field.shape), dtype=np.uint8)
    return pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in field.columns})


def bytes_per_row(field: Field) -> int:
    """Bytes of a row in memory; an estimate for a table."""
    return int(np.prod(field.shape)) if isinstance(field, ArrayField) else _CELL_BYTES * len(field.columns)


def frame_of(values: Payload) -> pd.DataFrame:
    """The same rows as a DataFrame, for code that works with table rows only. Raises DataError for an array."""
    if isinstance(values, pd.DataFrame):
        return values
    raise DataError("Table rows are needed", got=f"images, {'x'.join(map(str, np.shape(values)))}")


def images_of(values: Payload) -> npt.NDArray[np.uint8]:
    """The same rows as an array, for code that works with images only. Raises DataError for a table."""
    if isinstance(values, pd.DataFrame):
        raise DataError("Images are needed", got=f"a table of {len(values)} rows")
    return np.asarray(values)


def take(values: Payload, rows: npt.NDArray[Any] | slice) -> Payload:
    """Rows at these places (integers, a boolean mask, or a slice), in that order."""
    if isinstance(values, pd.DataFrame):
        return values.iloc[rows].reset_index(drop=True)
    return np.asarray(values[rows])


def concat(parts: Sequence[Payload]) -> Payload:
    """Parts joined in order: all of one form, and at least one."""
    if isinstance(parts[0], pd.DataFrame):
        return pd.concat([frame_of(part) for part in parts], ignore_index=True)
    return np.concatenate([images_of(part) for part in parts])


def missing_cells(values: Payload) -> int:
    """Number of missing cells of a table; 0 for an array, which has none."""
    return int(values.isna().sum().sum()) if isinstance(values, pd.DataFrame) else 0


def write(folder: Path, files: Files, values: Payload) -> None:
    """Write all rows into an existing folder. The same rows give the same bytes."""
    if isinstance(values, pd.DataFrame):
        values.to_parquet(folder / files.frame, index=False)
    else:
        write_array(folder / files.array, values)


def read(path: Path, *, mmap: bool = False) -> Payload:
    """All rows of a file; `mmap` leaves those of an array on disk until they are used. Raises DamagedInputError."""
    if path.suffix == ".npy":
        return saved_array(path, mmap=mmap)
    with telling_damage(path):
        return pd.read_parquet(path)


def describe(path: Path) -> ArrayField | FrameField:
    """Storage form of the rows of a file. Raises DamagedInputError."""
    if path.suffix == ".npy":
        return ArrayField(shape=saved_array(path, mmap=True).shape[1:])
    return FrameField(columns=tuple(_column(item) for item in open_parquet(path).schema_arrow))


def _column(item: pa.Field) -> Column:
    if pa.types.is_integer(item.type):
        return Column(name=item.name, kind="numeric", dtype="Int64", integer=True)
    return Column(name=item.name, kind="categorical", dtype="string")


def reader(path: Path) -> ArrayReader | FrameReader:
    """Reader of a file's rows, in order. Raises DamagedInputError."""
    return ArrayReader(path) if path.suffix == ".npy" else FrameReader(path)


def writer(folder: Path, files: Files, like: Payload) -> Any:
    """Writer that appends rows like these, an `ArrayWriter` or a `FrameWriter`. The bytes are those of `write`."""
    if isinstance(like, pd.DataFrame):
        return FrameWriter(folder / files.frame)
    return ArrayWriter(folder / files.array, like.shape[1:])


def arrow_names(like: Payload) -> list[str]:
    """Names of the Arrow columns of rows like these."""
    return [f"{FEATURE}{name}" for name in like.columns] if isinstance(like, pd.DataFrame) else [PIXELS]


def to_arrow(values: Payload) -> pa.Table:
    """Rows in Arrow, in the columns `arrow_names`."""
    if isinstance(values, pd.DataFrame):
        table = pa.Table.from_pandas(_numbered(values), preserve_index=False)
        return table.rename_columns(arrow_names(values))
    pixels = np.ascontiguousarray(values)
    kind = pa.binary(int(np.prod(pixels.shape[1:])))
    return pa.table({PIXELS: pa.Array.from_buffers(kind, len(pixels), [None, pa.py_buffer(pixels)])})


def from_arrow(table: pa.Table, like: Payload) -> Payload:
    """Rows from which `to_arrow` made this table; `like` has the same columns or shape."""
    if isinstance(like, pd.DataFrame):
        schema = pa.Schema.from_pandas(_numbered(like), preserve_index=False)
        plain = table.rename_columns(schema.names).replace_schema_metadata(schema.metadata)
        return concat([plain.to_pandas().set_axis(like.columns, axis=1)])
    parts = [np.frombuffer(_bytes(chunk), np.uint8) for chunk in table.column(0).chunks]
    return np.concatenate([np.zeros(0, np.uint8), *parts]).reshape(-1, *np.shape(like)[1:])


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Names "0", "1", ... for columns: Arrow allows no two columns of one name."""
    return frame.set_axis([str(place) for place in range(frame.shape[1])], axis=1)


def _bytes(chunk: pa.Array) -> Any:
    width = chunk.type.byte_width
    return chunk.buffers()[1].slice(chunk.offset * width, len(chunk) * width)


def next_arrow(rows: ArrayReader | FrameReader, count: int) -> dict[str, pa.Array]:
    """The next rows of a file as Arrow columns; those of a Parquet file keep the file's types."""
    if isinstance(rows, ArrayReader):
        return columns_of(to_arrow(rows.take(count)))
    return {FEATURE + name: column for name, column in columns_of(rows.table(count)).items()}


def columns_of(table: pa.Table) -> dict[str, pa.Array]:
    """Columns of a table by name, each in one chunk."""
    return {name: _in_one_piece(table.column(name)) for name in table.column_names}


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    whole = column.unify_dictionaries().combine_chunks()
    return whole if isinstance(whole, pa.Array) else whole.chunk(0) if whole.num_chunks else pa.array([], whole.type)
