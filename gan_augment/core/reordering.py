"""Reordering of any number of rows on disk, at constant memory.

Rows are scattered to files by their position in the new order, one range of positions per file, and each file is
sorted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gan_augment.core import fields
from gan_augment.core.fields import Payload
from gan_augment.core.row_file import RecordFile
from gan_augment.core.samples import MANIFEST_COLUMNS, Samples
from gan_augment.core.streams import SampleSource, SamplesWriter

__all__ = ["gather", "scatter", "write_reordered"]

_PLACE = "place"
_PLACED = 1_000_000  # rows of a source placed at a time: the whole order is read once for each such range
_ORDER_READ = 65_536  # positions read at a time


def scatter(rows: pa.Table, places: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], folder: Path) -> None:
    """Append each row to the file of its position; a row at -1 is dropped. File k holds positions from `starts[k]`.

    A call adds one Arrow stream to each file that gets a row. `folder` is empty at the first call.
    """
    kept = np.flatnonzero(places >= 0)
    kept = kept[np.argsort(places[kept], kind="stable")]
    # Split into Arrow slices, which are free: a call sends a few of many rows to each of many files.
    table = rows.append_column(_PLACE, pa.array(places)).take(pa.array(kept)).combine_chunks()
    table = table.replace_schema_metadata(None)
    cuts = np.searchsorted(places[kept], starts)
    for number in np.flatnonzero(np.diff(cuts)):
        part = table.slice(cuts[number], cuts[number + 1] - cuts[number])
        with _file(folder, int(number)).open("ab") as stream, pa.ipc.new_stream(stream, part.schema) as writer:
            writer.write_table(part)


def gather(folder: Path, number: int) -> pa.Table:
    """Rows of file `number` in their new order."""
    tables = [pa.Table.from_batches([batch]) for batch in _batches(_file(folder, number))]
    table = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()  # all empty: no type yet
    order = np.argsort(table.column(_PLACE).to_numpy())
    return table.drop_columns([_PLACE]).take(pa.array(order))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    end = path.stat().st_size
    with pa.OSFile(str(path)) as stream:
        while stream.tell() < end:
            with pa.ipc.open_stream(stream) as reader:
                yield from reader


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.arrows"


def write_reordered(
    source: SampleSource,
    order: npt.NDArray[np.integer[Any]] | RecordFile,
    directory: Path,
    work: Path,
    *,
    rows: int,
) -> None:
    """Write a samples folder of the source's rows at `order` (each at most once), at constant memory.

    `work` is an existing empty folder, for files of `rows` rows each.
    """
    first, together = None, rows * max(1, _PLACED // rows)  # a multiple of a chunk
    starts = np.arange(0, len(order) + rows, rows, dtype=np.int64)
    for number, chunk in enumerate(source.chunks(rows)):
        start = number * rows % together
        if start == 0:
            places = _places(order, number * rows, min(number * rows + together, len(source)))
        scatter(_table(chunk), places[start : start + len(chunk)], starts, work)
        first = first or chunk.take(slice(0, 0))
    assert first is not None
    with SamplesWriter(directory) as writer:
        writer.append(first)
        for bucket in range(len(starts) - 1):
            writer.append(_samples(gather(work, bucket), first))
            _file(work, bucket).unlink()


def _places(order: npt.NDArray[np.integer[Any]] | RecordFile, low: int, high: int) -> npt.NDArray[np.int64]:
    """Position in `order` of each of these rows of the source, int64 [high - low]; -1: not in it."""
    places = np.full(high - low, -1, dtype=np.int64)
    for start in range(0, len(order), _ORDER_READ):
        part = order[start : start + _ORDER_READ]
        inside = np.flatnonzero((part >= low) & (part < high))
        places[part[inside] - low] = start + inside
    return places


def _parts(samples: Samples) -> dict[str, Payload]:
    """Payload and companions, by the prefix of their Arrow columns."""
    return {"": samples.payload} | {f"{role}/": values for role, values in samples.companions.items()}


def _table(samples: Samples) -> pa.Table:
    table = pa.Table.from_pandas(samples.manifest, preserve_index=False)
    for prefix, values in _parts(samples).items():
        columns = fields.to_arrow(values)
        for name, column in zip(columns.column_names, columns.columns, strict=True):
            table = table.append_column(prefix + name, column)
    return table


def _samples(table: pa.Table, like: Samples) -> Samples:
    """Samples of which `_table` was made; `like` has the same columns, shapes and companions."""
    about = pa.Schema.from_pandas(like.manifest, preserve_index=False).metadata
    manifest = table.select(list(MANIFEST_COLUMNS)).replace_schema_metadata(about).to_pandas().astype(MANIFEST_COLUMNS)
    found = {
        prefix: fields.from_arrow(table.select([prefix + name for name in fields.arrow_names(values)]), values)
        for prefix, values in _parts(like).items()
    }
    return Samples(manifest, found[""], {role: found[f"{role}/"] for role in like.companions})
