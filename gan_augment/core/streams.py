"""Samples of any number at constant memory: written row group by row group, read chunk by chunk, reordered on disk.

The folders are those of `core.samples`, and the bytes depend on the rows alone: not on the pieces they came in.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.checksums import check_file, check_folder, telling_damage
from gan_augment.core.errors import DamagedInputError, DataError, MissingInputError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.row_file import RecordFile
from gan_augment.core.samples import MANIFEST_COLUMNS, Payload, Samples, join_payloads, read_samples

__all__ = [
    "FrameWriter",
    "HeldSamples",
    "SampleSource",
    "SamplesWriter",
    "StoredSamples",
    "count_samples",
    "gather_samples",
    "iterate_samples",
    "label_index_pieces",
    "label_indices",
    "read_rows",
    "write_reordered",
]

_ROW_GROUP = 32_768  # rows; up to here the bytes are those of `write_samples`
_PLACED = 1_000_000  # rows of a source that are placed together: for each such stretch the whole order is read
_ORDER_READ = 65_536  # places that are read together
_GROUP_CELLS = 4_194_304  # wide tables have shorter groups


class SampleSource(Protocol):
    """Samples that are looked at one chunk after another, as often as one likes."""

    def __len__(self) -> int: ...

    def chunks(self, rows: int) -> Iterator[Samples]:
        """All rows in order, `rows` at a time, the last chunk shorter; without any row, one empty chunk."""

    def manifests(self, rows: int) -> Iterator[pd.DataFrame]:
        """The manifests alone, in pieces of at most `rows`; at least one piece."""


@dataclass(frozen=True)
class HeldSamples:
    """Samples in memory as a source."""

    samples: Samples

    def __len__(self) -> int:
        return len(self.samples)

    def chunks(self, rows: int) -> Iterator[Samples]:
        """Slices."""
        for start in range(0, max(len(self.samples), 1), rows):
            yield self.samples.take(slice(start, start + rows))

    def manifests(self, rows: int) -> Iterator[pd.DataFrame]:
        """Slices."""
        for start in range(0, max(len(self.samples), 1), rows):
            yield self.samples.manifest.iloc[start : start + rows].reset_index(drop=True)


@dataclass(frozen=True)
class StoredSamples:
    """Samples folders, one after the other; only the chunk asked for is in memory.

    Reading raises MissingInputError where a folder or a file of it is absent.
    """

    folders: tuple[Path, ...]

    def __len__(self) -> int:
        return sum(map(count_samples, self.folders))

    def chunks(self, rows: int) -> Iterator[Samples]:
        """Chunks run on over the ends of folders."""
        held: list[Samples] = []
        for folder in self.folders if len(self) else ():
            reader = _FolderReader(folder)
            while part := reader.take(rows - sum(map(len, held))):
                held.append(part)
                if sum(map(len, held)) == rows:
                    yield Samples.concat(held)
                    held.clear()
        if held:
            yield Samples.concat(held)
        if not len(self):
            yield _FolderReader(self.folders[0]).take(0)

    def manifests(self, rows: int) -> Iterator[pd.DataFrame]:
        """Pieces end where folders do."""
        for folder in self.folders:
            count_samples(folder)
            reader = _FrameReader(folder / "manifest.parquet")
            while len(piece := reader.take(rows)):
                yield piece.astype(MANIFEST_COLUMNS)
        if not len(self):
            yield reader.take(0).astype(MANIFEST_COLUMNS)


def count_samples(directory: Path) -> int:
    """How many rows a samples folder has. Raises MissingInputError, DamagedInputError."""
    manifest = directory / "manifest.parquet"
    if not manifest.exists():
        raise _missing(directory)
    check_file(manifest)
    with telling_damage(manifest):
        return int(pq.read_metadata(manifest).num_rows)


def iterate_samples(directory: Path, rows: int) -> Iterator[Samples]:
    """A samples folder in chunks of `rows`. Raises MissingInputError."""
    return StoredSamples((directory,)).chunks(rows)


def label_indices(directory: Path, spec: DatasetSpec) -> npt.NDArray[np.int32]:
    """int32 [n]: the class index of every row of a samples folder, read without the rows. Raises MissingInputError."""
    return np.concatenate([np.zeros(0, np.int32), *label_index_pieces(directory, spec)])


def label_index_pieces(directory: Path, spec: DatasetSpec) -> Iterator[npt.NDArray[np.int32]]:
    """`label_indices` piece by piece."""
    count_samples(directory)
    lookup = {label: index for index, label in enumerate(spec.labels)}
    with pq.ParquetFile(directory / "manifest.parquet", pre_buffer=False) as file:
        for batch in file.iter_batches(columns=["label"]):
            yield np.array([lookup[label] for label in batch.column(0).to_pylist()], dtype=np.int32)


def gather_samples(source: SampleSource, index: npt.NDArray[np.integer[Any]], *, rows: int) -> Samples:
    """The rows at `index`, in that order; in one pass, with those rows and one chunk in memory."""
    wanted = np.sort(index)
    parts, start = list[Samples](), 0
    for chunk in source.chunks(rows):
        low, high = np.searchsorted(wanted, [start, start + len(chunk)])
        if high > low or not parts:  # of millions of rows, parts without any would be much to keep
            parts.append(chunk.take(wanted[low:high] - start))
        start += len(chunk)
        if high == len(wanted):
            break
    return Samples.concat(parts).take(np.argsort(np.argsort(index, kind="stable"), kind="stable"))


def read_rows(directory: Path, index: npt.NDArray[np.integer[Any]]) -> Samples:
    """The rows of a samples folder at the ascending places `index`, with only those in memory.

    Reading raises MissingInputError where the folder or a file of it is absent.
    """
    reader, place, parts = _FolderReader(directory), 0, list[Samples]()
    for stretch in np.split(index, np.flatnonzero(np.diff(index) != 1) + 1) if len(index) else ():
        reader.skip(int(stretch[0]) - place)
        parts.append(reader.take(len(stretch)))
        place = int(stretch[-1]) + 1
    return Samples.concat(parts) if parts else reader.take(0)


class _FolderReader:
    """Takes the next rows of a samples folder. Plain reads: pages of a memory map would count as our memory."""

    def __init__(self, directory: Path) -> None:
        if not (directory / "manifest.parquet").exists():
            raise _missing(directory)
        check_folder(directory)
        self._directory = directory
        self._manifest = _FrameReader(directory / "manifest.parquet")
        if (directory / "images.npy").exists():
            self._payload: Any = _PixelReader(directory / "images.npy")
        elif (directory / "rows.parquet").exists():
            self._payload = _FrameReader(directory / "rows.parquet")
        else:
            raise _missing(directory)

    def take(self, count: int) -> Samples:
        """At most `count` rows; none at the end."""
        manifest = self._manifest.take(count).astype(MANIFEST_COLUMNS)
        payload = self._payload.take(len(manifest))
        if len(payload) != len(manifest):
            raise DamagedInputError(
                "Manifest and payload differ in length",
                where=self._directory,
                got=f"{len(payload)} rows where the manifest has {len(manifest)}",
                remedy="delete the folder and run `dvc repro`",
            )
        return Samples(manifest, payload)

    def skip(self, count: int) -> None:
        """Go on behind the next rows."""
        self._manifest.skip(count)
        self._payload.skip(count)


class _FrameReader:
    """Takes the next rows of a Parquet file as a frame."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with telling_damage(path):
            self._file = pq.ParquetFile(path, pre_buffer=False)  # which would keep the whole file in memory
        self._batches = self._file.iter_batches(batch_size=8192)
        self._left: list[pa.RecordBatch] = []

    def take(self, count: int) -> pd.DataFrame:
        with telling_damage(self._path):
            while sum(batch.num_rows for batch in self._left) < count and (following := next(self._batches, None)):
                self._left.append(following)
        table = pa.Table.from_batches(self._left, schema=self._file.schema_arrow)
        self._left = table.slice(count).to_batches()
        frame: pd.DataFrame = table.slice(0, count).to_pandas()
        return frame

    def skip(self, count: int) -> None:
        while count > 0 and (batch := self._left.pop(0) if self._left else next(self._batches, None)):
            if batch.num_rows > count:
                self._left.insert(0, batch.slice(count))
            count -= batch.num_rows


class _PixelReader:
    """Takes the next images of an .npy file."""

    def __init__(self, path: Path) -> None:
        with telling_damage(path):
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.dtype != np.uint8 or not mapped.flags.c_contiguous:
            raise DataError("Images are not stored row by row as bytes", where=path, got=str(mapped.dtype))
        self._shape, self._path, self._place = mapped.shape[1:], path, int(getattr(mapped, "offset", 0))

    def take(self, count: int) -> npt.NDArray[np.uint8]:
        pixels: npt.NDArray[np.uint8] = np.fromfile(
            self._path, np.uint8, count * int(np.prod(self._shape)), offset=self._place
        )
        self._place += pixels.size
        return pixels.reshape(-1, *self._shape)

    def skip(self, count: int) -> None:
        self._place += count * int(np.prod(self._shape))


def _missing(directory: Path) -> MissingInputError:
    try:
        read_samples(directory)
    except MissingInputError as error:
        return error
    raise AssertionError(f"{directory} is complete")


class FrameWriter:
    """Appends frames to a Parquet file, in row groups whose bounds do not depend on the frames' lengths."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: list[pd.DataFrame] = []
        self._writer: pq.ParquetWriter | None = None

    def append(self, frame: pd.DataFrame) -> None:
        """Add rows; at least one frame, which may be empty, must come before `close`."""
        self._held.append(frame)
        group = max(1024, min(_ROW_GROUP, _GROUP_CELLS // max(frame.shape[1], 1)))
        if sum(map(len, self._held)) > group:
            rows = _joined(self._held)
            whole = (len(rows) - 1) // group * group  # the last group is written by `close`
            for start in range(0, whole, group):
                self._write(rows.iloc[start : start + group], more=True)
            self._held = [rows.iloc[whole:].reset_index(drop=True)]

    def close(self) -> None:
        """Write what is held back."""
        self._write(_joined(self._held), more=False)
        assert self._writer is not None
        self._writer.close()

    def _write(self, frame: pd.DataFrame, *, more: bool) -> None:
        if self._writer is None:
            schema = pa.Schema.from_pandas(frame, preserve_index=False)
            # A column that is empty so far says nothing of what may follow; text can hold whatever it is.
            fields = [pa.field(f.name, pa.string()) if more and pa.types.is_null(f.type) else f for f in schema]
            self._writer = pq.ParquetWriter(self._path, pa.schema(fields, metadata=schema.metadata))
        schema = self._writer.schema
        self._writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


class _PixelWriter:
    """Appends images to an .npy file; its header, which says how many they are, is of one length for any number."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._stream: BinaryIO = path.open("wb")
        self._shape, self._count = shape, 0
        self._header()

    def _header(self) -> None:
        self._stream.seek(0)
        facts = {"descr": "|u1", "fortran_order": False, "shape": (self._count, *self._shape)}
        np.lib.format.write_array_header_1_0(self._stream, facts)

    def append(self, pixels: npt.NDArray[np.uint8]) -> None:
        self._stream.write(np.ascontiguousarray(pixels).data)
        self._count += len(pixels)

    def close(self) -> None:
        self._header()
        self._stream.close()


class SamplesWriter:
    """Writes a samples folder piece by piece: `with SamplesWriter(directory) as writer: writer.append(samples)`.

    `directory` exists (use `replacing_directory` around it). At least one piece must come; it may be empty.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._manifest = FrameWriter(directory / "manifest.parquet")
        self._payload: Any = None

    def append(self, samples: Samples) -> None:
        """Add rows behind those that came before."""
        self._manifest.append(samples.manifest)
        if self._payload is None:
            self._payload = (
                FrameWriter(self._directory / "rows.parquet")
                if isinstance(samples.payload, pd.DataFrame)
                else _PixelWriter(self._directory / "images.npy", samples.payload.shape[1:])
            )
        self._payload.append(samples.payload)

    def __enter__(self) -> SamplesWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._manifest.close()
            self._payload.close()


def write_reordered(
    source: SampleSource,
    order: npt.NDArray[np.integer[Any]] | RecordFile,
    directory: Path,
    work: Path,
    *,
    rows: int,
) -> None:
    """Write a samples folder of the source's rows at `order` (each at most once), at constant memory.

    Rows are scattered to files of `rows` rows each below the existing empty folder `work`, then sorted file by file.
    """
    first, together = None, rows * max(1, _PLACED // rows)  # a multiple of a chunk
    for number, chunk in enumerate(source.chunks(rows)):
        start = number * rows % together
        if start == 0:
            places = _places(order, number * rows, min(number * rows + together, len(source)))
        _scatter(chunk, places[start : start + len(chunk)], work, rows)
        first = first or chunk.take(slice(0, 0))
    assert first is not None
    about = _table(first).schema.metadata
    with SamplesWriter(directory) as writer:
        writer.append(first)
        for bucket in range(-(-len(order) // rows)):
            writer.append(_gather(work / f"{bucket}.arrows", first.payload, about))


def _places(order: npt.NDArray[np.integer[Any]] | RecordFile, low: int, high: int) -> npt.NDArray[np.int64]:
    """int64 [high - low]: where in `order` each of these rows of the source is; -1: nowhere."""
    places = np.full(high - low, -1, dtype=np.int64)
    for start in range(0, len(order), _ORDER_READ):
        part = order[start : start + _ORDER_READ]
        inside = np.flatnonzero((part >= low) & (part < high))
        places[part[inside] - low] = start + inside
    return places


def _scatter(chunk: Samples, places: npt.NDArray[Any], work: Path, rows: int) -> None:
    """One Arrow stream a chunk and bucket, one after another in the bucket's file."""
    kept = np.flatnonzero(places >= 0)
    kept = kept[np.argsort(places[kept], kind="stable")]
    # Taken apart as Arrow slices, which cost nothing: of many rows, a chunk has a few for each of many buckets.
    table = _table(chunk).append_column("place", pa.array(places)).take(pa.array(kept)).combine_chunks()
    table = table.replace_schema_metadata(None)
    edges = [0, *(np.flatnonzero(np.diff(places[kept] // rows)) + 1), len(kept)]
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            path = work / f"{places[kept[start]] // rows}.arrows"
            with path.open("ab") as stream, pa.ipc.new_stream(stream, table.schema) as writer:
                writer.write_table(table.slice(start, stop - start))


def _table(samples: Samples) -> pa.Table:
    """Manifest columns, and the payload's as "0", "1", ... or "pixels": any names of the user's are out of the way."""
    table = pa.Table.from_pandas(samples.manifest, preserve_index=False)
    if isinstance(samples.payload, pd.DataFrame):
        rows = samples.payload.set_axis([str(place) for place in range(samples.payload.shape[1])], axis=1)
        for name, column in zip(rows.columns, pa.Table.from_pandas(rows, preserve_index=False).columns, strict=True):
            table = table.append_column(name, column)
        return table
    pixels = np.ascontiguousarray(samples.payload)
    kind = pa.binary(int(np.prod(pixels.shape[1:])))
    return table.append_column("pixels", pa.Array.from_buffers(kind, len(pixels), [None, pa.py_buffer(pixels)]))


def _gather(path: Path, like: Payload, about: dict[bytes, bytes]) -> Samples:
    batches: list[pa.RecordBatch] = []
    with contextlib.closing(pa.OSFile(str(path))) as stream:
        while stream.tell() < path.stat().st_size:
            with pa.ipc.open_stream(stream) as reader:
                batches += reader
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    table = pa.concat_tables(tables, promote_options="permissive").replace_schema_metadata(
        about
    )  # all empty: no type yet
    samples, order = _samples(table, like), np.argsort(table.column("place").to_numpy())
    path.unlink()
    return samples.take(order)


def _samples(table: pa.Table, like: Payload) -> Samples:
    """What `_table` was made of; `like` is a payload of the same columns or shape."""
    manifest = table.select(list(MANIFEST_COLUMNS)).to_pandas().astype(MANIFEST_COLUMNS)
    if isinstance(like, pd.DataFrame):
        rows = table.select([str(place) for place in range(like.shape[1])])
        schema = pa.Schema.from_pandas(like.set_axis(rows.column_names, axis=1), preserve_index=False)
        frame = rows.replace_schema_metadata(schema.metadata).to_pandas().set_axis(like.columns, axis=1)
        return Samples(manifest, join_payloads([frame]))
    pixels = np.concatenate([np.frombuffer(b, np.uint8) for b in _buffers(table)] or [np.zeros(0, np.uint8)])
    return Samples(manifest, pixels.reshape(-1, *np.shape(like)[1:]))


def _buffers(table: pa.Table) -> Iterator[Any]:
    for chunk in table.column("pixels").chunks:
        width = chunk.type.byte_width
        yield chunk.buffers()[1].slice(chunk.offset * width, len(chunk) * width)
