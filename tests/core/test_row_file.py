"""Rows in a file are the rows of an array, whatever is asked of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.row_file import RecordFile, RowFile

ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def filled(path: Path | None = None, pieces: int = 7) -> RowFile:
    file = RowFile(path)
    for start in range(0, len(ROWS), pieces):
        file.append(ROWS[start : start + pieces])
    return file


@given(st.integers(1, 41), st.slices(40).filter(lambda one: one.step in (None, 1)))
def test_a_slice_is_that_of_the_array_however_it_was_written(pieces: int, wanted: slice) -> None:
    np.testing.assert_array_equal(filled(pieces=pieces)[wanted], ROWS[wanted])


@given(st.lists(st.integers(0, 39), max_size=12))
def test_places_in_any_order_and_twice(places: list[int]) -> None:
    chosen = np.array(places, dtype=np.int64)
    np.testing.assert_array_equal(filled()[chosen], ROWS[chosen])


def test_the_sum_tells_the_content_and_not_the_pieces() -> None:
    assert filled(pieces=3).sum() == filled(pieces=40).settle()
    other = filled()
    other.append(ROWS[:1])
    assert other.sum() != filled().sum()


def test_a_file_is_taken_over_as_far_as_it_counts_and_goes_on_from_there(tmp_path: Path) -> None:
    filled(tmp_path / "rows")
    again = RowFile(tmp_path / "rows")
    assert len(again) == 0
    assert not again.keep(41, 3)
    assert again.keep(30, 3)
    short = RowFile()
    short.append(ROWS[:30])
    assert again.sum() == short.sum()
    again.append(ROWS[:5])
    np.testing.assert_array_equal(again[:], np.concatenate([ROWS[:30], ROWS[:5]]))
    assert (tmp_path / "rows").stat().st_size == 35 * 12


def test_records_come_back_and_one_field_of_all() -> None:
    records = np.zeros(10, dtype=[("label", np.int16), ("distance", np.float64)])
    records["label"], records["distance"] = np.arange(10), np.arange(10) / 7
    file = RecordFile(records.dtype)
    file.append(records[:4])
    file.append(records[4:])
    np.testing.assert_array_equal(file[2:7], records[2:7])
    np.testing.assert_array_equal(file.column("distance", rows=3), records["distance"])
    assert file.column("label", np.uint8, rows=3).dtype == np.uint8


def test_a_file_of_records_is_taken_over_too(tmp_path: Path) -> None:
    RecordFile(np.int32, tmp_path / "n").append(np.arange(6, dtype=np.int32))
    again = RecordFile(np.int32, tmp_path / "n")
    assert not again.keep(7)
    assert again.keep(4)
    assert again[:].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_are_rows(count: int) -> None:
    file = RowFile()
    file.append(ROWS[:count])
    assert file[:].shape == (count, 3)
    assert file[np.array([], dtype=np.int64)].shape == (0, 3)
