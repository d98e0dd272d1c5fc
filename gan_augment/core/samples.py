"""Samples: a manifest (one row a sample, with its provenance) and a payload (pixels or table rows), in step.

On disk a set of samples is a directory of two files: `manifest.parquet` and `images.npy` (uint8, n x height x
width x channels) or `rows.parquet`. Few large files, because DVC and object stores are slow with many small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.checksums import check_folder, saved_array, telling_damage, write_array
from gan_augment.core.errors import DamagedInputError, LeakError, MissingInputError
from gan_augment.core.records import DatasetSpec

__all__ = [
    "MANIFEST_COLUMNS",
    "Payload",
    "PoolView",
    "Samples",
    "TestInputs",
    "TrainView",
    "ValidationView",
    "empty_payload",
    "join_payloads",
    "make_manifest",
    "read_samples",
    "write_samples",
]

Payload = npt.NDArray[np.uint8] | pd.DataFrame

MANIFEST_COLUMNS: dict[str, str] = {
    "id": "string",  # unique; of real samples a hash of the content's place, of synthetic ones method-class-seed-number
    "label": "string",  # the user's label; <NA> where it is withheld (the test part)
    "split": "string",  # train, validation or test
    "origin": "string",  # real or synthetic
    "group": "string",  # samples of one group never part over splits
    "source": "string",  # real: the file or row it came from; synthetic: empty
    "method": "string",  # synthetic: the synthesizer's registry name; real: empty
    "model_hash": "string",  # synthetic: SHA-256 of the model that made it; real: empty
    "seed": "Int64",  # synthetic: the sampling seed; real: <NA>
    "parents": "string",  # synthetic by translation: ids of the real samples it came from, joined by spaces
}


@dataclass(frozen=True)
class Samples:
    """A manifest and a payload of equal length and order.

    Attributes
    ----------
    manifest
        DataFrame with the columns and dtypes of `MANIFEST_COLUMNS` and a RangeIndex.
    payload
        uint8 array [n, height, width, channels], or DataFrame of n rows with the feature columns only.
    """

    manifest: pd.DataFrame
    payload: Payload

    def __post_init__(self) -> None:
        if len(self.manifest) != len(self.payload):
            raise ValueError(f"{len(self.manifest)} manifest rows but {len(self.payload)} payload rows")

    def __len__(self) -> int:
        return len(self.manifest)

    def take(self, index: npt.NDArray[Any] | Sequence[int] | slice) -> Samples:
        """The rows at `index` (integers, a boolean mask, or a slice), in that order."""
        rows = np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index)]
        if isinstance(self.payload, pd.DataFrame):
            payload: Payload = self.payload.iloc[rows].reset_index(drop=True)
        else:
            payload = np.asarray(self.payload[rows])
        return Samples(self.manifest.iloc[rows].reset_index(drop=True), payload)

    def label_indices(self, spec: DatasetSpec) -> npt.NDArray[np.int64]:
        """int64 [n]: each row's class index. Raises LeakError where labels are withheld (the test part)."""
        if self.manifest["label"].isna().any():
            raise LeakError(
                "Labels of the test part were asked for before `measure`",
                expected="only `measure` reads them, once",
            )
        lookup = {label: index for index, label in enumerate(spec.labels)}
        return np.fromiter((lookup[label] for label in self.manifest["label"]), dtype=np.int64, count=len(self))

    def of_class(self, label: str) -> Samples:
        """The rows with this label."""
        return self.take(np.flatnonzero((self.manifest["label"] == label).to_numpy(dtype=bool)))

    @staticmethod
    def concat(parts: Sequence[Samples]) -> Samples:
        """The parts one after another. `parts` must not be empty."""
        manifest = pd.concat([part.manifest for part in parts], ignore_index=True)
        return Samples(manifest, join_payloads([part.payload for part in parts]))


def make_manifest(count: int, **columns: Any) -> pd.DataFrame:
    """A manifest of `count` rows; each keyword is a column's scalar or sequence, the others are empty."""
    frame = pd.DataFrame(index=pd.RangeIndex(count))
    for name, dtype in MANIFEST_COLUMNS.items():
        value = columns.pop(name, pd.NA if name in ("seed", "label") else "")
        frame[name] = pd.Series(value, index=frame.index, dtype=dtype)
    if columns:
        raise TypeError(f"not manifest columns: {sorted(columns)}")
    return frame


def join_payloads(parts: Sequence[Payload]) -> Payload:
    """One payload after another; all of one modality, and at least one."""
    if isinstance(parts[0], pd.DataFrame):
        return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    return np.concatenate([np.asarray(part) for part in parts])


def empty_payload(spec: DatasetSpec) -> Payload:
    """A payload of no rows with the data set's shape and dtypes."""
    if spec.image is not None:
        return np.zeros((0, spec.image.height, spec.image.width, spec.image.channels), dtype=np.uint8)
    assert spec.table is not None
    return pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in spec.table.columns})


def write_samples(directory: Path, samples: Samples) -> None:
    """Write into an existing directory (use `replacing_directory` around it). The same samples give the same bytes."""
    samples.manifest.to_parquet(directory / "manifest.parquet", index=False)
    if isinstance(samples.payload, pd.DataFrame):
        samples.payload.to_parquet(directory / "rows.parquet", index=False)
    else:
        write_array(directory / "images.npy", samples.payload)


def read_samples(directory: Path, *, mmap: bool = False) -> Samples:
    """Read what `write_samples` wrote; `mmap` leaves the pixels on disk until they are used.

    Raises
    ------
    MissingInputError
        The directory or one of its files is absent; DamagedInputError: one is not as it was written.
    """
    images, rows, manifest = (directory / name for name in ("images.npy", "rows.parquet", "manifest.parquet"))
    if not manifest.exists() or not (images.exists() or rows.exists()):
        raise MissingInputError(
            "An input of this stage is missing",
            where=directory,
            expected="manifest.parquet beside images.npy or rows.parquet, written by an earlier stage",
            remedy="run `dvc repro`, which runs the stages in order",
        )
    check_folder(directory)
    with telling_damage(manifest):
        frame = pd.read_parquet(manifest).astype(MANIFEST_COLUMNS)
    payload: Any
    if images.exists():
        payload = saved_array(images, mmap=mmap)
    else:
        with telling_damage(rows):
            payload = pd.read_parquet(rows)
    if len(payload) != len(frame):
        raise _torn(directory, len(payload), len(frame))
    return Samples(frame, payload)


def _torn(directory: Path, payload: int, manifest: int) -> DamagedInputError:
    return DamagedInputError(
        "Manifest and payload differ in length",
        where=directory,
        got=f"{payload} rows where the manifest has {manifest}",
        remedy="delete the folder and run `dvc repro`",
    )


@dataclass(frozen=True)
class _View:
    """A data set's description with rows of one split; refuses rows of any other."""

    spec: DatasetSpec
    samples: Samples

    def __post_init__(self) -> None:
        wanted = self._split()
        found = set(self.samples.manifest["split"].unique()) | set()
        if found - {wanted}:
            raise LeakError(
                f"Rows of another split were handed in as {wanted} rows",
                got=", ".join(sorted(map(str, found))),
                expected=f"only {wanted}",
            )
        if (self.samples.manifest["origin"] != "real").any():
            raise LeakError("Synthetic rows were handed in as real rows", expected="only rows of origin real")

    def _split(self) -> str:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """int64 [n]: class indices."""
        return self.samples.label_indices(self.spec)


class TrainView(_View):
    """Real train rows: the only thing a synthesizer's `fit` accepts."""

    def _split(self) -> str:
        return "train"

    def of_class(self, index: int) -> TrainView:
        """The rows of one class."""
        return TrainView(self.spec, self.samples.of_class(self.spec.labels[index]))


class ValidationView(_View):
    """Real validation rows: for choices (snapshot, filter threshold, ratio, best arm), never for fitting."""

    def _split(self) -> str:
        return "validation"

    def of_class(self, index: int) -> ValidationView:
        """The rows of one class."""
        return ValidationView(self.spec, self.samples.of_class(self.spec.labels[index]))


class PoolView(_View):
    """Real rows that only synthesizers see, with labels or without: never validation rows, never test rows."""

    def _split(self) -> str:
        return "pool"


class TestInputs(_View):
    """Real test rows without their labels: classifiers predict on them, `measure` alone holds the labels."""

    __test__ = False  # not a pytest class

    def _split(self) -> str:
        return "test"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples.manifest["label"].notna().any():
            raise LeakError("Test labels were handed to something other than `measure`")
