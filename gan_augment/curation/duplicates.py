"""Near repetitions among any number of rows: exact, in order, at a memory that grows with the rows that have a twin.

Distances are first bounded on a few principal axes, where no two rows lie farther apart than they do in all of them.
Rows to which no other comes near even there, by far most of them in a sound set, neither are duplicates nor have any,
and are left out: they are told in slabs along the first axis, one slab in memory at a time. The others are compared
with the earlier rows that stay, never with one another at large: a thousand copies of one row cost a thousand
comparisons. Which of them are worth comparing is told by search trees on the same axes.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Any

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
_READ = 8192  # rows that are projected together
_SLAB = 250_000  # rows in memory together, on the few axes
_SAMPLE = 2048  # rows that the axes are learnt from; any axes give the same result
_SLACK = 1 + 1e-6  # of a projected distance, for what rounding may add to it


def nearest_earlier(rows: RowsLike, members: Places, radius: float) -> tuple[Places, Floats]:
    """Numbers int64 [m] of the members with an earlier row below `radius` that stays, and the distance to it.

    Greedy and in the order of `members`, which are ascending places in `rows`: every other row stays.
    """
    if radius <= 0 or not len(members):
        return np.zeros(0, np.int64), np.zeros(0)
    axes = _principal_axes(rows[members[:_SAMPLE]])
    crowded = _crowded(rows, members, axes, radius)
    found = np.full(len(crowded), np.inf)
    kept = _Kept(rows, axes, radius)
    # Blocks of all members, whoever is left out: which twin is met first must not depend on it.
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
    """Ascending numbers int64 [m] of the members to which another comes within `radius` on the axes."""
    reach, found = radius * _SLACK, [np.zeros(0, np.int64)]
    for numbers, points, own in _slabs(rows, members, axes, reach):
        tree = cKDTree(points, balanced_tree=False, compact_nodes=False)  # quicker to make, and asked only once
        for start in range(0, len(own), _READ):
            asked = own[start : start + _READ]
            gap, _ = tree.query(points[asked], k=2, distance_upper_bound=reach)
            found.append(numbers[asked[np.isfinite(gap[:, 1])]])
    return np.sort(np.concatenate(found))


def _slabs(rows: RowsLike, members: Places, axes: Floats, margin: float) -> Iterator[tuple[Places, Floats, Places]]:
    """The members cut along the last axis; a slab comes with what lies within `margin` of it, and waits in files.

    Yields (numbers int64 [n], points float64 [n, axes], places int64 [m] among these of the slab's own).
    """
    edges = np.concatenate([[-np.inf], _cuts(rows, members, axes), [np.inf]])
    slabs = list(itertools.pairwise(edges))
    with contextlib.ExitStack() as stack:
        files = [(stack.enter_context(TemporaryFile()), stack.enter_context(TemporaryFile())) for _ in slabs]
        for start in range(0, len(members), _READ):
            places = members[start : start + _READ]
            points = rows[places].astype(np.float64) @ axes
            for (low, high), (of_numbers, of_points) in zip(slabs, files, strict=True):
                inside = np.flatnonzero((points[:, -1] >= low - margin) & (points[:, -1] <= high + margin))
                of_numbers.write((start + inside).tobytes())
                of_points.write(points[inside].tobytes())
        for (low, high), (of_numbers, of_points) in zip(slabs, files, strict=True):
            numbers = np.frombuffer(_emptied(of_numbers), np.int64)
            points = np.frombuffer(_emptied(of_points), np.float64).reshape(-1, axes.shape[1])
            yield numbers, points, np.flatnonzero((points[:, -1] >= low) & (points[:, -1] < high))


def _cuts(rows: RowsLike, members: Places, axes: Floats) -> Floats:
    """Where to cut, from a sample: even slabs unless many rows are alike, who then share one."""
    count = len(members) // _SLAB
    sample = rows[members[:: max(1, len(members) // _SAMPLE)]] @ axes[:, -1]
    cuts: Floats = np.unique(np.quantile(sample, np.arange(1, count + 1) / (count + 1)))
    return cuts


def _emptied(file: IO[bytes]) -> bytes:
    file.seek(0)
    data = file.read()
    file.truncate(0)
    return data


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
