"""Filters: a gauge measures how suspicious each candidate is; held-out real rows set the limit.

Every gauge is read on the candidates and, in the same way, on real rows that the synthesizer never saw. A class's limit
is the fixed bound from the settings, or the quantile of the held-out readings where that is more lenient: a filter that
would reject real rows loosens itself. The quantile is the conformal one (Vovk et al. 2005): a fresh real row is
rejected with a probability of at most `real_rejection`, provided that the class has enough held-out rows (1 /
real_rejection of them). With fewer, nothing is rejected that reads below a held-out row. A whole class is refused only
where fresh real rows would clearly lose fewer: three held-out rows say little about how many those would be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.stats import beta
from sklearn.ensemble import ExtraTreesClassifier

from gan_augment.core.row_file import RowsLike
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.config import FilterConfig
from gan_augment.curation.duplicates import nearest_earlier

__all__ = [
    "REFUSED",
    "Computed",
    "Gauge",
    "Labelled",
    "Readings",
    "Sieve",
    "class_scale",
    "density_gauge",
    "discriminator_gauge",
    "earlier_duplicates",
    "nearness_gauge",
    "places_of",
]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]
Places = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]

_CHUNK = 8192  # rows that are examined together
_READ = 65_536  # readings that are compared together
_LEARNT_FROM = 20_000
_SURE = 0.99  # confidence that fresh real rows do not lose more than that share
REFUSED = "refused"  # rejected only because a filter refused its whole class


@dataclass(frozen=True)
class Labelled:
    """Rows float32 [n, d] of a feature space, in memory or on disk, with their class indices int [n]."""

    rows: RowsLike
    labels: Labels

    def of_class(self, index: int) -> Rows:
        """Rows of one class."""
        rows: Rows = self.rows[np.flatnonzero(self.labels == index)]
        return rows


class Readings(Protocol):
    """Readings float64 of candidates that can be sliced: an array, or `Computed`."""

    def __getitem__(self, rows: slice, /) -> Floats: ...


@dataclass(frozen=True)
class Computed:
    """Readings that are computed on demand."""

    of: Callable[[slice], Floats]

    def __getitem__(self, rows: slice) -> Floats:
        return self.of(rows)


@dataclass(frozen=True)
class Gauge:
    """Readings, higher is more suspicious, of candidates and float64 [n] of held-out real rows, and a fixed bound.

    `labels`: class indices of those real rows, where they differ from the sieve's.
    """

    candidates: Readings
    heldout: Floats
    bound: float
    labels: Labels | None = None

    def limit(self, heldout_of_class: npt.NDArray[np.bool_], real_rejection: float) -> float:
        """Limit above which readings are rejected. A class without held-out rows uses the rows of all classes."""
        readings = self.heldout[heldout_of_class] if heldout_of_class.any() else self.heldout
        if not len(readings):
            return self.bound
        rank = math.ceil((len(readings) + 1) * (1 - real_rejection))
        return max(self.bound, float(np.sort(readings)[min(rank, len(readings)) - 1]))

    def most_real(self, heldout_of_class: npt.NDArray[np.bool_], limit: float) -> float:
        """Largest plausible share of fresh real rows of the class above `limit` (Clopper-Pearson)."""
        readings = self.heldout[heldout_of_class] if heldout_of_class.any() else self.heldout
        above = int((readings > limit).sum())
        if not len(readings):
            return 0.0
        return 1.0 if above == len(readings) else float(beta.ppf(_SURE, above + 1, len(readings) - above))


class Sieve:
    """Record of the candidates that are left, and of the filter that took each of the others; a byte per candidate.

    Attributes
    ----------
    real_rejected
        filter -> share of the held-out rows that it would have rejected.
    refusals
        class index -> the filter that refused it.
    because
        class index -> the reason, in words.
    """

    def __init__(self, labels: Labels, heldout_labels: Labels, classes: int) -> None:
        self.labels = labels
        self.heldout_labels = heldout_labels
        self.classes = classes
        self.real_rejected: dict[str, float] = {}
        self.refusals: dict[int, str] = {}
        self.because: dict[int, str] = {}
        self._reasons = ["", REFUSED]
        self._reason = np.zeros(len(labels), dtype=np.int8)

    @property
    def left(self) -> npt.NDArray[np.bool_]:
        """Mask bool [n]: not rejected so far."""
        kept: npt.NDArray[np.bool_] = self._reason == 0
        return kept

    @property
    def rejected_by(self) -> npt.NDArray[np.object_]:
        """Reasons object [n]: "" for those left, else the name of a filter, or "refused"."""
        return self.reasons(slice(None))

    def reasons(self, rows: slice) -> npt.NDArray[np.object_]:
        """Reasons as `rejected_by`, for some rows."""
        names: npt.NDArray[np.object_] = np.array(self._reasons, dtype=object)[self._reason[rows]]
        return names

    def counts(self, chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
        """Number of the chosen rows that each filter took; under "" those that are left."""
        found = np.zeros(len(self._reasons), dtype=np.int64)
        for start in range(0, len(chosen), _READ):  # counting needs arrays eight times as large
            rows = slice(start, start + _READ)
            found += np.bincount(self._reason[rows][chosen[rows]], minlength=len(found))
        return dict(zip(self._reasons, map(int, found), strict=True))

    def reject(self, rows: Any, name: str) -> None:
        """Enter `name` as the reason for these rows (a mask or places)."""
        if name not in self._reasons:
            self._reasons.append(name)
        self._reason[rows] = self._reasons.index(name)

    def apply(self, name: str, gauge: Gauge, config: FilterConfig) -> None:
        """Apply a filter, class by class."""
        if not config.enabled:
            return
        lost, limits, real = 0, np.empty(self.classes), np.empty(self.classes)
        labels = self.heldout_labels if gauge.labels is None else gauge.labels
        for index in range(self.classes):
            heldout = labels == index
            limits[index] = gauge.limit(heldout, config.real_rejection)
            real[index] = gauge.most_real(heldout, limits[index])
            lost += int((gauge.heldout[heldout] > limits[index]).sum())
        failing, readings = self._failing(gauge.candidates, limits)
        for index in range(self.classes):
            own = self.labels[failing] == index
            self._reject(index, name, failing[own], readings[own], config, real[index])
        self.real_rejected[name] = lost / len(labels) if len(labels) else 0.0

    def refuse(self, index: int, name: str, because: str) -> None:
        """Reject all rows of a class."""
        self.reject((self.labels == index) & self.left, REFUSED)
        self.refusals[index], self.because[index] = name, because

    def _failing(self, readings: Readings, limits: Floats) -> tuple[Places, Floats]:
        """Places int64 [m] of the remaining rows above their class's limit, and their readings."""
        places, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for start in range(0, len(self.labels), _READ):
            rows = slice(start, start + _READ)
            read = readings[rows]
            above = np.flatnonzero((self._reason[rows] == 0) & (read > limits[self.labels[rows]]))
            places.append(start + above)
            values.append(read[above])
        return np.concatenate(places), np.concatenate(values)

    def _reject(
        self, index: int, name: str, failing: Places, readings: Floats, config: FilterConfig, real: float
    ) -> None:
        total = int((self.labels == index).sum())
        allowed = math.floor(config.budget * total)
        over = len(failing) > allowed
        refused = over and config.over_budget == "refuse" and len(failing) > real * total
        if over and not refused:
            failing = failing[np.argsort(-readings, kind="stable")[:allowed]]
        self.reject(failing, name)
        if refused:
            share = f"{len(failing) / total:.0%} of its candidates fail it, of real rows at most {real:.0%}"
            self.refuse(index, name, f"too many rejected by {name}: {share}")


def places_of(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Result of `np.flatnonzero` in half the memory, which matters for millions of rows."""
    places, count = np.empty(int(mask.sum()), np.int32), 0
    for start in range(0, len(mask), _READ):
        found = np.flatnonzero(mask[start : start + _READ])
        places[count : count + len(found)] = start + found
        count += len(found)
    return places


def class_scale(distances: Floats, labels: Labels, classes: int) -> Floats:
    """Scale float64 [classes]: the median of each class's `distances`; of all where a class has none; 0 without any."""
    overall = float(np.median(distances)) if len(distances) else 0.0
    own = [distances[labels == c] for c in range(classes)]
    return np.array([np.median(values) if len(values) else overall for values in own])


def nearness_gauge(candidates: Readings, heldout: Floats, min_ratio: float, labels: Labels | None = None) -> Gauge:
    """Gauge of distances over the class's held-out median (see `class_scale`): suspicious below `min_ratio`."""
    return Gauge(Computed(lambda rows: -candidates[rows]), -heldout, -min_ratio, labels)


def earlier_duplicates(candidates: Labelled, left: npt.NDArray[np.bool_], radius: Floats) -> tuple[Places, Floats]:
    """Ascending places int64 [m] of duplicates, and their distance to the nearest earlier kept one of their class.

    A duplicate lies within its class's radius of that row. Greedy and in order: the first of several duplicates is
    kept, and a row counts as a duplicate only of kept rows.
    """
    found = list[tuple[Labels, Floats]]([(np.zeros(0, np.int64), np.zeros(0))])
    for index in range(len(radius)):
        members = places_of(left & (candidates.labels == index))
        numbers, gaps = nearest_earlier(candidates.rows, members, float(radius[index]))
        found.append((members[numbers], gaps))
    places, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(places)
    return places[order], distance[order]


def density_gauge(candidates: Labelled, heldout: Labelled, train: Labelled, neighbours: int) -> Gauge:
    """Gauge of the distance to the k-th nearest train row of the same class, over its held-out median in the class."""
    classes = int(max(part.labels.max(initial=0) for part in (candidates, heldout, train))) + 1
    far = [_own_class_distance(part, train, neighbours) for part in (candidates, heldout)]
    scale = class_scale(far[1], heldout.labels, classes)
    scale[scale == 0] = 1.0
    return Gauge(far[0] / scale[candidates.labels], far[1] / scale[heldout.labels], -np.inf)


def _own_class_distance(part: Labelled, train: Labelled, neighbours: int) -> Floats:
    distance = np.zeros(len(part.labels))
    targets = {int(index): train.of_class(int(index)) for index in np.unique(part.labels)}
    for start in range(0, len(distance), _CHUNK):
        rows, labels = part.rows[start : start + _CHUNK], part.labels[start : start + _CHUNK]
        for index in np.unique(labels):
            own, near = np.flatnonzero(labels == index), targets[int(index)]
            if len(near):
                k = min(neighbours, len(near))
                distance[start + own] = np.partition(cdist(rows[own], near), k - 1)[:, k - 1]
    return distance


def discriminator_gauge(candidates: Labelled, heldout: Labelled, train: Labelled, classes: int, seed: int) -> Gauge:
    """Gauge of a fresh discriminator's certainty that a row is synthetic, in [0, 1].

    A forest over rows and labels, trained on half of the candidates (at most 20,000 of them) against the train rows,
    scores the other half; both forests score held-out rows. No row is scored by a forest trained on it.
    """
    number_of = numpy_generator(seed, "discriminator folds").permutation(len(candidates.labels))
    fold, shown = number_of % 2, number_of < 2 * _LEARNT_FROM
    known, real = _with_label(heldout, classes, slice(None)), _with_label(train, classes, slice(None))
    readings, heldout_readings = np.zeros(len(fold)), np.zeros(len(known))
    for number in (0, 1):
        learn, ask = np.flatnonzero((fold != number) & shown), np.flatnonzero(fold == number)
        if not len(learn) or not len(ask):
            return Gauge(readings, np.zeros(len(known)), -np.inf)
        forest = ExtraTreesClassifier(
            100, min_samples_leaf=3, class_weight="balanced", n_jobs=1,
            random_state=derive_seed(seed, "discriminator", number) % 2**32,
        )  # fmt: skip
        told = _with_label(candidates, classes, learn)
        forest.fit(np.concatenate([real, told]), np.repeat([0, 1], [len(real), len(told)]))
        for start in range(0, len(ask), _CHUNK):
            asked = ask[start : start + _CHUNK]
            readings[asked] = forest.predict_proba(_with_label(candidates, classes, asked))[:, 1]
        if len(known):
            heldout_readings += forest.predict_proba(known)[:, 1] / 2
    return Gauge(readings, heldout_readings, -np.inf)


def _with_label(part: Labelled, classes: int, chosen: Any) -> Rows:
    return np.concatenate([part.rows[chosen], np.eye(classes, dtype=np.float32)[part.labels[chosen]]], axis=1)
