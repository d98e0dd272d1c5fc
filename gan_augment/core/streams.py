"""Streams of samples at constant memory: written by row group, read by chunk, reordered on disk.

The folders are those of `core.samples`. Their bytes depend on the rows alone, not on the pieces in which they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core import fields
from gan_augment.core.fields import PAYLOAD, Files
from gan_augment.core.frame_file import FrameReader, FrameWriter, open_parquet
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import MANIFEST, MANIFEST_COLUMNS, FolderReader, Samples, count_samples, roles_in

__all__ = [
    "HeldSamples",
    "SampleSource",
    "SamplesWriter",
    "StoredSamples",
    "gather_samples",
    "label_index_pieces",
    "label_indices",
    "read_rows",
]


class SampleSource(Protocol):
    """Samples that can be read chunk by chunk, any number of times."""

    def __len__(self) -> int: ...

    def chunks(self, rows: int) -> Iterator[Samples]:
        """All rows in order, `rows` at a time, the last chunk shorter; without any row, a single empty chunk."""

    def manifests(self, rows: int) -> Iterator[pd.DataFrame]:
        """Manifests alone, in pieces of at most `rows`; at least one piece."""


@dataclass(frozen=True)
class HeldSamples:
    """Samples in memory as a source."""

    samples: Samples

    def __len__(self) -> int:
        return len(self.samples)

    def chunks(self, rows: int) -> Iterator[Samples]:
        """Slices of the samples."""
        for start in range(0, max(len(self.samples), 1), rows):
            yield self.samples.take(slice(start, start + rows))

    def manifests(self, rows: int) -> Iterator[pd.DataFrame]:
        """Slices of the manifest."""
        for start in range(0, max(len(self.samples), 1), rows):
            yield self.samples.manifest.iloc[start : start + rows].reset_index(drop=True)


@dataclass(frozen=True)
class StoredSamples:
    """Samples folders in sequence, with only the requested chunk in memory.

    Reading raises MissingInputError where a folder or a file of it is missing.
    """

    folders: tuple[Path, ...]
    companions: tuple[Role, ...] = ()  # read beside the payload

    def with_companions(self) -> StoredSamples:
        """The same rows with all their companions; folders without rows may lack them."""
        filled = (folder for folder in self.folders if count_samples(folder))
        return StoredSamples(self.folders, next(map(roles_in, filled), ()))

    def __len__(self) -> int:
        return sum(map(count_samples, self.folders))

    def chunks(self, rows: int) -> Iterator[Samples]:
        """Chunks across the ends of folders."""
        held: list[Samples] = []
        for folder in filter(count_samples, self.folders):
            reader = FolderReader(folder, companions=self.companions)
            while part := reader.take(rows - sum(map(len, held))):
                held.append(part)
                if sum(map(len, held)) == rows:
                    yield Samples.concat(held)
                    held.clear()
        if held:
            yield Samples.concat(held)
        if not len(self):
            yield FolderReader(self.folders[0], companions=self.companions).take(0)

    def manifests(self, rows: int) -> Iterator[pd.DataFrame]:
        """Pieces that end where folders do."""
        for folder in self.folders:
            count_samples(folder)
            reader = FrameReader(folder / MANIFEST)
            while len(piece := reader.take(rows)):
                yield piece.astype(MANIFEST_COLUMNS)
        if not len(self):
            yield reader.take(0).astype(MANIFEST_COLUMNS)


def label_indices(directory: Path, spec: DatasetSpec) -> npt.NDArray[np.int32]:
    """Class index of every row of a samples folder, int32 [n], read without the rows. Raises MissingInputError."""
    return np.concatenate([np.zeros(0, np.int32), *label_index_pieces(directory, spec)])


def label_index_pieces(directory: Path, spec: DatasetSpec) -> Iterator[npt.NDArray[np.int32]]:
    """Class indices as `label_indices` has them, piece by piece."""
    count_samples(directory)
    with open_parquet(directory / MANIFEST) as file:
        for batch in file.iter_batches(columns=["label"]):
            yield spec.class_indices(batch.column(0).to_pylist()).astype(np.int32)


def gather_samples(source: SampleSource, index: npt.NDArray[np.integer[Any]], *, rows: int) -> Samples:
    """Rows at `index`, in that order; in one pass, with those rows and one chunk in memory."""
    wanted = np.sort(index)
    parts, start = list[Samples](), 0
    for chunk in source.chunks(rows):
        low, high = np.searchsorted(wanted, [start, start + len(chunk)])
        if high > low or not parts:  # with millions of rows, empty parts would take much memory
            parts.append(chunk.take(wanted[low:high] - start))
        start += len(chunk)
        if high == len(wanted):
            break
    return Samples.concat(parts).take(np.argsort(np.argsort(index, kind="stable"), kind="stable"))


def read_rows(directory: Path, index: npt.NDArray[np.integer[Any]], *, companions: tuple[Role, ...] = ()) -> Samples:
    """Rows of a samples folder at the ascending positions `index`, with only those in memory.

    Reading raises MissingInputError where the folder or a file of it is missing.
    """
    reader, place, parts = FolderReader(directory, companions=companions), 0, list[Samples]()
    for stretch in np.split(index, np.flatnonzero(np.diff(index) != 1) + 1) if len(index) else ():
        reader.skip(int(stretch[0]) - place)
        parts.append(reader.take(len(stretch)))
        place = int(stretch[-1]) + 1
    return Samples.concat(parts) if parts else reader.take(0)


class SamplesWriter:
    """Writer of a samples folder, in pieces: `with SamplesWriter(directory) as writer: writer.append(samples)`.

    `directory` exists (use it within `replacing_directory`). At least one piece must be added; it may be empty.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._manifest = FrameWriter(directory / MANIFEST)
        self._writers: dict[Files, Any] = {}  # of the payload and of each companion

    def append(self, samples: Samples) -> None:
        """Add rows after the earlier ones. Raises ValueError where their companions differ."""
        parts = {PAYLOAD: samples.payload} | {Files.of_role(role): rows for role, rows in samples.companions.items()}
        if not self._writers:
            self._writers = {files: fields.writer(self._directory, files, like) for files, like in parts.items()}
        if self._writers.keys() != parts.keys():
            raise ValueError("some pieces have companions that others lack")
        self._manifest.append(samples.manifest)
        for files, rows in parts.items():
            self._writers[files].append(rows)

    def __enter__(self) -> SamplesWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for writer in (self._manifest, *self._writers.values()):
                writer.close()
