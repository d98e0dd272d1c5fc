"""The interface behind which every shard format stands.

A format writes one shard at a time, from rows that are already in their final order, and reads single samples back
by the shard's name and the sample's offset, as the manifest gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gan_augment.core.records import DatasetSpec, Role
from gan_augment.sharding.rows import RowSchema

__all__ = ["ImageReader", "ShardRows", "TableReader", "Writer", "Written"]


@dataclass(frozen=True)
class ShardRows:
    """One shard's rows in their final order (see `rows.row_schema` for the columns), and which shard of how many."""

    rows: pa.Table
    number: int
    count: int
    spec: DatasetSpec
    schema: RowSchema

    @property
    def stem(self) -> str:
        """`train-00002-of-00007`, the naming that Hugging Face's loaders know."""
        return f"train-{self.number:05d}-of-{self.count:05d}"


@dataclass(frozen=True)
class Written:
    """What a writer wrote: files relative to the export folder, and for each row the file it is in and where there."""

    files: tuple[str, ...]
    shard: tuple[str, ...]
    offset: npt.NDArray[np.int64]


class Writer(Protocol):
    """Writes one shard below `root`. The same rows give the same bytes."""

    def __call__(self, shard: ShardRows, root: Path) -> Written: ...


class ImageReader(Protocol):
    """Reads PNG bytes of single samples; keeps the file it read last open."""

    def __call__(self, shard: str, offset: int) -> bytes: ...

    def beside(self, shard: str, offset: int, role: Role, suffix: str) -> bytes | None:
        """The bytes of what lies beside a sample, as `sharding.beside` has them; None where it has none."""


class TableReader(Protocol):
    """Reads whole table shards in the source's dtypes."""

    def __call__(self, *shards: str) -> pd.DataFrame: ...
