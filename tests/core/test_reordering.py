"""Rows in another order on disk are those that would have been put in order in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core import reordering
from gan_augment.core.atomic import file_hash
from gan_augment.core.reordering import gather, scatter, write_reordered
from gan_augment.core.row_file import RecordFile
from gan_augment.core.samples import Samples, write_samples
from gan_augment.core.streams import HeldSamples
from tests.core.test_streams import images, table


def _stored(folder: Path, samples: Samples) -> Path:
    folder.mkdir(parents=True)
    write_samples(folder, samples)
    return folder


@settings(max_examples=12)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 30), st.integers(0, 9))
def test_a_reordered_folder_is_the_one_written_from_memory(
    tmp_path_factory: pytest.TempPathFactory, count: int, wanted: int, rows: int, seed: int
) -> None:
    root = tmp_path_factory.mktemp("order")
    for number, make in enumerate((images, table)):
        whole = make(count)
        order = np.random.default_rng(seed).permutation(count)[:wanted]
        held = _stored(root / f"held{number}", whole.take(order))
        (root / f"streamed{number}").mkdir()
        (root / f"work{number}").mkdir()
        write_reordered(HeldSamples(whole), order, root / f"streamed{number}", root / f"work{number}", rows=rows)
        assert file_hash(root / f"streamed{number}") == file_hash(held)


def test_an_order_may_lie_in_a_file_and_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reordering, "_PLACED", 20)
    monkeypatch.setattr(reordering, "_ORDER_READ", 7)
    whole, order, stored = table(50), np.random.default_rng(0).permutation(50)[:40], RecordFile(np.int32)
    stored.append(order.astype(np.int32))
    held = _stored(tmp_path / "held", whole.take(order))
    (tmp_path / "streamed").mkdir()
    (tmp_path / "work").mkdir()
    write_reordered(HeldSamples(whole), stored, tmp_path / "streamed", tmp_path / "work", rows=9)
    assert file_hash(tmp_path / "streamed") == file_hash(held)


def test_files_hold_stretches_of_places_and_rows_at_no_place_go_nowhere(tmp_path: Path) -> None:
    places = np.array([5, -1, 0, 3, 1, 4, -1, 2])
    for start in (0, 3):
        part = pa.table({"x": np.arange(8)[start : 3 if start == 0 else 8]})
        scatter(part, places[start : start + part.num_rows], np.array([0, 2, 6]), tmp_path)
    assert [gather(tmp_path, number).column("x").to_pylist() for number in range(2)] == [[2, 4], [7, 3, 5, 0]]
