"""Filters: a gauge says how suspicious each candidate is, held-out real rows say how suspicious is too suspicious.

Every gauge is read on the candidates and, in the same way, on real rows that the synthesizer never saw. A class's
limit is the fixed bound from the settings, or the quantile of the held-out readings where that is more lenient: a
filter that would throw away real rows loosens itself. The quantile is the conformal one (Vovk et al. 2005): a fresh
real row is rejected with a probability of at most `real_rejection`, where the class has enough held-out rows to say so
(1 / real_rejection of them); with fewer, nothing is rejected that a held-out row outdoes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.neighbors import NearestNeighbors

from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.config import FilterConfig

__all__ = [
    "REFUSED",
    "Gauge",
    "Labelled",
    "Sieve",
    "class_scale",
    "density_gauge",
    "discriminator_gauge",
    "earlier_duplicates",
    "nearness_gauge",
]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]

REFUSED = "refused"  # rejected not by itself, but because a filter refused its whole class


@dataclass(frozen=True)
class Labelled:
    """Rows float32 [n, d] of a feature space with their class indices int64 [n]."""

    rows: Rows
    labels: Labels

    def of_class(self, index: int) -> Rows:
        """The rows of one class."""
        rows: Rows = self.rows[self.labels == index]
        return rows


@dataclass(frozen=True)
class Gauge:
    """Readings float64 [n], higher is more suspicious, of candidates and of held-out real rows, and a fixed bound."""

    candidates: Floats
    heldout: Floats
    bound: float

    def limit(self, heldout_of_class: npt.NDArray[np.bool_], real_rejection: float) -> float:
        """Readings above it are rejected. A class without held-out rows goes by those of all classes."""
        readings = self.heldout[heldout_of_class] if heldout_of_class.any() else self.heldout
        if not len(readings):
            return self.bound
        rank = math.ceil((len(readings) + 1) * (1 - real_rejection))
        return max(self.bound, float(np.sort(readings)[min(rank, len(readings)) - 1]))


class Sieve:
    """Keeps account of which candidates are left, and which filter took each of the others.

    Attributes
    ----------
    rejected_by
        object [n]: "" for those left, else the name of a filter, or "refused".
    real_rejected
        filter -> share of the held-out rows that it would have rejected.
    refusals
        class index -> the filter that refused it.
    """

    def __init__(self, labels: Labels, heldout_labels: Labels, classes: int) -> None:
        self.labels = labels
        self.heldout_labels = heldout_labels
        self.classes = classes
        self.rejected_by = np.full(len(labels), "", dtype=object)
        self.real_rejected: dict[str, float] = {}
        self.refusals: dict[int, str] = {}

    @property
    def left(self) -> npt.NDArray[np.bool_]:
        """bool [n]: not rejected so far."""
        kept: npt.NDArray[np.bool_] = self.rejected_by == ""
        return kept

    def apply(self, name: str, gauge: Gauge, config: FilterConfig) -> None:
        """Let one filter reject, class by class."""
        if not config.enabled:
            return
        lost = 0
        for index in range(self.classes):
            heldout = self.heldout_labels == index
            limit = gauge.limit(heldout, config.real_rejection)
            lost += int((gauge.heldout[heldout] > limit).sum())
            self._reject(index, name, gauge.candidates, limit, config)
        self.real_rejected[name] = lost / len(self.heldout_labels) if len(self.heldout_labels) else 0.0

    def _reject(self, index: int, name: str, readings: Floats, limit: float, config: FilterConfig) -> None:
        of_class = self.labels == index
        failing = np.flatnonzero(of_class & self.left & (readings > limit))
        allowed = math.floor(config.budget * of_class.sum())
        if len(failing) > allowed and config.over_budget == "keep":
            failing = failing[np.argsort(-readings[failing], kind="stable")[:allowed]]
        refused = len(failing) > allowed
        self.rejected_by[failing] = name
        if refused:
            self.rejected_by[of_class & self.left] = REFUSED
            self.refusals[index] = name


def class_scale(distances: Floats, labels: Labels, classes: int) -> Floats:
    """float64 [classes]: the median of each class's `distances`; of all where a class has none, 0 where nobody has."""
    overall = float(np.median(distances)) if len(distances) else 0.0
    own = [distances[labels == c] for c in range(classes)]
    return np.array([np.median(values) if len(values) else overall for values in own])


def nearness_gauge(candidates: Floats, heldout: Floats, min_ratio: float) -> Gauge:
    """From distances over the class's held-out median (see `class_scale`): suspicious below `min_ratio`."""
    return Gauge(-candidates, -heldout, -min_ratio)


def earlier_duplicates(candidates: Labelled, left: npt.NDArray[np.bool_], radius: Floats) -> Floats:
    """float64 [n]: distance to the nearest earlier kept candidate of the class if below the class's radius, else inf.

    Greedy and in order: of a knot of duplicates the first stays, and a row counts as duplicate only of rows that stay.
    """
    distance = np.full(len(candidates.labels), np.inf)
    for index in np.unique(candidates.labels[left]):
        members = np.flatnonzero(left & (candidates.labels == index))
        rows = candidates.rows[members]
        search = NearestNeighbors(radius=radius[index], algorithm="brute").fit(rows)
        gaps, others = search.radius_neighbors(rows)
        kept = np.ones(len(members), dtype=bool)
        for place in range(len(members)):
            earlier = (others[place] < place) & kept[others[place]] & (gaps[place] < radius[index])
            if earlier.any():
                kept[place] = False
                distance[members[place]] = gaps[place][earlier].min()
    return distance


def density_gauge(candidates: Labelled, heldout: Labelled, train: Labelled, neighbours: int) -> Gauge:
    """Distance to the k-th nearest train row of the same class, over the class's held-out median of the same."""
    classes = int(max(part.labels.max(initial=0) for part in (candidates, heldout, train))) + 1
    far = [_own_class_distance(part, train, neighbours) for part in (candidates, heldout)]
    scale = class_scale(far[1], heldout.labels, classes)
    scale[scale == 0] = 1.0
    return Gauge(far[0] / scale[candidates.labels], far[1] / scale[heldout.labels], -np.inf)


def _own_class_distance(part: Labelled, train: Labelled, neighbours: int) -> Floats:
    distance = np.zeros(len(part.labels))
    for index in np.unique(part.labels):
        targets = train.of_class(int(index))
        if len(targets):
            k = min(neighbours, len(targets))
            distance[part.labels == index] = np.partition(cdist(part.of_class(int(index)), targets), k - 1)[:, k - 1]
    return distance


def discriminator_gauge(candidates: Labelled, heldout: Labelled, train: Labelled, classes: int, seed: int) -> Gauge:
    """How surely a fresh discriminator calls a row synthetic, in [0, 1].

    A forest over rows and labels, trained on half of the candidates against the train rows and asked about the other
    half; held-out rows are asked of both forests. Nobody is judged by a forest that saw it.
    """
    fold = numpy_generator(seed, "discriminator folds").permutation(len(candidates.labels)) % 2
    told, known, real = (_with_label(part, classes) for part in (candidates, heldout, train))
    readings, heldout_readings = np.zeros(len(told)), np.zeros(len(known))
    for number in (0, 1):
        learn, ask = fold != number, fold == number
        if not learn.any() or not ask.any():
            return Gauge(readings, np.zeros(len(known)), -np.inf)
        forest = ExtraTreesClassifier(
            100, min_samples_leaf=3, class_weight="balanced", n_jobs=1,
            random_state=derive_seed(seed, "discriminator", number) % 2**32,
        )  # fmt: skip
        forest.fit(np.concatenate([real, told[learn]]), np.repeat([0, 1], [len(real), learn.sum()]))
        readings[ask] = forest.predict_proba(told[ask])[:, 1]
        if len(known):
            heldout_readings += forest.predict_proba(known)[:, 1] / 2
    return Gauge(readings, heldout_readings, -np.inf)


def _with_label(part: Labelled, classes: int) -> Rows:
    return np.concatenate([part.rows, np.eye(classes, dtype=np.float32)[part.labels]], axis=1)
