"""What is found out about every candidate, and in the same way about every held-out real row.

Candidates are looked at chunk by chunk: what is kept of each is a few numbers in memory, and its row of features in a
file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import cdist

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView
from gan_augment.core.streams import SampleSource
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.filters import Labelled, class_scale
from gan_augment.curation.judge import Judge, fit_judge, own_probability
from gan_augment.curation.row_file import RowFile
from gan_augment.curation.spaces import Space
from gan_augment.fidelity.distances import kth_neighbour_distance, nearest
from gan_augment.fidelity.nearest_records import ClosestRecord, Preference, closest_of

__all__ = ["Evidence", "chunk_rows", "gather_evidence"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.float32]

_CHUNK_BYTES = 32 << 20  # of a chunk's pixels as float32
_PREDICTED_TOGETHER = 1024  # a chunk is a multiple of it, so that no chunk's length moves a figure's last bit


def chunk_rows(spec: DatasetSpec) -> int:
    """How many candidates are looked at together."""
    pixels = 0 if spec.image is None else spec.image.height * spec.image.width * spec.image.channels
    blocks = min(16, _CHUNK_BYTES // (4 * _PREDICTED_TOGETHER * max(pixels, 1)))
    return max(1, blocks) * _PREDICTED_TOGETHER


@dataclass(frozen=True)
class Evidence:
    """Rows in the copy space, their distance to train, and what the judge thinks of them.

    Attributes
    ----------
    candidates, heldout, train
        Rows of the copy space with their class indices; the candidates' rows lie in a file.
    distance, heldout_distance
        float64: to the nearest train row of any class.
    nearest
        int32: which train row that is, of each candidate.
    parents
        Of candidates that have own parents among the train rows (images only), what `_Parents` says; else None.
    scale
        float64 [classes]: how far a fresh row of each class lies from train (median).
    own_probability, agrees
        float32 and bool [n]: the judge's probability of a candidate's own label; whether it is the most probable one.
    heldout_probabilities
        float32 [n, classes].
    closest
        Distances to the closest record over all candidates; None where a side has no rows.
    """

    candidates: Labelled
    heldout: Labelled
    train: Labelled
    distance: Floats
    heldout_distance: Floats
    nearest: npt.NDArray[np.int32]
    parents: _Parents | None
    scale: Floats
    own_probability: Rows
    agrees: npt.NDArray[np.bool_]
    heldout_probabilities: Rows
    closest: ClosestRecord | None

    @property
    def ratio(self) -> Floats:
        """float64 [n]: distance over the class's scale; 1 where fresh rows repeat train rows anyhow."""
        return self.scaled(self.distance, self.candidates.labels)

    @property
    def heldout_ratio(self) -> Floats:
        """The same of the held-out rows."""
        return self.scaled(self.heldout_distance, self.heldout.labels)

    def copy_ratio(self, min_ratio: float, min_parent_ratio: float) -> Floats:
        """float64 [n]: below `min_ratio` where one is that near to a stranger, or `min_parent_ratio` to a parent."""
        if self.parents is None:
            return self.ratio
        labels, known = self.candidates.labels, self.parents.places
        strangers = self.ratio
        strangers[known] = self.scaled(self.parents.stranger_distance, labels[known])
        parents = self.scaled(self.parents.distance, labels[known]) * max(min_ratio / min_parent_ratio, 1e-9)
        strangers[known] = np.minimum(strangers[known], parents)
        return strangers

    @property
    def doubt(self) -> Floats:
        """float64 [n]: one minus the judge's probability of the own label."""
        return 1 - self.own_probability.astype(np.float64)

    @property
    def heldout_doubt(self) -> Floats:
        """The same of the held-out rows."""
        return 1 - own_probability(self.heldout_probabilities, self.heldout.labels)

    def scaled(self, distance: Floats, labels: Labels) -> Floats:
        """`distance` over the scale of each row's class; 1 where that is 0."""
        ratio = np.ones_like(distance)
        for index in np.flatnonzero(self.scale > 0):
            own = labels == index
            ratio[own] = distance[own] / self.scale[index]
        return ratio


@dataclass(frozen=True)
class _Parents:
    """Candidates `places` int64 [m], their distance float64 [m] to the nearest own parent, and to the nearest other."""

    places: npt.NDArray[np.int64]
    distance: Floats
    stranger_distance: Floats


def gather_evidence(
    train: TrainView,
    validation: ValidationView,
    candidates: SampleSource,
    space: Space,
    config: JudgeConfig,
    *,
    seed: int,
    device: str,
    tick: Callable[[str], None],
    along: Callable[[float, str], None],
    work: Path | None,
) -> Evidence:
    """Measure candidates and held-out rows alike; `space` is where copies are looked for.

    `tick` follows each member of the judge; `along` is told which share of the candidates has been looked at. The
    candidates' rows lie in the folder `work`.
    """
    real = Labelled(space.rows(train.samples.payload), train.labels)
    heldout = Labelled(space.rows(validation.samples.payload), validation.labels)
    heldout_distance, _ = nearest(heldout.rows[:], real.rows[:])
    judge = fit_judge(train, config, seed=seed, device=device, tick=tick)
    looker = _Looker(len(candidates), train, space, judge, real.rows[:], heldout.rows[:], seed, work)
    done = 0
    for chunk in candidates.chunks(chunk_rows(train.spec)):
        looker.look(chunk)
        done += len(chunk)
        along(done / max(len(candidates), 1), f"candidate {done} of {len(candidates)}")
    return looker.evidence(
        heldout=heldout,
        train=real,
        heldout_distance=heldout_distance,
        scale=_fresh_distance(heldout_distance, heldout, real, len(train.spec.classes)),
        heldout_probabilities=judge.probabilities(validation.samples.payload),
    )


class _Looker:
    """Collects what is found out about the candidates, chunk by chunk."""

    def __init__(
        self,
        count: int,
        train: TrainView,
        space: Space,
        judge: Judge,
        real: Rows,
        heldout: Rows,
        seed: int,
        work: Path | None,
    ) -> None:
        self._train, self._space, self._judge, self._real = train, space, judge, real
        self._places = {name: number for number, name in enumerate(train.samples.manifest["id"])}
        self._rows = RowFile(work)
        self._columns: list[Any] = [
            np.empty(count, dtype) for dtype in (np.int32, np.float64, np.int32, np.float32, np.bool_)
        ]
        self._parents: list[tuple[int, float, float]] = []
        self._preference = Preference(real, heldout, seed=seed) if len(real) and len(heldout) else None

    def look(self, chunk: Samples) -> None:
        labels, rows = chunk.label_indices(self._train.spec), self._space.rows(chunk.payload)
        distance, index = nearest(rows, self._real)
        probabilities = self._judge.probabilities(chunk.payload)
        own = probabilities[np.arange(len(labels)), labels]
        agrees = probabilities.argmax(axis=1) == labels
        if self._preference is not None:
            self._preference.add(rows)
        self._look_for_parents(chunk, rows)
        place = slice(len(self._rows), len(self._rows) + len(rows))
        for column, values in zip(self._columns, (labels, distance, index, own, agrees), strict=True):
            column[place] = values
        self._rows.append(rows)

    def _look_for_parents(self, chunk: Samples, rows: Rows) -> None:
        if isinstance(chunk.payload, pd.DataFrame):
            return  # a table row that comes near to its parent is a copy like any other
        for row, names in enumerate(chunk.manifest["parents"]):
            own = [self._places[name] for name in names.split() if name in self._places]
            if own:
                gaps = cdist(rows[row : row + 1], self._real)[0]
                parent = float(gaps[own].min())
                gaps[own] = np.inf
                self._parents.append((len(self._rows) + row, parent, float(gaps.min())))

    def evidence(self, *, heldout_distance: Floats, **others: Any) -> Evidence:
        labels, distance, index, own, agrees = self._columns
        closest = None
        if self._preference is not None and len(labels):
            closest = closest_of(distance, heldout_distance, self._preference)
        return Evidence(
            candidates=Labelled(self._rows, labels),
            distance=distance,
            heldout_distance=heldout_distance,
            nearest=index,
            parents=self._known_parents(),
            own_probability=own,
            agrees=agrees,
            closest=closest,
            **others,
        )

    def _known_parents(self) -> _Parents | None:
        if not self._parents:
            return None
        places, parents, strangers = zip(*self._parents, strict=True)
        return _Parents(np.array(places), np.array(parents), np.array(strangers))


def _fresh_distance(heldout_distance: Floats, heldout: Labelled, real: Labelled, classes: int) -> Floats:
    """float64 [classes]: how far a fresh row is from train; without held-out rows, train rows from one another."""
    if not len(heldout.labels) and len(real.labels) > 1:
        return class_scale(kth_neighbour_distance(real.rows[:], 1), real.labels, classes)
    return class_scale(heldout_distance, heldout.labels, classes)
