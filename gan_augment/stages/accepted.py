"""The accepted candidates as `mix` sees them: how many there are, how sure the judge is, and the rows a plan uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.core.streams import StoredSamples, gather_samples, label_indices
from gan_augment.gain.ratio import Counts, Plan, first_rows
from gan_augment.stages.project import Layout

__all__ = ["Accepted", "HeldRows"]

_ROWS = 4096  # that are read together


@dataclass(frozen=True)
class Accepted:
    """Accepted candidates in order of preference, without their payload.

    `labels` int32 [n] class indices; `sureness` float32 [n]: the judge's probability of the own class; all ones where
    it was not asked for.
    """

    layout: Layout
    spec: DatasetSpec
    labels: npt.NDArray[np.int32]
    sureness: npt.NDArray[np.float32]

    @classmethod
    def read(cls, layout: Layout, spec: DatasetSpec, *, judged: bool) -> Accepted:
        """From data/curated; with `judged` the judge's probabilities too."""
        labels = label_indices(layout.curated, spec)
        if not judged:
            return cls(layout, spec, labels, np.ones(len(labels), dtype=np.float32))
        ids = pd.read_parquet(layout.curated / "manifest.parquet", columns=["id"])["id"]
        scores = pd.read_parquet(
            layout.curated / "scores.parquet", columns=["id", "judge_probability"], filters=[("accepted", "==", True)]
        )
        sureness = scores.set_index("id")["judge_probability"].reindex(ids).to_numpy(dtype=np.float32)
        return cls(layout, spec, labels, sureness)

    def counts(self, threshold: float = 0.0) -> Counts:
        """int64 [K]: rows of each class of which the judge is that sure."""
        sure = self.labels[self.sureness >= threshold] if threshold > 0 else self.labels
        return np.bincount(sure, minlength=len(self.spec.classes)).astype(np.int64)

    def hold(self, most: Counts, thresholds: Sequence[float]) -> HeldRows:
        """The rows that some plan may ask for: of each class the first `most[k]` under each threshold."""
        chosen = np.unique(np.concatenate([self._first(most, threshold) for threshold in {0.0, *thresholds}]))
        rows = gather_samples(StoredSamples((self.layout.curated,)), chosen, rows=_ROWS)
        return HeldRows(self.spec, rows, self.sureness[chosen])

    def _first(self, most: Counts, threshold: float) -> npt.NDArray[np.int64]:
        sure = self.sureness >= threshold if threshold > 0 else np.ones(len(self.labels), dtype=bool)
        own = [np.flatnonzero((self.labels == number) & sure)[:count] for number, count in enumerate(most)]
        return np.concatenate(own).astype(np.int64)


@dataclass(frozen=True)
class HeldRows:
    """The accepted rows that plans may ask for, in order of preference."""

    spec: DatasetSpec
    samples: Samples
    sureness: npt.NDArray[np.float32]

    def of(self, plan: Plan) -> Samples:
        """The rows that a plan uses."""
        sure = self.samples.take(self.sureness >= plan.threshold) if plan.threshold > 0 else self.samples
        return first_rows(sure, plan.counts, self.spec)
