"""Parquet files of table rows: any number of rows, read and written piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.checksums import telling_damage
from gan_augment.core.errors import MissingInputError

__all__ = ["FrameReader", "FrameWriter", "open_parquet"]

_BATCH = 8192  # rows that are decoded together
_ROW_GROUP = 32_768  # rows; up to this many, the bytes are those of `DataFrame.to_parquet`
_GROUP_CELLS = 4_194_304  # wide tables have shorter groups


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file, of which only the requested rows are read. Raises DamagedInputError, MissingInputError."""
    try:
        with telling_damage(path):
            return pq.ParquetFile(path, pre_buffer=False)  # pre-buffering would keep the whole file in memory
    except FileNotFoundError:
        raise MissingInputError(
            "An input of this stage is missing",
            where=path,
            expected="a Parquet file, written by an earlier stage",
            remedy="run `dvc repro`, which runs the stages in order",
        ) from None


class FrameReader:
    """Reader of a Parquet file's rows, in order."""

    def __init__(self, path: Path, *, batch: int = _BATCH) -> None:
        self._path, self._file = path, open_parquet(path)
        self._batches = self._file.iter_batches(batch_size=batch)
        self._left: list[pa.RecordBatch] = []

    def take(self, count: int) -> pd.DataFrame:
        """Rows as a frame, at most `count`; none at the end."""
        frame: pd.DataFrame = self.table(count).to_pandas()
        return frame

    def table(self, count: int) -> pa.Table:
        """The same rows in Arrow, in the types of the file."""
        with telling_damage(self._path):
            while sum(batch.num_rows for batch in self._left) < count and (following := next(self._batches, None)):
                self._left.append(following)
        table = pa.Table.from_batches(self._left, schema=self._file.schema_arrow)
        self._left = table.slice(count).to_batches()
        return table.slice(0, count)

    def skip(self, count: int) -> None:
        """Skip the next rows."""
        while count > 0 and (batch := self._left.pop(0) if self._left else next(self._batches, None)):
            if batch.num_rows > count:
                self._left.insert(0, batch.slice(count))
            count -= batch.num_rows


class FrameWriter:
    """Writer that appends frames to a Parquet file. The row groups do not depend on the lengths of the frames."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: list[pd.DataFrame] = []
        self._writer: pq.ParquetWriter | None = None

    def append(self, frame: pd.DataFrame) -> None:
        """Add rows; at least one frame, which may be empty, must be added before `close`."""
        self._held.append(frame)
        group = max(1024, min(_ROW_GROUP, _GROUP_CELLS // max(frame.shape[1], 1)))
        if sum(map(len, self._held)) > group:
            rows = _joined(self._held)
            whole = (len(rows) - 1) // group * group  # `close` writes the last group
            for start in range(0, whole, group):
                self._write(rows.iloc[start : start + group], more=True)
            self._held = [rows.iloc[whole:].reset_index(drop=True)]

    def close(self) -> None:
        """Write the rows held back, and close the file."""
        self._write(_joined(self._held), more=False)
        assert self._writer is not None
        self._writer.close()

    def _write(self, frame: pd.DataFrame, *, more: bool) -> None:
        if self._writer is None:
            schema = pa.Schema.from_pandas(frame, preserve_index=False)
            # A column that is empty so far does not show its type yet; text can hold any value that follows.
            fields = [pa.field(f.name, pa.string()) if more and pa.types.is_null(f.type) else f for f in schema]
            self._writer = pq.ParquetWriter(self._path, pa.schema(fields, metadata=schema.metadata))
        schema = self._writer.schema
        self._writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
