"""Distance to the closest record: the nearness of synthetic rows to the rows from which they were learnt.

A description, not a test: synthetic rows share their neighbours, so a share of one half has no simple standard error.
The test of copying is in `memorisation`; there synthetic and held-out rows are exchangeable given the train rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator
from gan_augment.fidelity.distances import nearest

__all__ = ["ClosestRecord", "Preference", "closest_of", "closest_record"]

Rows = npt.NDArray[np.floating]
Distances = npt.NDArray[np.floating]


@dataclass(frozen=True)
class ClosestRecord:
    """Distances of synthetic and of held-out rows to the closest train record, and the side that synthetic rows favour.

    Attributes
    ----------
    median, near
        Median and 5 % quantile of the synthetic rows' distance.
    heldout_median, heldout_near
        The same of held-out real rows.
    exact
        The number of synthetic rows that repeat a train row exactly.
    nearer_to_train
        Share of synthetic rows that lie nearer to train than to held-out rows, both cut to the same number: one half
        if nothing was memorised, apart from the noise of small sets (ties count half).
    """

    median: float
    near: float
    heldout_median: float
    heldout_near: float
    exact: int
    nearer_to_train: float


def closest_record(train: Rows, heldout: Rows, synthetic: Rows, *, seed: int) -> ClosestRecord:
    """Closest records of float [n, d], [m, d] and [s, d], none of them empty."""
    preference = Preference(train, heldout, seed=seed)
    preference.add(synthetic)
    return closest_of(nearest(synthetic, train)[0], nearest(heldout, train)[0], preference)


def closest_of(to_train: Distances, of_heldout: Distances, preference: Preference) -> ClosestRecord:
    """Figures from distances to the nearest train row, of synthetic and of held-out rows, and a filled tally.

    `to_train` is reordered in place: a copy of millions of distances would double the memory.
    """
    return ClosestRecord(
        median=float(np.median(to_train, overwrite_input=True)),
        near=float(np.quantile(to_train, 0.05, overwrite_input=True)),
        heldout_median=float(np.median(of_heldout)),
        heldout_near=float(np.quantile(of_heldout, 0.05)),
        exact=int((to_train == 0).sum()),
        nearer_to_train=preference.share,
    )


class Preference:
    """Tally, over any number of batches, of the synthetic rows that lie nearer to train than to held-out rows."""

    def __init__(self, train: Rows, heldout: Rows, *, seed: int, tally: tuple[int, int, int] = (0, 0, 0)) -> None:
        size = min(len(train), len(heldout))
        rng = numpy_generator(seed, "closest record")
        self._sides = [side[rng.permutation(len(side))[:size]] for side in (train, heldout)]
        self._wins, self._ties, self._rows = tally

    @property
    def tally(self) -> tuple[int, int, int]:
        """Counts so far (nearer to train, ties, all), with which a tally can be continued later."""
        return self._wins, self._ties, self._rows

    def add(self, synthetic: Rows) -> None:
        """Count float [n, d]."""
        near_train, near_heldout = (nearest(synthetic, side)[0] for side in self._sides)
        self._wins += int((near_train < near_heldout).sum())
        self._ties += int((near_train == near_heldout).sum())
        self._rows += len(synthetic)

    @property
    def share(self) -> float:
        """See `ClosestRecord.nearer_to_train`."""
        return (self._wins + self._ties / 2) / self._rows
