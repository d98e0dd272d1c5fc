"""Scattering of all sources' rows to their shards, with one batch in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gan_augment.core import reordering
from gan_augment.core.fields import bytes_per_row
from gan_augment.core.records import DatasetSpec
from gan_augment.sharding.permutation import shuffled_places
from gan_augment.sharding.rows import RowSchema, Source, read_source

__all__ = ["ShardBounds", "scatter"]

_BATCH_BYTES = 32 << 20
_MANIFEST_BYTES = 256  # bytes of a row


@dataclass(frozen=True)
class ShardBounds:
    """Bounds of shards of at most `limit` of `rows` rows, whose sizes differ by at most one."""

    rows: int
    limit: int

    @property
    def count(self) -> int:
        """Number of shards."""
        return -(-self.rows // self.limit)

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Starts int64 [count + 1]: each shard's first place, and the end."""
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
        for batch in read_source(spec, source, schema, _batch_rows(spec, schema)):
            index = np.arange(done, done + batch.num_rows, dtype=np.int64)
            places = shuffled_places(index, bounds.rows, seed)
            reordering.scatter(pa.Table.from_batches([batch]), places, bounds.starts, folder)
            done += batch.num_rows
            advance(done)
    if done != bounds.rows:
        raise RuntimeError(f"{done} rows came, {bounds.rows} were counted")


def _batch_rows(spec: DatasetSpec, schema: RowSchema) -> int:
    beside = sum(map(bytes_per_row, schema.companions.values()))
    return max(1, min(65_536, _BATCH_BYTES // (bytes_per_row(spec.payload) + beside + _MANIFEST_BYTES)))
