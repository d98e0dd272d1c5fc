"""What is found out about every candidate, and in the same way about every held-out real row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import cdist

from gan_augment.core.samples import Samples, TrainView, ValidationView
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.filters import Labelled, class_scale
from gan_augment.curation.judge import fit_judge, own_probability
from gan_augment.curation.spaces import Space
from gan_augment.fidelity.distances import kth_neighbour_distance, nearest

__all__ = ["Evidence", "gather_evidence"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Evidence:
    """Rows in the copy space, their distance to train, and the judge's probabilities.

    Attributes
    ----------
    candidates, heldout, train
        Rows of the copy space with their class indices.
    distance, heldout_distance
        float64: to the nearest train row of any class.
    nearest
        int64: which train row that is, of each candidate.
    stranger_distance, parent_distance
        float64: of candidates, to the nearest train row that is not an own parent, and to the nearest that is (inf
        without one). Parents count as such for images only.
    scale
        float64 [classes]: how far a fresh row of each class lies from train (median).
    probabilities, heldout_probabilities
        float32 [n, classes].
    """

    candidates: Labelled
    heldout: Labelled
    train: Labelled
    distance: Floats
    heldout_distance: Floats
    nearest: npt.NDArray[np.int64]
    stranger_distance: Floats
    parent_distance: Floats
    scale: Floats
    probabilities: npt.NDArray[np.float32]
    heldout_probabilities: npt.NDArray[np.float32]

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
        labels = self.candidates.labels
        strangers = self.scaled(self.stranger_distance, labels)
        parents = self.scaled(self.parent_distance, labels) * max(min_ratio / min_parent_ratio, 1e-9)
        return np.minimum(strangers, np.where(np.isfinite(self.parent_distance), parents, np.inf))

    @property
    def doubt(self) -> Floats:
        """float64 [n]: one minus the judge's probability of the own label."""
        return 1 - own_probability(self.probabilities, self.candidates.labels)

    @property
    def heldout_doubt(self) -> Floats:
        """The same of the held-out rows."""
        return 1 - own_probability(self.heldout_probabilities, self.heldout.labels)

    def scaled(self, distance: Floats, labels: npt.NDArray[np.int64]) -> Floats:
        """`distance` over the scale of each row's class; 1 where that is 0."""
        scale = self.scale[labels]
        return np.divide(distance, scale, out=np.ones_like(distance), where=scale > 0)


def gather_evidence(
    train: TrainView,
    validation: ValidationView,
    candidates: Samples,
    space: Space,
    config: JudgeConfig,
    *,
    seed: int,
    device: str,
    tick: Callable[[str], None],
) -> Evidence:
    """Measure candidates and held-out rows alike; `space` is where copies are looked for."""
    made = Labelled(space.rows(candidates.payload), candidates.label_indices(train.spec))
    real = Labelled(space.rows(train.samples.payload), train.labels)
    heldout = Labelled(space.rows(validation.samples.payload), validation.labels)
    distance, index = nearest(made.rows, real.rows)
    heldout_distance, _ = nearest(heldout.rows, real.rows)
    strangers, parents = _apart(candidates, train, made.rows, real.rows, distance)
    judge = fit_judge(train, config, seed=seed, device=device, tick=tick)
    return Evidence(
        candidates=made,
        heldout=heldout,
        train=real,
        distance=distance,
        heldout_distance=heldout_distance,
        nearest=index,
        stranger_distance=strangers,
        parent_distance=parents,
        scale=_fresh_distance(heldout_distance, heldout, real, len(train.spec.classes)),
        probabilities=judge.probabilities(candidates.payload),
        heldout_probabilities=judge.probabilities(validation.samples.payload),
    )


def _fresh_distance(heldout_distance: Floats, heldout: Labelled, real: Labelled, classes: int) -> Floats:
    """float64 [classes]: how far a fresh row is from train; without held-out rows, train rows from one another."""
    if not len(heldout.labels) and len(real.labels) > 1:
        return class_scale(kth_neighbour_distance(real.rows, 1), real.labels, classes)
    return class_scale(heldout_distance, heldout.labels, classes)


def _apart(candidates: Samples, train: TrainView, made: Rows, real: Rows, distance: Floats) -> tuple[Floats, Floats]:
    """(distance to the nearest train row that is no own parent, to the nearest own parent) of each candidate."""
    strangers, parents = distance.copy(), np.full(len(distance), np.inf)
    if isinstance(candidates.payload, pd.DataFrame):
        return strangers, parents
    place = {name: number for number, name in enumerate(train.samples.manifest["id"])}
    for row, names in enumerate(candidates.manifest["parents"]):
        own = [place[name] for name in names.split() if name in place]
        if own:
            gaps = cdist(made[row : row + 1], real)[0]
            parents[row] = gaps[own].min()
            gaps[own] = np.inf
            strangers[row] = gaps.min()
    return strangers, parents
