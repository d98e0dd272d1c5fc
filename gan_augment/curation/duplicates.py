"""Near duplicates among any number of rows: exact, in order, in memory proportional to the rows with a twin.

Distances are first bounded on a few principal axes, where no two rows are farther apart than on all of them. A row
without a near neighbour even there neither is a duplicate nor has one, and is left out; in a sound set, these are by
far most rows. They are found in cells stored in files, with a search tree of some of their rows in memory at a time.
The other rows are compared with the earlier rows that are kept, never with all others: a thousand copies of a row cost
a thousand comparisons. Search trees on the same axes select the rows to compare.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from gan_augment.core.row_file import RecordFile, RowsLike

__all__ = ["nearest_earlier"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer[Any]]

_BLOCK = 512
_AXES = 8
_READ = 8192  # rows projected together
_CELL = 250_000  # rows per search tree, on the few axes
_SAMPLE = 2048  # rows to which axes and cuts are fitted; any axes and cuts give the same result
_WORTH_A_CUT = 2 / 3  # of a cell's rows on the larger side; above it, the cells are little more than their margins
_SLACK = 1 + 1e-6  # of a projected distance, to cover rounding


def nearest_earlier(rows: RowsLike, members: Places, radius: float) -> tuple[Places, Floats]:
    """Numbers int64 [m] of the members with an earlier kept row within `radius`, and the distance to it.

    Greedy and in the order of `members`, which are ascending places in `rows`: every other row is kept.
    """
    if radius <= 0 or not len(members):
        return np.zeros(0, np.int64), np.zeros(0)
    axes = _principal_axes(rows[members[:_SAMPLE]])
    crowded = _crowded(rows, members, axes, radius)
    found = np.full(len(crowded), np.inf)
    kept = _Kept(rows, axes, radius)
    # Blocks of all members, including those left out: the twin that is met first must not depend on that.
    bounds = np.searchsorted(crowded, np.arange(0, len(members) + _BLOCK, _BLOCK))
    for start, stop in itertools.pairwise(bounds):
        if start == stop:
            continue
        places = members[crowded[start:stop]]
        block = rows[places].astype(np.float64)
        gaps = kept.nearest(block)
        stays = _settle(block, gaps, radius)
        found[start:stop] = gaps
        kept.add(places[stays], block[stays])
    twins = np.isfinite(found)
    return crowded[twins], found[twins]


def _crowded(rows: RowsLike, members: Places, axes: Floats, radius: float) -> Places:
    """Ascending numbers int64 [m] of the members with a neighbour within `radius` on the axes."""
    reach, found = radius * _SLACK, list[Places]([np.zeros(0, np.int64)])
    waiting = [_projected(rows, members, axes)]
    while waiting:
        cell = waiting.pop()
        cut = _best_cut(cell, reach) if len(cell) > _CELL else None
        if cut is None:
            found += _with_neighbour(cell, reach)
        else:
            waiting += _halves(cell, *cut, reach)
    return np.sort(np.concatenate(found))


def _projected(rows: RowsLike, members: Places, axes: Floats) -> RecordFile:
    """Cell of all members, in a file: their numbers and their points on the axes; all belong to the cell itself."""
    fields = [("number", np.int64), ("own", np.bool_), ("point", np.float64, (axes.shape[1],))]
    cell = RecordFile(np.dtype(fields))
    for start in range(0, len(members), _READ):
        places = members[start : start + _READ]
        records = np.empty(len(places), cell.dtype)
        records["number"], records["own"] = np.arange(start, start + len(places)), True
        records["point"] = rows[places].astype(np.float64) @ axes
        cell.append(records)
    return cell


def _best_cut(cell: RecordFile, margin: float) -> tuple[int, float] | None:
    """Axis and position of the cut whose larger side, with its margin, has the fewest rows; None: none is worth it."""
    places = np.linspace(0, len(cell) - 1, min(len(cell), _SAMPLE)).astype(np.int64)
    sample = np.concatenate([cell[place : place + 1] for place in places])["point"]
    middle = np.median(sample, axis=0)
    below, above = ((side <= margin).mean(axis=0) for side in (sample - middle, middle - sample))
    shares = np.maximum(below, above)
    axis = int(shares.argmin())
    return (axis, float(middle[axis])) if shares[axis] <= _WORTH_A_CUT else None


def _halves(cell: RecordFile, axis: int, cut: float, margin: float) -> tuple[RecordFile, RecordFile]:
    """Cells below the cut and from it on; each includes the other's rows within `margin` of the cut."""
    below, above = RecordFile(cell.dtype), RecordFile(cell.dtype)
    for start in range(0, len(cell), _READ):
        records = cell[start : start + _READ]
        value = records["point"][:, axis]
        for half, own, within in (
            (below, value < cut, value <= cut + margin),
            (above, value >= cut, value >= cut - margin),
        ):
            inside = records[within]
            inside["own"] &= own[within]
            half.append(inside)
    return below, above


def _with_neighbour(cell: RecordFile, reach: float) -> Iterator[Places]:
    """Numbers of the cell's own rows with a neighbour within `reach`; a dense cell has several trees in sequence."""
    crowded = np.zeros(len(cell), dtype=bool)
    for first in range(0, len(cell), _CELL):
        points = cell[first : first + _CELL]["point"]
        tree = cKDTree(points, balanced_tree=False, compact_nodes=False)  # quicker to build, and queried only once
        del points
        for start in range(0, len(cell), _READ):
            records = cell[start : start + _READ]
            asked = np.flatnonzero(records["own"] & ~crowded[start : start + _READ])
            gaps, _ = tree.query(records["point"][asked], k=2, distance_upper_bound=reach)
            itself = (start + asked >= first) & (start + asked < first + _CELL)  # its own nearest row
            crowded[start + asked] = np.isfinite(np.where(itself, gaps[:, 1], gaps[:, 0]))
    for start in range(0, len(cell), _READ):
        yield cell[start : start + _READ]["number"][crowded[start : start + _READ]]


def _settle(block: Floats, gaps: Floats, radius: float) -> npt.NDArray[np.bool_]:
    """Lower `gaps` by the distances within the block to its later rows, in order; bool [n]: the rows that are kept."""
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
    """Kept rows, in search trees; a new tree absorbs the last trees that are no larger."""

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
        """Distance float64 [n] to the nearest kept row if below the radius, else inf."""
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
