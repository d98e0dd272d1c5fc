"""An .npy file that is written in pieces is the one that numpy writes, and is read in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.array_file import ArrayReader, ArrayWriter
from gan_augment.core.errors import DataError


def test_pieces_are_the_file_that_numpy_writes(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (23, 4, 5, 3)).astype(np.uint8)
    writer = ArrayWriter(tmp_path / "pieces.npy", (4, 5, 3))
    for start in range(0, 23, 6):
        writer.append(whole[start : start + 6])
    writer.close()
    np.testing.assert_array_equal(np.load(tmp_path / "pieces.npy"), whole)
    reader = ArrayReader(tmp_path / "pieces.npy")
    np.testing.assert_array_equal(reader.take(5), whole[:5])
    reader.skip(10)
    np.testing.assert_array_equal(reader.take(100), whole[15:])
    assert reader.take(1).shape == (0, 4, 5, 3)


def test_no_row_keeps_the_shape(tmp_path: Path) -> None:
    ArrayWriter(tmp_path / "none.npy", (4, 5)).close()
    assert ArrayReader(tmp_path / "none.npy").take(3).shape == (0, 4, 5)


def test_other_numbers_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "floats.npy", np.zeros((2, 4, 4, 1)))
    with pytest.raises(DataError, match="not stored row by row as bytes"):
        ArrayReader(tmp_path / "floats.npy")
