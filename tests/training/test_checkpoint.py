"""A checkpoint tells whether it is as it was written: training starts over where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.training.checkpoint import is_usable
from tests.training.test_loop import Killed, build


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    with pytest.raises(Killed):
        build(tmp_path / "state", 28).run()
    return tmp_path / "state"


def test_what_a_killed_run_left_is_usable(checkpoint: Path) -> None:
    assert is_usable(checkpoint)


def test_damage_anywhere_makes_it_unusable(checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    places = [0, 7, 8, 200, *range(256, len(content), len(content) // 40), len(content) - 1]
    for place in places:
        checkpoint.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not is_usable(checkpoint), place
    for damaged in (content[: len(content) // 2], content[:-1], b"", bytes(len(content)), content + b"\0"):
        checkpoint.write_bytes(damaged)
        assert not is_usable(checkpoint)


def test_what_is_no_file_is_not_usable(tmp_path: Path) -> None:
    assert not is_usable(tmp_path / "absent")
    assert not is_usable(tmp_path)
