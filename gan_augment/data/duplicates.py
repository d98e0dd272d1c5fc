"""Exact copies and near copies among samples, so that none lies on both sides of the split.

Images: a near copy is the same picture saved again, resized, slightly brightened, mirrored or turned by right angles.
Two measures must agree: a difference hash (the sign of each step between neighbouring pixels of a small thumbnail;
Krawetz 2013, "Kind of Like That") and the distance between thumbnails with brightness and contrast removed. Tables:
equal categories and missing cells, and numbers closer than independent rows would be by chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gan_augment.core.records import TableSpec
from gan_augment.core.samples import Payload
from gan_augment.data.columns import describe
from gan_augment.encoding.dependencies import find_dependencies

__all__ = ["Duplicates", "components", "expected_coincidences", "find_duplicates", "near_pairs"]

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Pairs = npt.NDArray[np.int64]  # [m, 2]

THUMBNAIL = 16  # pixels a side
HASH_SIDE = 8
# Measured: at these limits no two of 5,000 MNIST digits, 1,797 8x8 digits or 200 faces are near copies, and of
# photographs with some contrast 95 % or more are found after JPEG at quality 60, halving, blur or 10 % more light.
MAX_THUMBNAIL_DISTANCE = 0.1  # of standardised thumbnails, root mean square
MAX_HASH_BITS = 10  # differing bits out of 64
MAX_COLOUR_DISTANCE = 0.1  # of plain thumbnails, root mean square, on a scale from black 0 to white 1
MAIN_DIRECTIONS = 12
MIN_CONTRAST = 0.02  # a thumbnail's standard deviation below which it is flat
TOLERANCES = (1e-3, 1e-6)  # of a column's standard deviation: the first at which chance makes no near rows
CHANCE_PAIRS = 0.05  # expected near pairs in the whole table that count as none
INDEPENDENT_COLUMNS = 4  # at most this many columns count as independent in that expectation

# The symmetries of a square; axes 1 and 2 are the picture's.
_TURNS: tuple[Callable[[npt.NDArray[Any]], npt.NDArray[Any]], ...] = (
    lambda x: x,
    lambda x: x[:, :, ::-1],
    lambda x: x[:, ::-1],
    lambda x: x[:, ::-1, ::-1],
    lambda x: np.swapaxes(x, 1, 2),
    lambda x: np.swapaxes(x, 1, 2)[:, ::-1],
    lambda x: np.swapaxes(x, 1, 2)[:, :, ::-1],
    lambda x: np.swapaxes(x[:, ::-1, ::-1], 1, 2),
)


@dataclass(frozen=True)
class Duplicates:
    """Two labellings of the rows: rows with the same number are copies (`exact`), or copies or near copies (`near`).

    `by_chance`: the table is so coarse that equal rows are expected by chance; then `near` separates all rows.
    """

    exact: Ids
    near: Ids
    by_chance: bool = False


def find_duplicates(payload: Payload, labels: pd.Series, *, near: bool = True) -> Duplicates:
    """Copies among the rows; with `near=False` exact ones only."""
    if isinstance(payload, pd.DataFrame):
        return _in_table(payload, labels, near)
    exact = _equal_images(payload)
    if not near:
        return Duplicates(exact, exact)
    first = np.unique(exact, return_index=True)[1]
    pairs = first[near_pairs(payload[first])]
    return Duplicates(exact, components(len(exact), exact, pairs=pairs))


def components(count: int, *labellings: Ids, pairs: Pairs | None = None) -> Ids:
    """Connected components, int64 [count], of rows that share a number in any labelling or form a pair."""
    links = [np.zeros((0, 2), dtype=np.int64)] if pairs is None else [pairs]
    for labelling in labellings:
        _, first, inverse = np.unique(labelling, return_index=True, return_inverse=True)
        links.append(np.stack([np.arange(count), first[inverse]], axis=1))
    rows, columns = np.concatenate(links).T
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _equal_images(pixels: npt.NDArray[np.uint8]) -> Ids:
    flat = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
    whole = flat.view(np.dtype((np.void, flat.shape[1]))).ravel()
    return np.unique(whole, return_inverse=True)[1].astype(np.int64)


def near_pairs(pixels: npt.NDArray[np.uint8]) -> Pairs:
    """Places [m, 2] of near copies among images uint8 [n, height, width, channels], mirrored and turned ones too.

    A flat image has no features to compare and counts as no near copy.
    """
    colours = _thumbnails(pixels, THUMBNAIL, THUMBNAIL)
    contrast = colours.mean(axis=3).std(axis=(1, 2))
    kept = np.flatnonzero(contrast >= MIN_CONTRAST)
    if len(kept) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    return kept[_pairs_of_textured(pixels[kept], colours[kept])]


def _pairs_of_textured(pixels: npt.NDArray[np.uint8], colours: Floats) -> Pairs:
    features = _standardise(colours.mean(axis=3))
    tree = _SearchTree(features)
    bits = _difference_hash(pixels)
    found = []
    for turn in _TURNS:
        pairs = tree.pairs_within(turn(features), MAX_THUMBNAIL_DISTANCE)
        if not len(pairs):
            continue
        turned = np.asarray(turn(pixels))
        same_hash = (bits[pairs[:, 0]] != _difference_hash(turned[pairs[:, 1]])).sum(axis=1) <= MAX_HASH_BITS
        apart = _root_mean_square(colours[pairs[:, 0]] - turn(colours)[pairs[:, 1]])
        found.append(pairs[same_hash & (apart <= MAX_COLOUR_DISTANCE)])
    return np.concatenate([np.zeros((0, 2), dtype=np.int64), *found])


class _SearchTree:
    """Search for near neighbours of [n, 16, 16] features: on their main directions first, where distances shrink."""

    def __init__(self, features: Floats) -> None:
        self.features = features
        flat = features.reshape(len(features), -1)
        self._centre = flat.mean(axis=0)
        self._directions = np.linalg.svd(flat[:4096] - self._centre, full_matrices=False)[2][:MAIN_DIRECTIONS].T
        self._tree = cKDTree(self._project(features))

    def pairs_within(self, others: Floats, distance: float) -> Pairs:
        """Pairs i < j of a feature i and another feature j at most this far apart, root mean square."""
        radius = distance * np.sqrt(others[0].size)
        found = self._tree.sparse_distance_matrix(cKDTree(self._project(others)), radius, output_type="ndarray")
        pairs = np.stack([found["i"], found["j"]], axis=1)[found["i"] < found["j"]]
        parts = np.array_split(pairs, len(pairs) // 50_000 + 1)
        close = [_root_mean_square(self.features[part[:, 0]] - others[part[:, 1]]) <= distance for part in parts]
        return np.asarray(pairs[np.concatenate(close)], dtype=np.int64)

    def _project(self, features: Floats) -> Floats:
        projected: Floats = (features.reshape(len(features), -1) - self._centre) @ self._directions
        return projected


def _root_mean_square(differences: Floats) -> Floats:
    return np.asarray(np.sqrt((differences**2).mean(axis=tuple(range(1, differences.ndim)))), dtype=np.float64)


def _thumbnails(pixels: npt.NDArray[np.uint8], height: int, width: int) -> Floats:
    """Thumbnails float64 [n, height, width, channels] in 0..1, by averaging over areas."""
    down, across = _averaging(pixels.shape[1], height), _averaging(pixels.shape[2], width)
    chunks = [
        np.einsum("ij,njkc,lk->nilc", down, pixels[start : start + 1024] / 255.0, across, optimize=True)
        for start in range(0, len(pixels), 1024)
    ]
    return np.concatenate(chunks)


def _averaging(old: int, new: int) -> Floats:
    """Matrix [new, old]: row i averages the i-th of `new` equal intervals; pixels on a border count in part."""
    edges = np.linspace(0, old, new + 1)
    starts = np.arange(old)
    overlap = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    weights = np.clip(overlap, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)


def _standardise(thumbnails: Floats) -> Floats:
    """Thumbnails [n, 16, 16] of mean 0 and standard deviation 1 each."""
    centred = thumbnails - thumbnails.mean(axis=(1, 2), keepdims=True)
    return np.asarray(centred / centred.std(axis=(1, 2), keepdims=True), dtype=np.float64)


def _difference_hash(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Hash bits, bool [n, 64]: whether brightness rises to the right, on a 9 x 8 thumbnail."""
    thumbnails = _thumbnails(pixels, HASH_SIDE, HASH_SIDE + 1).mean(axis=3)
    return np.asarray(np.diff(thumbnails, axis=2) > 0).reshape(len(pixels), -1)


def _in_table(frame: pd.DataFrame, labels: pd.Series, near: bool) -> Duplicates:
    if frame.columns.empty:
        apart = np.arange(len(frame), dtype=np.int64)
        return Duplicates(apart, apart)
    exact = _equal_rows(frame)
    if expected_coincidences(_undetermined(frame), labels) >= 1:
        return Duplicates(exact, np.arange(len(frame), dtype=np.int64), by_chance=True)
    if not near:
        return Duplicates(exact, exact)
    return Duplicates(exact, components(len(frame), exact, pairs=_near_rows(frame)))


def _undetermined(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that no other determines: a shop's town separates no two of its rows, however many towns there are."""
    table = TableSpec(columns=tuple(describe(frame[name]) for name in frame.columns), target="")
    found = find_dependencies(frame, table)
    return frame.drop(columns=[name for one in found if one.kind == "determined" for name in one.columns[1:]])


def expected_coincidences(frame: pd.DataFrame, labels: pd.Series) -> float:
    """Expected number of pairs of equal rows of one class by chance alone, were the columns independent.

    Dependent columns only raise it, so 1 or more means that equal rows are no sign of copying.
    """
    expected = 0.0
    for _, rows in frame.groupby(labels.to_numpy()):
        agree = 1.0
        for name in rows.columns:
            counts = rows[name].value_counts(dropna=False).to_numpy(dtype=np.float64)
            agree *= float((counts * (counts - 1)).sum() / max(1, len(rows) * (len(rows) - 1)))
        expected += agree * len(rows) * (len(rows) - 1) / 2
    return expected


def _codes(frame: pd.DataFrame) -> Ids:
    """Codes, int64 [n, columns]: equal cells of a column have equal codes; missing is a value like any other."""
    columns = [pd.factorize(frame[name], use_na_sentinel=False)[0] for name in frame.columns]
    return np.array(columns, dtype=np.int64).reshape(len(columns), len(frame)).T


def _equal_rows(frame: pd.DataFrame) -> Ids:
    return np.unique(_codes(frame), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _near_rows(frame: pd.DataFrame) -> Pairs:
    """Pairs of rows with equal categories and missing cells, and numbers within the tolerance."""
    numeric = [name for name in frame.columns if str(frame[name].dtype) == "float64"]
    if not numeric:
        return np.zeros((0, 2), dtype=np.int64)
    values = frame[numeric].to_numpy(dtype=np.float64)
    absent = np.isnan(values)
    scale = np.nanstd(values, axis=0)
    scaled = np.where(absent, 0.0, values / np.where(scale > 0, scale, 1.0))
    rest = np.concatenate([_codes(frame.drop(columns=numeric)), absent], axis=1)
    tolerance = _tolerance(scaled)
    if tolerance is None:
        return np.zeros((0, 2), dtype=np.int64)
    pairs = []
    for place in np.split(*_by_group(np.unique(rest, axis=0, return_inverse=True)[1].reshape(-1))):
        found = cKDTree(scaled[place]).query_pairs(tolerance, p=np.inf, output_type="ndarray")
        pairs.append(place[found])
    return np.concatenate(pairs).astype(np.int64)


def _tolerance(scaled: Floats) -> float | None:
    """Widest tolerance within which independent rows would not fall by chance; None where there is none.

    Columns of a table are correlated, so only a few of them count as independent: those that separate the fewest rows.
    """
    pairs = len(scaled) * (len(scaled) - 1) / 2
    for tolerance in TOLERANCES:
        close = sorted((_share_within(np.sort(column), tolerance) for column in scaled.T), reverse=True)
        if pairs * float(np.prod(close[:INDEPENDENT_COLUMNS])) < CHANCE_PAIRS:
            return tolerance
    return None


def _share_within(ordered: Floats, tolerance: float) -> float:
    """Share of pairs of these sorted values at most this far apart."""
    count = len(ordered)
    last = np.searchsorted(ordered, ordered + tolerance, side="right")
    return float((last - np.arange(count) - 1).sum() / max(1.0, count * (count - 1) / 2))


def _by_group(groups: Ids) -> tuple[Ids, Ids]:
    """Places sorted by group, and the start of each next group: the arguments of `np.split`."""
    order = np.argsort(groups, kind="stable")
    return order, np.flatnonzero(np.diff(groups[order])) + 1
