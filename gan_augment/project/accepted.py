"""Accepted candidates in `mix`: their numbers, the judge's certainty, and the rows of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from gan_augment.core.checksums import check_file, telling_damage
from gan_augment.core.errors import DataError, MissingInputError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.row_file import RecordFile
from gan_augment.core.samples import Samples
from gan_augment.core.streams import StoredSamples, gather_samples, label_index_pieces
from gan_augment.mixing.ratio import Counts, Plan, first_rows
from gan_augment.project.layout import Layout

__all__ = ["Accepted", "HeldRows"]

_ROWS = 4096  # rows read together
_LOOKED_AT = 65_536  # candidates examined together


@dataclass(frozen=True)
class Accepted:
    """Accepted candidates in order of preference, without their payload; there may be millions.

    Their data is in files that are deleted with this object. `labels` [n]: class indices, of the smallest unsigned
    type. `sureness` float32 [n]: the judge's probability of the own class; None where it was not requested.
    """

    layout: Layout
    spec: DatasetSpec
    labels: RecordFile
    sureness: RecordFile | None

    @classmethod
    def read(cls, layout: Layout, spec: DatasetSpec, *, judged: bool) -> Accepted:
        """Accepted candidates of data/curated; with `judged` the judge's probabilities. Raises MissingInputError."""
        labels = RecordFile(np.min_scalar_type(len(spec.classes)))
        for piece in label_index_pieces(layout.curated, spec):
            labels.append(piece.astype(labels.dtype))
        sureness = _read_sureness(layout.curated / "sureness.parquet", len(labels)) if judged else None
        return cls(layout, spec, labels, sureness)

    def counts(self, threshold: float = 0.0) -> Counts:
        """Rows of each class with at least that certainty of the judge, int64 [K]."""
        counts = np.zeros(len(self.spec.classes), dtype=np.int64)
        for start in range(0, len(self.labels), _LOOKED_AT):
            rows = slice(start, start + _LOOKED_AT)
            counts += np.bincount(self.labels[rows][self._sure(rows, threshold)], minlength=len(counts))
        return counts

    def hold(self, most: Counts, thresholds: Sequence[float], *, companions: bool = False) -> HeldRows:
        """Rows that some plan may use: the first `most[k]` of each class under each threshold."""
        chosen = np.unique(np.concatenate([self._first(most, threshold) for threshold in {0.0, *thresholds}]))
        stored = StoredSamples((self.layout.curated,))
        rows = gather_samples(stored.with_companions() if companions else stored, chosen, rows=_ROWS)
        return HeldRows(self.spec, rows, self._sureness(chosen))

    def _sureness(self, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Certainty float32 [m] of the rows at ascending places; 1 where the judge was not requested."""
        found = np.ones(len(chosen), dtype=np.float32)
        if self.sureness is not None:
            for start in range(0, len(self.sureness), _LOOKED_AT):
                low, high = np.searchsorted(chosen, [start, start + _LOOKED_AT])
                found[low:high] = self.sureness[start : start + _LOOKED_AT][chosen[low:high] - start]
        return found

    def _sure(self, rows: slice, threshold: float) -> npt.NDArray[np.bool_]:
        """Mask of `rows`: the judge's certainty reaches the threshold."""
        if threshold <= 0 or self.sureness is None:
            return np.ones(min(rows.stop, len(self.labels)) - rows.start, dtype=bool)
        return np.asarray(self.sureness[rows] >= threshold)

    def _first(self, most: Counts, threshold: float) -> npt.NDArray[np.int64]:
        """Places of the first `most[k]` rows of each class with that certainty of the judge; in no order."""
        left, found = most.copy(), [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(self.labels), _LOOKED_AT):
            rows = slice(start, start + _LOOKED_AT)
            if not (left > 0).any():
                break
            labels, sure = self.labels[rows], self._sure(rows, threshold)
            for number in np.flatnonzero(left > 0):
                own = np.flatnonzero((labels == number) & sure)[: left[number]]
                left[number] -= len(own)
                found.append(start + own)
        return np.concatenate(found)


def _read_sureness(path: Path, count: int) -> RecordFile:
    """Certainty float32 [n] from `curate`, copied piece by piece so that it can be read again without decoding."""
    check_file(path)
    try:
        with telling_damage(path):
            file = pq.ParquetFile(path, pre_buffer=False)
    except FileNotFoundError:
        raise MissingInputError(
            "An input of this stage is missing",
            where=path,
            expected="the judge's probabilities of the accepted rows, written by `curate`",
            remedy="run `dvc repro`, which runs the stages in order",
        ) from None
    with file:
        if file.metadata.num_rows != count:
            raise DataError(
                "Manifest and judge's probabilities differ in length",
                where=path,
                got=f"{file.metadata.num_rows} rows where the manifest has {count}",
                remedy="delete the folder and run `dvc repro`",
            )
        sureness = RecordFile(np.float32)
        for batch in file.iter_batches(columns=["judge_probability"]):
            sureness.append(batch.column(0).to_numpy(zero_copy_only=False).astype(np.float32, copy=False))
    return sureness


@dataclass(frozen=True)
class HeldRows:
    """Accepted rows that plans may use, in order of preference."""

    spec: DatasetSpec
    samples: Samples
    sureness: npt.NDArray[np.float32]

    def of(self, plan: Plan) -> Samples:
        """Rows that a plan uses."""
        sure = self.samples.take(self.sureness >= plan.threshold) if plan.threshold > 0 else self.samples
        return first_rows(sure, plan.counts, self.spec)
