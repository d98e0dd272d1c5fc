"""What the table methods share: settings, the codec, and the train rows that no synthetic row may repeat.

A copy is a row equal to a train row of any class in every feature; numbers are compared to the seven digits of a 32-bit
float. Copies are drawn again within their block, see `_blocks.without_copies`, but for as many as fresh real rows would
hold: in a table of few levels the valid rows are all there, and rows that are no copy are those that cannot exist. How
many that is, the train rows say of one another: the share of a class's rows that equal another train row. And what
replaces a copy stays within the train rows' support, see `_row_support`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.util import hash_pandas_object
from pydantic import Field

from gan_augment.core.quantities import Units
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import TrainView
from gan_augment.encoding.columns import ScaleName
from gan_augment.encoding.table import TableCodec
from gan_augment.synthesis.api import MethodConfig, SampleRequest, Synthetic
from gan_augment.synthesis.kit.blocks import MakeBlock, sample_in_blocks
from gan_augment.synthesis.kit.checks import check_label, table_rows
from gan_augment.synthesis.kit.files import (
    Arrays,
    read_about,
    read_arrays,
    read_codec,
    write_about,
    write_arrays,
    write_codec,
)
from gan_augment.synthesis.kit.row_support import RowSupport

__all__ = ["FittedRows", "FittedTable", "TableConfig", "TableHead", "read_head", "row_hashes", "table_head"]

Hashes = npt.NDArray[np.uint64]
Shares = npt.NDArray[np.float64]


class TableConfig(MethodConfig):
    """Settings of every table method that makes new rows."""

    max_levels: Units = Field(default=32, ge=2, description="levels of a column with a state of their own")
    keep_dependencies: bool = Field(
        default=True, description="keep one-hot groups, and columns that say what others are (city, country)"
    )
    redraws: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="at most so often copies of train rows, beyond those that fresh rows would hold, are drawn again",
    )


class TableHead(NamedTuple):
    """The first fields of every `FittedTable`."""

    spec: DatasetSpec
    config: Any
    codec: TableCodec
    train_hashes: Hashes
    repeats: Shares
    support: RowSupport


@dataclass
class FittedTable:
    """`train_hashes`: uint64 [at most n], ascending, of the train rows; see `row_hashes`.

    `repeats`: float64 [classes], the share of each class's train rows that equal another train row.
    """

    spec: DatasetSpec
    config: Any
    codec: TableCodec
    train_hashes: Hashes
    repeats: Shares
    support: RowSupport

    name: ClassVar[str]

    @property
    def dependencies(self) -> dict[str, list[str]]:
        """{"dependencies": those that every row keeps}, as facts of a summary; nothing where there are none."""
        kept = [str(one) for one in self.codec.dependencies]
        return {"dependencies": kept} if kept else {}

    def in_blocks(self, request: SampleRequest, make_block: MakeBlock) -> Iterator[Synthetic]:
        """`sample_in_blocks` with copies drawn again where they are more than among fresh rows."""
        usual = float(self.repeats[request.label])
        return sample_in_blocks(
            request,
            make_block,
            copies=self._copies,
            redraws=self.config.redraws,
            usual=usual,
            in_support=lambda rows: self.support.holds(rows, row_hashes),
        )

    def _copies(self, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        found = row_hashes(rows)
        places = np.searchsorted(self.train_hashes, found)  # np.isin would sort a million train rows for each block
        return np.asarray(self.train_hashes[places.clip(max=len(self.train_hashes) - 1)] == found)

    def save_head(self, directory: Path, **facts: Any) -> None:
        """model.json (settings, `facts`), codec.json, train_hashes.safetensors and support.safetensors."""
        write_about(directory, self.name, config=self.config.model_dump(mode="json"), **facts)
        write_codec(directory, self.codec)
        write_arrays(directory / "train_hashes.safetensors", {"hashes": self.train_hashes, "repeats": self.repeats})
        write_arrays(directory / "support.safetensors", self.support.arrays())


@dataclass
class FittedRows(FittedTable):
    """A method that starts from train rows: encoded float32 [n, width], class indices int64 [n], and their ids."""

    matrix: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    ids: tuple[str, ...]

    def places(self, label: int) -> npt.NDArray[np.int64]:
        """The class's row numbers, ascending. Raises MethodError for a class it has not learnt."""
        check_label(label, np.unique(self.labels), self.spec, self.name)
        return np.flatnonzero(self.labels == label)

    def save_rows(self, directory: Path, summary: dict[str, Any], **arrays: npt.NDArray[Any]) -> None:
        """The head and rows.safetensors."""
        self.save_head(directory, summary=summary, ids=self.ids)
        write_arrays(directory / "rows.safetensors", {"matrix": self.matrix, "labels": self.labels, **arrays})

    @staticmethod
    def read_rows(directory: Path, *more: str) -> Arrays:
        """rows.safetensors. Raises ModelError."""
        return read_arrays(directory / "rows.safetensors", ("matrix", "labels", *more))


def table_head(
    train: TrainView, config: TableConfig, method: str, scale: ScaleName = "quantile"
) -> tuple[pd.DataFrame, TableHead]:
    """The train rows, and the codec and hashes fitted on them. Raises DataError, LeakError, MethodError."""
    frame, table = table_rows(train, method)
    codec = TableCodec.fit(
        frame, table, scale=scale, max_levels=config.max_levels, keep_dependencies=config.keep_dependencies
    )
    features = frame[list(codec.names)]
    hashes = row_hashes(features)
    repeats = _repeated_shares(hashes, train.labels, len(train.spec.classes))
    support = RowSupport.fit(features, row_hashes)
    return frame, TableHead(train.spec, config, codec, np.unique(hashes), repeats, support)


def read_head(
    directory: Path, spec: DatasetSpec, method: str, config: type[MethodConfig]
) -> tuple[dict[str, Any], TableHead]:
    """model.json, and the head that `save_head` wrote. Raises ModelError."""
    about = read_about(directory, method)
    known = read_arrays(directory / "train_hashes.safetensors", ("hashes", "repeats"))
    settings = config.model_validate(about["config"])
    support = RowSupport(**read_arrays(directory / "support.safetensors", tuple(RowSupport.__dataclass_fields__)))
    return about, TableHead(spec, settings, read_codec(directory), known["hashes"], known["repeats"], support)


def row_hashes(frame: pd.DataFrame) -> Hashes:
    """uint64 [n]: equal rows have equal hashes, on every machine; others the same one in 2^64 pairs."""
    columns = {name: _comparable(frame[name]) for name in frame.columns}
    return np.asarray(hash_pandas_object(pd.DataFrame(columns, index=frame.index), index=False), dtype=np.uint64)


def _repeated_shares(hashes: Hashes, labels: npt.NDArray[np.int64], classes: int) -> Shares:
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    repeated = (counts[inverse] > 1).astype(np.float64)
    rows = np.bincount(labels, minlength=classes)
    return np.asarray(np.bincount(labels, repeated, minlength=classes) / np.maximum(rows, 1), dtype=np.float64)


def _comparable(series: pd.Series) -> Any:
    """Numbers without what equality does not see: digits beyond a 32-bit float's, the sign of 0 (pandas 2)."""
    if series.dtype.kind != "f":
        return series
    with np.errstate(over="ignore"):
        return series.to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float32) + np.float32(0)
