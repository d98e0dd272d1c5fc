"""Samples: a manifest (one row per sample, with its provenance), a payload (pixels or table rows), companions.

On disk a set of samples is a directory of few files: `manifest.parquet`, `images.npy` (uint8, n x height x width x
channels) or `rows.parquet`, and for each companion `<role>.npy` or `<role>.parquet`. The files are few and large,
because DVC and object stores are slow with many small ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from gan_augment.core import fields
from gan_augment.core.checksums import check_file, check_folder, telling_damage
from gan_augment.core.errors import DamagedInputError, LeakError, MissingInputError
from gan_augment.core.fields import PAYLOAD, Files, Payload
from gan_augment.core.frame_file import FrameReader
from gan_augment.core.records import ROLES, DatasetSpec, Role

__all__ = [
    "MANIFEST",
    "MANIFEST_COLUMNS",
    "NO_LABEL",
    "FolderReader",
    "Payload",
    "PoolView",
    "Samples",
    "TestInputs",
    "TrainView",
    "ValidationView",
    "count_samples",
    "make_manifest",
    "read_samples",
    "roles_in",
    "write_samples",
]

MANIFEST = "manifest.parquet"
NO_LABEL = -1  # the class index of a pool row without a label
_FILES = f"{MANIFEST} beside {' or '.join(PAYLOAD)}, written by an earlier stage"
MANIFEST_COLUMNS: dict[str, str] = {
    "id": "string",  # unique; of real samples a hash of the content's place, of synthetic ones method-class-seed-number
    "label": "string",  # the user's label; <NA> where it is withheld (the test part)
    "split": "string",  # train, validation, test or pool
    "origin": "string",  # real or synthetic
    "group": "string",  # samples of one group share a split; of pool rows: every group they are bound to
    "source": "string",  # real: the file or row it came from; synthetic: empty
    "method": "string",  # synthetic: the synthesizer's registry name; real: empty
    "model_hash": "string",  # synthetic: SHA-256 of the model that made it; real: empty
    "seed": "Int64",  # synthetic: the sampling seed; real: <NA>
    "parents": "string",  # synthetic by translation: ids of the real samples it came from, joined by spaces
}


@dataclass(frozen=True)
class Samples:
    """A manifest, a payload and companions of equal length and order.

    Attributes
    ----------
    manifest
        DataFrame with the columns and dtypes of `MANIFEST_COLUMNS` and a RangeIndex.
    payload
        uint8 array [n, height, width, channels], or DataFrame of n rows with the feature columns only.
    companions
        Further data per row, by role, in the same two forms. All rows have a companion, or none has.
    """

    manifest: pd.DataFrame
    payload: Payload
    companions: Mapping[Role, Payload] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values in (("payload", self.payload), *self.companions.items()):
            if len(self.manifest) != len(values):
                raise ValueError(f"{len(self.manifest)} manifest rows but {len(values)} {name} rows")

    def __len__(self) -> int:
        return len(self.manifest)

    def take(self, index: npt.NDArray[Any] | Sequence[int] | slice) -> Samples:
        """Rows at `index` (integers, a boolean mask, or a slice), in that order."""
        rows = np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index)]
        manifest = self.manifest.iloc[rows].reset_index(drop=True)
        companions = {role: fields.take(values, rows) for role, values in self.companions.items()}
        return Samples(manifest, fields.take(self.payload, rows), companions)

    def relabelled(self, **columns: Any) -> Samples:
        """The same rows with other values in these columns of the manifest."""
        changed = self.manifest.assign(**columns)
        return replace(self, manifest=changed.astype({name: MANIFEST_COLUMNS[name] for name in columns}))

    def with_roles(self, roles: Sequence[Role]) -> Samples:
        """The same rows with only these of their companions. Raises KeyError for a missing one."""
        return replace(self, companions={role: self.companions[role] for role in roles})

    def label_indices(self, spec: DatasetSpec) -> npt.NDArray[np.int64]:
        """Class index of each row, int64 [n]. Raises LeakError where labels are withheld (the test part)."""
        if self.manifest["label"].isna().any():
            raise LeakError(
                "Labels of the test part were read before `measure`",
                expected="only `measure` reads them, once",
            )
        return spec.class_indices(self.manifest["label"])

    def of_class(self, label: str) -> Samples:
        """Rows with this label."""
        return self.take(np.flatnonzero((self.manifest["label"] == label).to_numpy(dtype=bool)))

    @staticmethod
    def concat(parts: Sequence[Samples]) -> Samples:
        """Parts joined in order. `parts` must not be empty. Raises ValueError where their companions differ."""
        roles = parts[0].companions.keys()
        if any(part.companions.keys() != roles for part in parts):
            raise ValueError("some parts have companions that others lack")
        manifest = pd.concat([part.manifest for part in parts], ignore_index=True)
        companions = {role: fields.concat([part.companions[role] for part in parts]) for role in roles}
        return Samples(manifest, fields.concat([part.payload for part in parts]), companions)

    @staticmethod
    def none(spec: DatasetSpec) -> Samples:
        """Empty samples, with the payload and the companions of the data set."""
        companions = {role: fields.empty(described) for role, described in spec.companions.items()}
        return Samples(make_manifest(0), fields.empty(spec.payload), companions)


def make_manifest(count: int, **columns: Any) -> pd.DataFrame:
    """Manifest of `count` rows; each keyword is a column's scalar or sequence, the other columns are empty."""
    frame = pd.DataFrame(index=pd.RangeIndex(count))
    for name, dtype in MANIFEST_COLUMNS.items():
        value = columns.pop(name, pd.NA if name in ("seed", "label") else "")
        frame[name] = pd.Series(value, index=frame.index, dtype=dtype)
    if columns:
        raise TypeError(f"not manifest columns: {sorted(columns)}")
    return frame


def write_samples(directory: Path, samples: Samples) -> None:
    """Write into an existing directory (use it within `replacing_directory`). The same samples give the same bytes."""
    samples.manifest.to_parquet(directory / MANIFEST, index=False)
    fields.write(directory, PAYLOAD, samples.payload)
    for role, values in samples.companions.items():
        fields.write(directory, Files.of_role(role), values)


def read_samples(directory: Path, *, companions: Sequence[Role] = (), mmap: bool = False) -> Samples:
    """Samples that `write_samples` wrote, with only the companions that are requested.

    `mmap` leaves the pixels on disk until they are used.

    Raises
    ------
    MissingInputError
        The directory or one of its files is missing; DamagedInputError: one is not as it was written.
    """
    payload, beside = _checked_files(directory, companions)
    with telling_damage(directory / MANIFEST):
        manifest = pd.read_parquet(directory / MANIFEST).astype(MANIFEST_COLUMNS)
    found = {role: fields.read(path, mmap=mmap) for role, path in beside.items()}
    return _in_step(directory, manifest, fields.read(payload, mmap=mmap), found)


def roles_in(directory: Path) -> tuple[Role, ...]:
    """Roles of the companions in a samples folder."""
    return tuple(role for role in ROLES if Files.of_role(role).find(directory))


def count_samples(directory: Path) -> int:
    """Number of rows in a samples folder. Raises MissingInputError, DamagedInputError."""
    manifest = directory / MANIFEST
    if not manifest.exists():
        raise _missing(directory, _FILES)
    check_file(manifest)
    with telling_damage(manifest):
        return int(pq.read_metadata(manifest).num_rows)


class FolderReader:
    """Reader of a samples folder in order, with only the requested rows in memory. Checks as `read_samples` does."""

    def __init__(self, directory: Path, *, companions: Sequence[Role] = ()) -> None:
        payload, beside = _checked_files(directory, companions)
        self._directory = directory
        self._manifest, self._payload = FrameReader(directory / MANIFEST), fields.reader(payload)
        self._companions = {role: fields.reader(path) for role, path in beside.items()}

    def take(self, count: int) -> Samples:
        """Rows of the folder, at most `count`; none at the end. Raises DamagedInputError."""
        manifest = self._manifest.take(count).astype(MANIFEST_COLUMNS)
        payload = self._payload.take(len(manifest))
        companions = {role: rows.take(len(manifest)) for role, rows in self._companions.items()}
        return _in_step(self._directory, manifest, payload, companions)

    def arrow(self, count: int) -> dict[str, Any]:
        """The same rows as Arrow columns, in the files' types: those of the manifest, then `fields.arrow_names`.

        The columns of a companion begin with its role, as in `mask/pixels`.
        """
        manifest = self._manifest.table(count)
        columns = fields.next_arrow(self._payload, manifest.num_rows)
        for role, rows in self._companions.items():
            own = fields.next_arrow(rows, manifest.num_rows)
            columns |= {f"{role}/{name}": values for name, values in own.items()}
        _check_lengths(self._directory, manifest.num_rows, columns.values())
        return {**fields.columns_of(manifest), **columns}

    def skip(self, count: int) -> None:
        """Skip the next rows."""
        for rows in (self._manifest, self._payload, *self._companions.values()):
            rows.skip(count)


def _checked_files(directory: Path, companions: Sequence[Role]) -> tuple[Path, dict[Role, Path]]:
    """Verified files of the payload and of these companions. Raises MissingInputError."""
    payload = PAYLOAD.find(directory)
    if payload is None or not (directory / MANIFEST).exists():
        raise _missing(directory, _FILES)
    beside = {role: Files.of_role(role).find(directory) for role in companions}
    found = {role: path for role, path in beside.items() if path is not None}
    for role in beside.keys() - found.keys():
        raise _missing(directory, " or ".join(Files.of_role(role)) + f", the companion `{role}` of every row")
    check_folder(directory, unread=[name for role in ROLES if role not in found for name in Files.of_role(role)])
    return payload, found


def _missing(directory: Path, expected: str) -> MissingInputError:
    return MissingInputError(
        "An input of this stage is missing",
        where=directory,
        expected=expected,
        remedy="run `dvc repro`, which runs the stages in order",
    )


def _in_step(directory: Path, manifest: pd.DataFrame, payload: Payload, companions: Mapping[Role, Payload]) -> Samples:
    _check_lengths(directory, len(manifest), (payload, *companions.values()))
    return Samples(manifest, payload, companions)


def _check_lengths(directory: Path, manifest: int, parts: Iterable[Sized]) -> None:
    for values in parts:
        if len(values) != manifest:
            raise DamagedInputError(
                "Manifest and payload differ in length",
                where=directory,
                got=f"{len(values)} rows where the manifest has {manifest}",
                remedy="delete the folder and run `dvc repro`",
            )


@dataclass(frozen=True)
class _View:
    """Rows of one split with the data set's description; refuses rows of any other split."""

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
        """Class indices, int64 [n]."""
        return self.samples.label_indices(self.spec)


class TrainView(_View):
    """Real train rows: the only argument that a synthesizer's `fit` accepts."""

    def _split(self) -> str:
        return "train"

    def of_class(self, index: int) -> TrainView:
        """Rows of one class."""
        return TrainView(self.spec, self.samples.of_class(self.spec.labels[index]))


class ValidationView(_View):
    """Real validation rows: for choices (snapshot, filter threshold, ratio, best arm), never for fitting."""

    def _split(self) -> str:
        return "validation"

    def of_class(self, index: int) -> ValidationView:
        """Rows of one class."""
        return ValidationView(self.spec, self.samples.of_class(self.spec.labels[index]))


class PoolView(_View):
    """Real rows that only synthesizers see, with or without labels: never validation rows, never test rows."""

    def _split(self) -> str:
        return "pool"

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Raise ValueError, so that no code takes every pool row for a labelled one."""
        raise ValueError("rows of the pool may have no label: use `labels_or_none`")

    @property
    def labels_or_none(self) -> npt.NDArray[np.int64]:
        """Class indices, int64 [n]; `NO_LABEL` for a row without a label."""
        labels, found = self.samples.manifest["label"], np.full(len(self), NO_LABEL, dtype=np.int64)
        present = labels.notna().to_numpy(dtype=bool)
        found[present] = self.spec.class_indices(labels[present])
        return found


class TestInputs(_View):
    """Real test rows without their labels: classifiers predict on them, only `measure` reads the labels."""

    __test__ = False  # not a pytest class

    def _split(self) -> str:
        return "test"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples.manifest["label"].notna().any():
            raise LeakError("Test labels were handed to something other than `measure`")
        if self.samples.companions:
            raise LeakError(
                "Companions of test rows were handed to something other than `measure`",
                got=", ".join(self.samples.companions),
                expected="the payload alone: a caption or an attribute is a label in disguise",
            )
