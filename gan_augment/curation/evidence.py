"""Evidence on every candidate, collected in the same way on every held-out real row.

Candidates are examined chunk by chunk, and the findings go to files: one number per candidate stays in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from gan_augment.core.fields import bytes_per_row
from gan_augment.core.records import DatasetSpec
from gan_augment.core.row_file import RecordFile
from gan_augment.core.samples import PoolView, Samples, TrainView, ValidationView
from gan_augment.core.streams import SampleSource
from gan_augment.curation.answers import fit_answer_judge
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.filters import Labelled, class_scale
from gan_augment.curation.judge import Judge, fit_judge, judge_train_rows, own_probability
from gan_augment.curation.ledger import FINDING, Ledger
from gan_augment.curation.nearest_records import ClosestRecord, Preference, closest_of
from gan_augment.curation.recognise import Recogniser
from gan_augment.curation.spaces import Space
from gan_augment.fidelity.distances import nearest
from gan_augment.fidelity.likeness import Likeness, likeness, standing

__all__ = ["Evidence", "chunk_rows", "gather_evidence"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.float32]

_CHUNK_BYTES = 32 << 20  # of a chunk's pixels as float32
_READ = 65_536  # findings that are read together
_ENOUGH = 20  # held-out rows of a class that define the usual range, where one in twenty real rows may be rejected
_ENOUGH_TO_COMPARE = 40  # held-out rows that show the standing of a class's rows beside other classes'
_MADE_UP = 500  # train rows of a class that supplement missing held-out rows
_COMPARED = 4000  # candidates of a class; more make no verdict more certain
_PREDICTED_TOGETHER = 1024  # a chunk is a multiple of it, so that no figure's last bit depends on the chunk


def chunk_rows(spec: DatasetSpec) -> int:
    """Number of candidates examined together."""
    blocks = min(16, _CHUNK_BYTES // (4 * _PREDICTED_TOGETHER * max(bytes_per_row(spec.payload), 1)))
    return max(1, blocks) * _PREDICTED_TOGETHER


@dataclass(frozen=True)
class Evidence:
    """Rows in the copy space, their distance to train, and the judge's probabilities.

    Attributes
    ----------
    candidates, heldout, train
        Rows of the copy space with their class indices; the candidates' rows lie in a file.
    findings
        `FINDING` of every candidate, in a file.
    heldout_distance
        float64: to the nearest row that the synthesizer saw: a train row of any class, or a row of the pool.
    seen_ids
        Ids of those rows, in the order to which `findings["nearest"]` refers.
    fresh
        The same for all rows that define what is usual, float64, and their class indices: held-out rows, and in classes
        with few of them train rows too, each to the nearest such row of another group.
    scale
        float64 [classes]: the median distance of a fresh row of each class to train.
    heldout_probabilities
        float32 [n, classes].
    heldout_agreement
        float64 [n]: the judge's agreement with their own target; None where the target is the class.
    unseen
        Probabilities of train rows by judges trained without them, with class indices, fold by fold; only where some
        class has few held-out rows.
    closest
        Distances to the closest record over all candidates; None where a side has no rows.
    """

    candidates: Labelled
    heldout: Labelled
    train: Labelled
    findings: RecordFile
    heldout_distance: Floats
    fresh: tuple[Floats, Labels]
    scale: Floats
    heldout_probabilities: Rows
    heldout_agreement: Floats | None
    unseen: Sequence[tuple[Rows, Labels]]
    closest: ClosestRecord | None
    seen_ids: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.candidates.labels)

    def distances(self, index: int) -> Floats:
        """Distances float64 [n] of a class's candidates to the nearest row that the synthesizer saw."""
        own = self.candidates.labels == index
        found, count = np.empty(int(own.sum())), 0
        for start in range(0, len(own), _READ):
            chosen = self.findings[start : start + _READ]["distance"][own[start : start + _READ]]
            found[count : count + len(chosen)] = chosen
            count += len(chosen)
        return found

    @property
    def fresh_ratio(self) -> Floats:
        """Distances float64 [n] of the `fresh` rows over their class's scale."""
        return self.scaled(*self.fresh)

    def copy_ratio(self, rows: slice, min_ratio: float, min_parent_ratio: float) -> Floats:
        """Ratio float64 [n]: below `min_ratio` for a row that near to a stranger, or `min_parent_ratio` to a parent.

        In units of the class's scale; 1 where fresh rows repeat train rows too.
        """
        found = self.findings[rows]
        labels = found["label"]
        ratio = self.scaled(found["distance"], labels)
        known = ~np.isnan(found["parent"])
        ratio[known] = self.scaled(found["stranger"][known], labels[known])
        parents = self.scaled(found["parent"][known], labels[known]) * max(min_ratio / min_parent_ratio, 1e-9)
        ratio[known] = np.minimum(ratio[known], parents)
        return ratio

    def doubt(self, rows: slice) -> Floats:
        """Doubt float64 [n]: one minus the judge's agreement with the own target; for classes, with its probability."""
        doubt: Floats = 1 - self.findings[rows]["agreement"].astype(np.float64)
        return doubt

    @property
    def judged_real(self) -> tuple[Floats, Labels]:
        """Doubt of real rows by a judge trained without them, and their classes; of scarce classes, train rows too."""
        if self.heldout_agreement is not None:
            return 1 - self.heldout_agreement, self.heldout.labels
        parts = [(self.heldout_probabilities, self.heldout.labels)]
        for probabilities, labels in self.unseen:
            few = np.isin(labels, self.scarce)
            parts.append((probabilities[few], labels[few]))
        doubts = [1 - own_probability(*part) for part in parts]
        return np.concatenate(doubts), np.concatenate([labels for _, labels in parts])

    @property
    def scarce(self) -> list[int]:
        """Classes with too few held-out rows to define the usual range."""
        return _scarce(self.heldout.labels, self.heldout_probabilities.shape[1])

    def likeness(self, index: int, left: npt.NDArray[np.bool_]) -> Likeness | None:
        """Standing of a class's candidates in `left` among other classes' rows, beside that of its real rows."""
        made = self._own_probabilities(index, left)
        views = [(self.heldout_probabilities, self.heldout.labels), *self._made_up(index)]
        real = [standing(part[labels == index, index], _rivals(part, labels, index)) for part, labels in views]
        rivals = _rivals(*views[0], index)
        return likeness(np.concatenate(real), standing(made, rivals), [len(own) for own in rivals.values()])

    def _made_up(self, index: int) -> Sequence[tuple[Rows, Labels]]:
        """Folds of `unseen`, for a class with few held-out rows to compare with."""
        few = _scarce(self.heldout.labels, self.heldout_probabilities.shape[1], _ENOUGH_TO_COMPARE)
        return self.unseen if index in few else ()

    def _own_probabilities(self, index: int, left: npt.NDArray[np.bool_]) -> Floats:
        """Probabilities of the own label, for the first candidates of a class in `left`."""
        found, count = [np.zeros(0)], 0
        for start in range(0, len(left), _READ):
            rows = slice(start, start + _READ)
            own = left[rows] & (self.candidates.labels[rows] == index)
            found.append(self.findings[rows]["own_probability"][own].astype(np.float64))
            count += len(found[-1])
            if count >= _COMPARED:
                break
        return np.concatenate(found)[:_COMPARED]

    def scaled(self, distance: Floats, labels: Labels) -> Floats:
        """Values of `distance` over the scale of each row's class; 1 where that is 0."""
        ratio = np.ones_like(distance)
        for index in np.flatnonzero(self.scale > 0):
            own = labels == index
            ratio[own] = distance[own] / self.scale[index]
        return ratio


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
    ledger: Ledger,
    recogniser: Recogniser,
    pool: PoolView | None = None,
) -> Evidence:
    """Measure candidates and held-out rows alike; copies of train and pool rows are searched in `space`.

    `tick` follows each member of the judge; `along` gets the share of the candidates examined so far. Findings are
    entered into `ledger`; candidates in it are not examined again.
    """
    real = Labelled(space.rows(train.samples.payload), train.labels)
    heldout = Labelled(space.rows(validation.samples.payload), validation.labels)
    seen = _Seen.of(train, pool, space, real.rows[:])
    heldout_distance, _ = nearest(heldout.rows[:], seen.rows)
    judge = fit_judge(train, config, seed=seed, device=device, tick=tick, recogniser=recogniser)
    judge = replace(judge, answers=fit_answer_judge(train, config, seed=seed, device=device))
    unseen: Sequence[tuple[Rows, Labels]] = ()
    scarce = _scarce(heldout.labels, len(train.spec.classes))
    fresh = _fresh(real, heldout, heldout_distance, scarce, seen)
    if _scarce(heldout.labels, len(train.spec.classes), _ENOUGH_TO_COMPARE):
        unseen = judge_train_rows(train, config, seed=seed, device=device)
    looker = _Looker(train.spec, space, judge, seen, heldout.rows[:], seed, ledger)
    done = 0
    for chunk in candidates.chunks(chunk_rows(train.spec)):
        done += len(chunk)
        if done > len(ledger):
            looker.look(chunk)
        along(done / max(len(candidates), 1), f"candidate {done} of {len(candidates)}")
    return Evidence(
        candidates=Labelled(ledger.rows, ledger.findings.column("label", _smallest(len(train.spec.classes)))),
        heldout=heldout,
        train=real,
        findings=ledger.findings,
        heldout_distance=heldout_distance,
        fresh=fresh,
        scale=class_scale(*fresh, len(train.spec.classes)),
        heldout_probabilities=judge.probabilities(validation.samples.payload),
        heldout_agreement=None if judge.answers is None else judge.answers.agreement(validation.samples),
        unseen=unseen,
        closest=looker.closest(heldout_distance),
        seen_ids=seen.ids,
    )


@dataclass(frozen=True)
class _Seen:
    """Rows that the synthesizer saw, and may have copied: train rows, then those of the pool, in the copy space."""

    rows: Rows
    ids: npt.NDArray[np.object_]
    groups: npt.NDArray[np.object_]

    @classmethod
    def of(cls, train: TrainView, pool: PoolView | None, space: Space, real: Rows) -> _Seen:
        if pool is None:
            return cls(real, *_ids_and_groups(train))
        ids, groups = (
            np.concatenate(parts) for parts in zip(_ids_and_groups(train), _ids_and_groups(pool), strict=True)
        )
        return cls(np.concatenate([real, space.rows(pool.samples.payload)[:]]), ids, groups)


def _ids_and_groups(view: TrainView | PoolView) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    manifest = view.samples.manifest
    return manifest["id"].to_numpy(), manifest["group"].to_numpy()


def _scarce(labels: Labels, classes: int, enough: int = _ENOUGH) -> list[int]:
    """Classes with fewer held-out rows than this."""
    return [int(index) for index in np.flatnonzero(np.bincount(labels, minlength=classes) < enough)]


def _rivals(probabilities: Rows, labels: Labels, index: int) -> dict[int, Floats]:
    """Probabilities of class `index` for the rows of each other class."""
    others = [int(c) for c in np.unique(labels) if c != index]
    return {other: probabilities[labels == other, index].astype(np.float64) for other in others}


def _smallest(classes: int) -> npt.DTypeLike:
    """Smallest signed type for class indices: with millions of candidates, this is what stays in memory."""
    return next(kind for kind in (np.int8, np.int16, np.int32) if classes <= np.iinfo(kind).max)


class _Looker:
    """Collector of the `FINDING` of every candidate, chunk by chunk."""

    def __init__(
        self,
        spec: DatasetSpec,
        space: Space,
        judge: Judge,
        seen: _Seen,
        heldout: Rows,
        seed: int,
        ledger: Ledger,
    ) -> None:
        self._spec, self._space, self._judge, self._real, self._ledger = spec, space, judge, seen.rows, ledger
        self._places = {name: number for number, name in enumerate(seen.ids)}
        self._preference = None
        if len(seen.rows) and len(heldout):
            self._preference = Preference(seen.rows, heldout, seed=seed, tally=ledger.tally)

    def look(self, chunk: Samples) -> None:
        """Enter the findings about the next candidates."""
        labels, rows = chunk.label_indices(self._spec), self._space.rows(chunk.payload)
        probabilities = self._judge.probabilities(chunk.payload)
        found = np.zeros(len(chunk), FINDING)
        found["label"] = labels
        found["distance"], found["nearest"] = nearest(rows, self._real)
        found["parent"], found["stranger"] = self._parents(chunk, rows)
        found["own_probability"] = probabilities[np.arange(len(labels)), labels]
        found["agreement"] = self._judge.agreement(chunk, probabilities, labels)
        found["agrees"] = probabilities.argmax(axis=1) == labels
        if self._preference is not None:
            self._preference.add(rows)
        self._ledger.enter(rows, found, self._preference.tally if self._preference else self._ledger.tally)

    def _parents(self, chunk: Samples, rows: Rows) -> tuple[Floats, Floats]:
        parent, stranger = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        if not self._space.parents_apart:
            return parent, stranger
        for row, names in enumerate(chunk.manifest["parents"]):
            own = [self._places[name] for name in names.split() if name in self._places]
            if own:
                gaps = cdist(rows[row : row + 1], self._real)[0]
                parent[row] = gaps[own].min()
                gaps[own] = np.inf
                stranger[row] = gaps.min()
        return parent, stranger

    def closest(self, heldout_distance: Floats) -> ClosestRecord | None:
        """Closest records over all candidates entered."""
        if self._preference is None or not len(self._ledger):
            return None
        return closest_of(self._ledger.findings.column("distance"), heldout_distance, self._preference)


def _fresh(
    real: Labelled, heldout: Labelled, distance: Floats, scarce: list[int], seen: _Seen
) -> tuple[Floats, Labels]:
    """Distances of fresh rows to train and pool, and their classes; see `Evidence.fresh`."""
    distances, labels, rows, groups = [distance], [np.asarray(heldout.labels, dtype=np.int64)], seen.rows, seen.groups
    for index in scarce if len(rows) > 1 else ():
        own = np.flatnonzero(real.labels == index)[:_MADE_UP]
        gaps = cdist(rows[own], rows)
        gaps[(groups[own, None] == groups) & (groups[own, None] != "")] = np.inf
        gaps[np.arange(len(own)), own] = np.inf
        nearest_other = gaps.min(axis=1)
        far = np.isfinite(nearest_other)
        distances.append(nearest_other[far])
        labels.append(np.full(int(far.sum()), index))
    return np.concatenate(distances), np.concatenate(labels)
