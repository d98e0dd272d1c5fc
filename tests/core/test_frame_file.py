"""A Parquet file that is written in pieces has the bytes of the whole, and is read in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core import frame_file
from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import DamagedInputError
from gan_augment.core.frame_file import FrameReader, FrameWriter


def test_row_groups_do_not_depend_on_the_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_file, "_GROUP_CELLS", 1024)
    frame = pd.DataFrame({"x": np.arange(5000), "late": pd.array([None] * 2000 + ["b"] * 3000, dtype=object)})
    for number, step in enumerate((1, 700, 5000)):
        writer = FrameWriter(tmp_path / f"{number}.parquet")
        for start in range(0, 5000, step):
            writer.append(frame.iloc[start : start + step].reset_index(drop=True))
        writer.close()
    hashes = {file_hash(path) for path in tmp_path.iterdir()}
    assert len(hashes) == 1
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "0.parquet"), frame, check_dtype=False)


def test_rows_are_taken_and_skipped_over_the_ends_of_batches(tmp_path: Path) -> None:
    pd.DataFrame({"x": np.arange(100)}).to_parquet(tmp_path / "rows.parquet")
    reader = FrameReader(tmp_path / "rows.parquet", batch=7)
    assert list(reader.take(10)["x"]) == list(range(10))
    reader.skip(25)
    assert list(reader.take(3)["x"]) == [35, 36, 37]
    assert len(reader.take(1000)) == 62
    assert list(reader.take(5).columns) == ["x"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DamagedInputError, match=r"rows\.parquet"):
        FrameReader(tmp_path / "rows.parquet")
