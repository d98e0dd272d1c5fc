"""Near repetitions among any number of rows: exact, in order, at a memory that grows with few numbers a row.

Rows are compared with the earlier rows that stay, never with one another at large: a thousand copies of one row cost
a thousand comparisons. Which of them are worth comparing is told by search trees on a few principal axes, where no two
rows lie farther apart than they do in all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from gan_augment.curation.row_file import RowsLike

__all__ = ["nearest_earlier"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer[Any]]

_BLOCK = 512
_AXES = 8
_SAMPLE = 2048  # rows that the axes are learnt from; any axes give the same result
_SLACK = 1 + 1e-6  # of a projected distance, for what rounding may add to it


def nearest_earlier(rows: RowsLike, members: Places, radius: float) -> Floats:
    """float64 [len(members)]: distance to the nearest earlier row that stays if below `radius`, else inf.

    Greedy and in the order of `members`, which are ascending places in `rows`: a row stays unless this is finite.
    """
    found = np.full(len(members), np.inf)
    if radius <= 0 or not len(members):
        return found
    kept = _Kept(rows, _principal_axes(rows[members[:_SAMPLE]]), radius)
    for start in range(0, len(members), _BLOCK):
        places = members[start : start + _BLOCK]
        block = rows[places].astype(np.float64)
        gaps = kept.nearest(block)
        stays = _settle(block, gaps, radius)
        found[start : start + _BLOCK] = gaps
        kept.add(places[stays], block[stays])
    return found


def _settle(block: Floats, gaps: Floats, radius: float) -> npt.NDArray[np.bool_]:
    """Lower `gaps` by what rows of the block itself are to later ones, in order; bool [n]: which rows stay."""
    near = np.tril(cdist(block, block) < radius, -1)
    stays = np.isinf(gaps)
    for place in np.flatnonzero(near.any(axis=1)):
        earlier = np.flatnonzero(near[place] & stays)
        if len(earlier):
            stays[place] = False
            gaps[place] = min(gaps[place], cdist(block[place : place + 1], block[earlier]).min())
    return stays


def _principal_axes(sample: npt.NDArray[np.float32]) -> Floats:
    centred = sample.astype(np.float64) - sample.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.asarray(vectors[:, -_AXES:], dtype=np.float64)


class _Kept:
    """The rows that stay, in search trees; a new tree swallows the last ones that are no larger than it."""

    def __init__(self, rows: RowsLike, axes: Floats, radius: float) -> None:
        self._rows, self._axes, self._radius = rows, axes, radius
        self._trees: list[tuple[cKDTree, Places]] = []

    def add(self, places: Places, block: Floats) -> None:
        points = block @ self._axes
        while self._trees and len(self._trees[-1][1]) <= len(places):
            tree, earlier = self._trees.pop()
            points, places = np.concatenate([tree.data, points]), np.concatenate([earlier, places])
        if len(places):
            self._trees.append((cKDTree(points), places))

    def nearest(self, block: Floats) -> Floats:
        """float64 [n]: distance to the nearest of them if below the radius, else inf."""
        gaps = np.full(len(block), np.inf)
        points = block @ self._axes
        for tree, places in self._trees:
            near = tree.query_ball_point(points, self._radius * _SLACK)
            for row in np.flatnonzero([len(found) > 0 for found in near]):
                others = self._rows[places[np.sort(near[row])]].astype(np.float64)
                gap = cdist(block[row : row + 1], others).min()
                if gap < self._radius:
                    gaps[row] = min(gaps[row], gap)
        return gaps
