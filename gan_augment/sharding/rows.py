"""Rows as Arrow batches: manifest columns, and the payload as in `core.fields`, read at constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gan_augment.core.fields import FEATURE, PAYLOAD, PIXELS, bytes_per_row
from gan_augment.core.frame_file import FrameReader, open_parquet
from gan_augment.core.records import DatasetSpec, Field, Role
from gan_augment.core.samples import MANIFEST, MANIFEST_COLUMNS, FolderReader, count_samples, roles_in
from gan_augment.sharding.beside import arrow_fields, find_companions

__all__ = [
    "FEATURE",
    "MANIFEST_FIELDS",
    "PIXELS",
    "PROVENANCE",
    "RowSchema",
    "Source",
    "read_labels",
    "read_source",
    "row_schema",
]

_ARROW = {"string": pa.string(), "Int64": pa.int64()}
_KEPT_BACK = ("group", "source")  # columns of the manifest that hold the user's own paths
# Columns of the manifest that an export includes, in the order of its files.
PROVENANCE = (*(name for name in MANIFEST_COLUMNS if name not in (*_KEPT_BACK, "split")), "split")
_MANIFEST = pa.schema([(name, _ARROW[MANIFEST_COLUMNS[name]]) for name in PROVENANCE])
_ADDED = pa.schema([("key", pa.string()), ("class_index", pa.int64()), ("rank", pa.int64())])
_LABEL = PROVENANCE.index("label") + 1
MANIFEST_FIELDS = (*PROVENANCE[:_LABEL], "key", *PROVENANCE[_LABEL:], "rank")  # columns of an export's manifest


@dataclass(frozen=True)
class Source:
    """Samples folder; `limits` (label -> rows) keeps the first rows of each class, None keeps all.

    A row's `rank` is its place among the folder's rows of its class: for synthetic rows the order of preference.
    """

    folder: Path
    limits: Mapping[str, int] | None = None


@dataclass(frozen=True)
class RowSchema:
    """Columns of every batch; for category columns the categories in order, and whether that order has a meaning."""

    arrow: pa.Schema
    categories: dict[str, list[Any]] = field(default_factory=dict)
    ordered: frozenset[str] = frozenset()
    companions: Mapping[Role, Field] = field(default_factory=dict)  # companions of rows, of at least one origin


def row_schema(spec: DatasetSpec, sources: Sequence[Source]) -> RowSchema:
    """Schema for all sources: where they differ (a class without a value in a column), the fuller type wins."""
    if spec.image is not None:
        companions = find_companions([source.folder for source in sources])
        beside = [item for role, form in companions.items() for item in arrow_fields(role, form)]
        pixels = pa.field(PIXELS, pa.binary(bytes_per_row(spec.payload)))
        return RowSchema(pa.schema([*_MANIFEST, *_ADDED, pixels, *beside]), companions=companions)
    # A single row: the table may be of any size.
    heads = [FrameReader(source.folder / PAYLOAD.frame, batch=1).table(1) for source in sources]
    fields, categories, ordered = [], {}, set()
    for name in (column.name for column in spec.tables.columns):
        arrays = [head.column(name) for head in heads]
        fields.append((FEATURE + name, _common_type(arrays)))
        coded = [array for array in arrays if pa.types.is_dictionary(array.type)]
        if coded:
            categories[name] = list(dict.fromkeys(value for array in coded for value in _dictionary(array)))
            ordered |= {name} if coded[0].type.ordered else set()
    return RowSchema(pa.schema([*_MANIFEST, *_ADDED, *fields]), categories, frozenset(ordered))


def _dictionary(array: pa.ChunkedArray) -> list[Any]:
    return array.chunk(0).dictionary.to_pylist() if array.num_chunks else []


def _common_type(arrays: Sequence[pa.ChunkedArray]) -> pa.DataType:
    plain = [array.type.value_type if pa.types.is_dictionary(array.type) else array.type for array in arrays]
    return next((kind for kind in plain if not pa.types.is_null(kind)), pa.string())


def read_source(spec: DatasetSpec, source: Source, schema: RowSchema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the kept rows of a source in order, in batches of at most `batch_rows`, with the columns of `schema`.

    Raises MissingInputError where a file of the folder is missing, DamagedInputError where they differ in length.
    """
    own = [role for role in roles_in(source.folder) if role in schema.companions]
    reader, ranker = FolderReader(source.folder, companions=own), _Ranker(source.limits)
    keys = [record.key for record in spec.classes]
    for _ in range(0, count_samples(source.folder), batch_rows):
        columns = reader.arrow(batch_rows)
        labels = columns["label"].to_pylist()
        classes = spec.class_indices(labels)
        ranks, kept = ranker.next(labels)
        columns |= {
            "key": pa.array([keys[index] for index in classes], pa.string()),
            "class_index": pa.array(classes),
            "rank": pa.array(ranks),
        }
        nothing = [item.name for item in schema.arrow if item.name not in columns]  # a companion of other origins
        columns |= {name: pa.nulls(len(labels), schema.arrow.field(name).type) for name in nothing}
        arrays = [_as_type(columns[item.name], item.type) for item in schema.arrow]
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema.arrow)
        yield batch if kept.all() else batch.filter(pa.array(kept))


def read_labels(source: Source) -> Iterator[str]:
    """Labels of every row of a source, within its limits or not. Raises MissingInputError."""
    count_samples(source.folder)
    with open_parquet(source.folder / MANIFEST) as file:
        for batch in file.iter_batches(columns=["label"]):
            yield from batch.column(0).to_pylist()


class _Ranker:
    """Counter of the rows of each class as they pass: a row's rank, and whether it is within the class's limit."""

    def __init__(self, limits: Mapping[str, int] | None) -> None:
        self._limits = limits
        self._seen: Counter[str] = Counter()

    def next(self, labels: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Ranks int64 [len(labels)], and bool [len(labels)]: within the limit."""
        ranks = np.empty(len(labels), dtype=np.int64)
        for place, label in enumerate(labels):
            ranks[place] = self._seen[label]
            self._seen[label] += 1
        if self._limits is None:
            return ranks, np.ones(len(labels), dtype=bool)
        return ranks, ranks < np.array([self._limits.get(label, 0) for label in labels], dtype=np.int64)


def _as_type(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type == kind else array.cast(kind)
