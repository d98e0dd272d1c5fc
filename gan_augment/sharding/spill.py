"""Scatter the rows of all sources to their shards, one batch in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gan_augment.core.records import DatasetSpec
from gan_augment.sharding.permutation import shuffled_places
from gan_augment.sharding.rows import RowSchema, Source, read_source

__all__ = ["ShardBounds", "gather", "scatter"]

_PLACE = "place"
_BATCH_BYTES = 32 << 20


@dataclass(frozen=True)
class ShardBounds:
    """`rows` rows in shards of at most `limit`, whose sizes differ by at most one."""

    rows: int
    limit: int

    @property
    def count(self) -> int:
        """How many shards."""
        return -(-self.rows // self.limit)

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """int64 [count + 1]: each shard's first place, and the end."""
        return np.arange(self.count + 1, dtype=np.int64) * self.rows // max(self.count, 1)


def scatter(
    spec: DatasetSpec,
    sources: Sequence[Source],
    schema: RowSchema,
    bounds: ShardBounds,
    *,
    seed: int,
    folder: Path,
    advance: Callable[[int], None],
) -> None:
    """Append every row, with its shuffled place, to the spill file of its shard. `folder` must be empty."""
    done = 0
    for source in sources:
        for batch in read_source(spec, source, schema, _batch_rows(spec)):
            index = np.arange(done, done + batch.num_rows, dtype=np.int64)
            _append(batch, shuffled_places(index, bounds.rows, seed), bounds.starts, folder)
            done += batch.num_rows
            advance(done)
    if done != bounds.rows:
        raise RuntimeError(f"{done} rows came, {bounds.rows} were counted")


def _batch_rows(spec: DatasetSpec) -> int:
    if spec.image is not None:
        width = spec.image.height * spec.image.width * spec.image.channels + 256
    else:
        assert spec.table is not None
        width = 24 * len(spec.table.columns) + 256
    return max(1, min(65_536, _BATCH_BYTES // width))


def _append(batch: pa.RecordBatch, places: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], folder: Path) -> None:
    """One Arrow stream a shard and batch, one after another in the shard's file."""
    order = np.argsort(places)
    batch = batch.append_column(_PLACE, pa.array(places)).take(pa.array(order))
    cuts = np.searchsorted(places[order], starts)
    for number in np.flatnonzero(np.diff(cuts)):
        part = batch.slice(cuts[number], cuts[number + 1] - cuts[number])
        with _spill_file(folder, int(number)).open("ab") as stream, pa.ipc.new_stream(stream, part.schema) as writer:
            writer.write_batch(part)


def gather(folder: Path, number: int) -> pa.Table:
    """One shard's rows in their final order."""
    table = pa.Table.from_batches(list(_batches(_spill_file(folder, number))))
    order = np.argsort(table.column(_PLACE).to_numpy())
    return table.drop_columns([_PLACE]).take(pa.array(order))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    end = path.stat().st_size
    with pa.OSFile(str(path)) as stream:
        while stream.tell() < end:
            with pa.ipc.open_stream(stream) as reader:
                yield from reader


def _spill_file(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.arrows"
