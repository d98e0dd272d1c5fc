"""What was entered is there again when a ledger is opened in its folder, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.curation import ledger as module
from gan_augment.curation.ledger import FINDING, Ledger


def _entry(count: int, first: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    found = np.zeros(count, FINDING)
    found["label"] = np.arange(first, first + count)
    found["parent"] = np.nan
    return np.arange(first * 3, (first + count) * 3, dtype=np.float32).reshape(count, 3), found


def _same(ledger: Ledger, count: int) -> None:
    rows, found = _entry(count)
    assert len(ledger) == count
    np.testing.assert_array_equal(ledger.rows[:], rows)
    assert ledger.findings[0:count].tobytes() == found.tobytes()
    np.testing.assert_array_equal(ledger.findings.column("label", np.int16, rows=2), np.arange(count))


@pytest.mark.parametrize("kept", [True, False])
def test_entries_are_there_again(tmp_path: Path, kept: bool) -> None:
    ledger = Ledger(tmp_path / "l" if kept else None)
    ledger.enter(*_entry(4), (1, 0, 4))
    ledger.enter(*_entry(3, 4), (2, 1, 7))
    _same(ledger, 7)
    if kept:
        again = Ledger(tmp_path / "l")
        assert again.tally == (2, 1, 7)
        _same(again, 7)
        again.enter(*_entry(2, 7), (3, 1, 9))
        _same(again, 9)


def test_a_half_written_entry_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path)
    ledger.enter(*_entry(4), (1, 0, 4))

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_json", dies)
    with pytest.raises(KeyboardInterrupt):
        ledger.enter(*_entry(3, 100), (2, 1, 7))
    monkeypatch.undo()
    again = Ledger(tmp_path)
    assert again.tally == (1, 0, 4)
    _same(again, 4)
    again.enter(*_entry(3, 4), (2, 1, 7))
    _same(again, 7)


def test_a_file_that_lost_its_end_is_not_trusted(tmp_path: Path) -> None:
    Ledger(tmp_path).enter(*_entry(4), (1, 0, 4))
    (tmp_path / "findings").write_bytes((tmp_path / "findings").read_bytes()[:-1])
    again = Ledger(tmp_path)
    assert (len(again), len(again.rows), again.tally) == (0, 0, (0, 0, 0))


@pytest.mark.parametrize("name", ["rows", "findings", "entered.json"])
@pytest.mark.parametrize("damage", ["flip", "empty"])
def test_scratch_that_was_damaged_is_made_again(tmp_path: Path, name: str, damage: str) -> None:
    Ledger(tmp_path).enter(*_entry(4), (1, 0, 4))
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 0x04
    (tmp_path / name).write_bytes(data if damage == "flip" else b"")
    again = Ledger(tmp_path)
    assert (len(again), again.tally) == (0, (0, 0, 0))
    again.enter(*_entry(4), (1, 0, 4))
    _same(again, 4)
