"""The interface of every shard format.

A format writes a shard at a time, from rows in their final order. It reads single samples back by the shard's name and
the sample's offset in the manifest.
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
    """Rows of a shard in their final order (columns as in `rows.row_schema`), its number and the count of shards."""

    rows: pa.Table
    number: int
    count: int
    spec: DatasetSpec
    schema: RowSchema

    @property
    def stem(self) -> str:
        """Name such as `train-00002-of-00007`, as Hugging Face's loaders expect it."""
        return f"train-{self.number:05d}-of-{self.count:05d}"


@dataclass(frozen=True)
class Written:
    """Output of a writer: files relative to the export folder, and for each row its file and offset."""

    files: tuple[str, ...]
    shard: tuple[str, ...]
    offset: npt.NDArray[np.int64]


class Writer(Protocol):
    """Writer of one shard below `root`. The same rows give the same bytes."""

    def __call__(self, shard: ShardRows, root: Path) -> Written: ...


class ImageReader(Protocol):
    """Reader of the PNG bytes of single samples; keeps the last file open."""

    def __call__(self, shard: str, offset: int) -> bytes: ...

    def beside(self, shard: str, offset: int, role: Role, suffix: str) -> bytes | None:
        """Bytes of a sample's companion, as `sharding.beside` encodes it; None where it has none."""


class TableReader(Protocol):
    """Reader of whole table shards in the source's dtypes."""

    def __call__(self, *shards: str) -> pd.DataFrame: ...
