"""The search for repetitions finds what comparing every row with every earlier one finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from gan_augment.core.row_file import RowFile
from gan_augment.curation import duplicates
from gan_augment.curation.duplicates import nearest_earlier

Rows = npt.NDArray[np.float32]


def _one_by_one(rows: Rows, members: npt.NDArray[np.int64], radius: float) -> npt.NDArray[np.float64]:
    own, stays, found = rows[members].astype(np.float64), [], np.full(len(members), np.inf)
    for place, row in enumerate(own):
        gaps = cdist(row[None], own[stays])[0] if stays else np.array([np.inf])
        if gaps.min() < radius:
            found[place] = gaps.min()
        else:
            stays.append(place)
    return found


def _found(rows: Any, members: npt.NDArray[np.int64], radius: float) -> npt.NDArray[np.float64]:
    """A distance a member, inf where it stays."""
    found = np.full(len(members), np.inf)
    numbers, gaps = nearest_earlier(rows, members, radius)
    found[numbers] = gaps
    return found


@settings(max_examples=30)
@given(seed=st.integers(0, 999), width=st.sampled_from([1, 3, 20]), radius=st.sampled_from([0.0, 0.05, 0.4, 3.0]))
def test_like_comparing_one_by_one(seed: int, width: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(rng.integers(1, 150), width)).astype(np.float32)
    rows = np.concatenate([rows, rows[rng.integers(0, len(rows), 40)] + rng.normal(0, 0.02, (40, width))])
    rows = rng.permutation(rows).astype(np.float32)
    members = np.flatnonzero(rng.random(len(rows)) < 0.8)
    names = ("_BLOCK", "_CELL", "_READ")  # several blocks, trees that swallow one another, several cells
    before = {name: getattr(duplicates, name) for name in names}
    try:
        for name, length in zip(names, (16, 30, 10), strict=True):
            setattr(duplicates, name, length)
        found = _found(rows, members, radius)
    finally:
        for name, length in before.items():
            setattr(duplicates, name, length)
    expected = _one_by_one(rows, members, radius)
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    kept = np.isfinite(found)  # a twin in the same block may be nearer than the one that was found first
    np.testing.assert_allclose(found[kept], expected[kept])


def test_rows_in_a_file_are_the_rows() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    stored = RowFile()
    for start in range(0, 50, 20):
        stored.append(rows[start : start + 20])
    assert len(stored) == 50
    for index in (slice(3, 17), slice(40, 99), slice(0, 0), np.array([4, 2, 9]), np.array([49, 0]), np.arange(0)):
        np.testing.assert_array_equal(stored[index], rows[index])
    np.testing.assert_array_equal(_found(stored, np.arange(50), 0.5), _found(rows, np.arange(50), 0.5))


def test_many_copies_of_one_row_are_quick() -> None:
    rows = np.repeat(np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32), 20_000, axis=0)
    found = _found(rows, np.arange(60_000), 0.1)  # all pairs would be 6 * 10**8
    assert np.isinf(found).sum() == 3
    assert found[np.isfinite(found)] == pytest.approx(0)


def test_rows_without_a_twin_are_in_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(600, 6)).astype(np.float32)
    rows[500:510] = rows[:10]
    kept: list[npt.NDArray[np.int64]] = []
    add = duplicates._Kept.add
    monkeypatch.setattr(
        duplicates._Kept, "add", lambda self, places, block: kept.append(places) or add(self, places, block)
    )
    numbers, gaps = nearest_earlier(rows, np.arange(600), 0.01)
    np.testing.assert_array_equal(numbers, np.arange(500, 510))
    np.testing.assert_array_equal(gaps, 0)
    np.testing.assert_array_equal(np.concatenate(kept), np.arange(10))


def _trees(monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], list[int]]:
    """Rows of each search tree that is made, and rows of each query; filled as that happens."""
    held, asked = list[int](), list[int]()
    tree = duplicates.cKDTree

    class Watched(tree):  # type: ignore[misc, valid-type]
        def __init__(self, points: Rows, **options: Any) -> None:
            held.append(len(points))
            super().__init__(points, **options)

        def query(self, points: Rows, **options: Any) -> Any:
            asked.append(len(points))
            return super().query(points, **options)

    monkeypatch.setattr(duplicates, "cKDTree", Watched)
    return held, asked


def test_of_cells_one_is_in_memory_and_twins_across_a_cut_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = np.arange(300)[:, None] + [0.0, 0.03]  # pairs that lie far from one another
    rows = np.random.default_rng(2).permutation(pairs.reshape(-1, 1)).astype(np.float32)
    whole = _found(rows, np.arange(600), 0.05)
    assert np.isfinite(whole).sum() == 300
    monkeypatch.setattr(duplicates, "_CELL", 3)
    held, asked = _trees(monkeypatch)
    np.testing.assert_array_equal(duplicates._crowded(rows, np.arange(600), np.eye(1), 0.05), np.arange(600))
    assert max(held) <= 3
    assert sum(asked) == 600  # each row is looked for in its own cell alone
    np.testing.assert_array_equal(_found(rows, np.arange(600), 0.05), whole)


@pytest.mark.parametrize("radius", [0.02, 0.2, 5.0])  # cells with thin margins, with wide ones, and no cut worth it
def test_cutting_gives_what_one_tree_of_all_rows_gives_and_bounds_the_trees(
    monkeypatch: pytest.MonkeyPatch, radius: float
) -> None:
    rows = np.random.default_rng(3).normal(size=(8000, 3)).astype(np.float32)
    monkeypatch.setattr(duplicates, "_READ", 300)
    whole = duplicates._crowded(rows, np.arange(8000), np.eye(3), radius)
    monkeypatch.setattr(duplicates, "_CELL", 500)
    held, asked = _trees(monkeypatch)
    cut = duplicates._crowded(rows, np.arange(8000), np.eye(3), radius)
    np.testing.assert_array_equal(cut, whole)
    assert 0 < len(whole) < 8000 or radius == 5
    assert max(held) <= 500
    assert sum(asked) == 8000 or radius > 0.02  # where margins are thin, each row is looked for in its own cell alone


def test_a_knot_that_no_cut_divides_is_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((1000, 4), dtype=np.float32)  # copies of one row, and one row beside
    rows[::2] = 1
    rows[777] = 9
    monkeypatch.setattr(duplicates, "_CELL", 60)
    held, _ = _trees(monkeypatch)
    crowded = duplicates._crowded(rows, np.arange(1000), np.eye(4), 0.5)
    np.testing.assert_array_equal(crowded, np.delete(np.arange(1000), 777))
    assert max(held) <= 60
