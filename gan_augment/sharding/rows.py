"""Rows as Arrow batches: manifest columns, and the payload as `pixels` or as `x.<column>`, read at constant memory.

The prefix keeps a user's column named `id` or `label` apart from the manifest's own.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.checksums import check_file, check_folder, telling_damage
from gan_augment.core.errors import DataError, MissingInputError
from gan_augment.core.records import DatasetSpec

__all__ = ["FEATURE", "PIXELS", "RowSchema", "Source", "read_labels", "read_source", "row_schema"]

FEATURE = "x."
PIXELS = "pixels"
_MANIFEST = pa.schema(
    [(name, pa.string()) for name in ("id", "label", "origin", "method", "model_hash", "parents", "split")]
    + [("seed", pa.int64())]
)
_ADDED = pa.schema([("key", pa.string()), ("class_index", pa.int64()), ("rank", pa.int64())])


@dataclass(frozen=True)
class Source:
    """A samples folder; `limits` (label -> rows) keeps the first rows of each class, None keeps all.

    A row's `rank` is its place among the folder's rows of its class: of synthetic rows the order of preference.
    """

    folder: Path
    limits: Mapping[str, int] | None = None


@dataclass(frozen=True)
class RowSchema:
    """The columns of every batch; of the category columns the categories in order, and whether the order means it."""

    arrow: pa.Schema
    categories: dict[str, list[Any]] = field(default_factory=dict)
    ordered: frozenset[str] = frozenset()


def row_schema(spec: DatasetSpec, sources: Sequence[Source]) -> RowSchema:
    """One schema for all sources: where they differ (a class without a value in a column), the fuller type wins."""
    if spec.image is not None:
        size = spec.image.height * spec.image.width * spec.image.channels
        return RowSchema(pa.schema([*_MANIFEST, *_ADDED, (PIXELS, pa.binary(size))]))
    assert spec.table is not None
    heads = [_head(source.folder / "rows.parquet") for source in sources]
    fields, categories, ordered = [], {}, set()
    for name in (column.name for column in spec.table.columns):
        arrays = [head.column(name) for head in heads]
        fields.append((FEATURE + name, _common_type(arrays)))
        coded = [array for array in arrays if pa.types.is_dictionary(array.type)]
        if coded:
            categories[name] = list(dict.fromkeys(value for array in coded for value in _dictionary(array)))
            ordered |= {name} if coded[0].type.ordered else set()
    return RowSchema(pa.schema([*_MANIFEST, *_ADDED, *fields]), categories, frozenset(ordered))


def _head(path: Path) -> pa.Table:
    with _open_parquet(path) as file:
        first = itertools.islice(file.iter_batches(batch_size=1), 1)  # one row: the table may be of any size
        return pa.Table.from_batches(list(first), schema=file.schema_arrow)


def _dictionary(array: pa.ChunkedArray) -> list[Any]:
    return array.chunk(0).dictionary.to_pylist() if array.num_chunks else []


def _common_type(arrays: Sequence[pa.ChunkedArray]) -> pa.DataType:
    plain = [array.type.value_type if pa.types.is_dictionary(array.type) else array.type for array in arrays]
    return next((kind for kind in plain if not pa.types.is_null(kind)), pa.string())


def read_source(spec: DatasetSpec, source: Source, schema: RowSchema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Yield a source's kept rows in order, in batches of at most `batch_rows`, with the columns of `schema`.

    Raises
    ------
    MissingInputError
        A file of the folder is absent.
    DataError
        Manifest and payload differ in length.
    """
    check_folder(source.folder)
    payload = _pixel_reader(spec, source.folder) if spec.image is not None else _table_reader(source.folder, batch_rows)
    ranker = _Ranker(source.limits)
    classes = {record.label: (index, record.key) for index, record in enumerate(spec.classes)}
    with _open_parquet(source.folder / "manifest.parquet") as file:
        for manifest in file.iter_batches(batch_size=batch_rows):
            labels = manifest.column("label").to_pylist()
            ranks, kept = ranker.next(labels)
            columns = _manifest_columns(manifest, labels, classes, ranks) | payload(manifest.num_rows)
            arrays = [_as_type(columns[item.name], item.type) for item in schema.arrow]
            batch = pa.RecordBatch.from_arrays(arrays, schema=schema.arrow)
            yield batch if kept.all() else batch.filter(pa.array(kept))


def read_labels(source: Source) -> Iterator[str]:
    """The label of every row of a source, within its limits or not. Raises MissingInputError."""
    check_file(source.folder / "manifest.parquet")
    with _open_parquet(source.folder / "manifest.parquet") as file:
        for batch in file.iter_batches(columns=["label"]):
            yield from batch.column(0).to_pylist()


class _Ranker:
    """Counts the rows of each class as they pass: a row's rank, and whether it is within the class's limit."""

    def __init__(self, limits: Mapping[str, int] | None) -> None:
        self._limits = limits
        self._seen: Counter[str] = Counter()

    def next(self, labels: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """int64 and bool [len(labels)]."""
        ranks = np.empty(len(labels), dtype=np.int64)
        for place, label in enumerate(labels):
            ranks[place] = self._seen[label]
            self._seen[label] += 1
        if self._limits is None:
            return ranks, np.ones(len(labels), dtype=bool)
        return ranks, ranks < np.array([self._limits.get(label, 0) for label in labels], dtype=np.int64)


def _manifest_columns(
    manifest: pa.RecordBatch,
    labels: Sequence[str],
    classes: Mapping[str, tuple[int, str]],
    ranks: npt.NDArray[np.int64],
) -> dict[str, pa.Array]:
    return {name: manifest.column(name) for name in _MANIFEST.names} | {
        "key": pa.array([classes[label][1] for label in labels], pa.string()),
        "class_index": pa.array([classes[label][0] for label in labels], pa.int64()),
        "rank": pa.array(ranks),
    }


def _as_type(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type == kind else array.cast(kind)


def _open_parquet(path: Path) -> pq.ParquetFile:
    try:
        with telling_damage(path):
            return pq.ParquetFile(path, pre_buffer=False)  # which would keep the whole file in memory
    except FileNotFoundError:
        raise MissingInputError(
            "An input of this stage is missing",
            where=path,
            expected="a samples folder written by an earlier stage",
            remedy="run `dvc repro`, which runs the stages in order",
        ) from None


def _pixel_reader(spec: DatasetSpec, folder: Path) -> Any:
    """A function that gives the next n images as a column; plain reads, so that memory stays flat."""
    assert spec.image is not None
    size = spec.image.height * spec.image.width * spec.image.channels
    stream = _open_pixels(folder / "images.npy")

    def take(count: int) -> dict[str, pa.Array]:
        data = stream.read(count * size)
        if len(data) != count * size:
            raise DataError("Fewer images than manifest rows", where=folder, remedy="run `dvc repro` again")
        return {PIXELS: pa.Array.from_buffers(pa.binary(size), count, [None, pa.py_buffer(data)])}

    return take


def _open_pixels(path: Path) -> Any:
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise MissingInputError("An input of this stage is missing", where=path, remedy="run `dvc repro`") from None
    with telling_damage(path):
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, fortran, dtype = read(stream)
    if fortran or dtype != np.uint8:
        raise DataError("Images are not stored row by row as bytes", where=path, got=f"{dtype}, fortran={fortran}")
    return stream


def _table_reader(folder: Path, batch_rows: int) -> Any:
    """A function that gives the next n table rows; Parquet may cut its batches elsewhere than the manifest's."""
    batches = _open_parquet(folder / "rows.parquet").iter_batches(batch_size=batch_rows)
    left: list[pa.RecordBatch] = []

    def take(count: int) -> dict[str, pa.Array]:
        nonlocal left
        while sum(batch.num_rows for batch in left) < count:
            following = next(batches, None)
            if following is None:
                raise DataError("Fewer table rows than manifest rows", where=folder, remedy="run `dvc repro` again")
            left.append(following)
        table = pa.Table.from_batches(left)
        left = table.slice(count).to_batches()
        head = table.slice(0, count).combine_chunks()
        return {FEATURE + name: _only_chunk(head.column(name)) for name in head.column_names}

    return take


def _only_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
