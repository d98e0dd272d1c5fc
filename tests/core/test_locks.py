"""Locks between processes: who holds one, who waits, and what a killed holder leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.core.locks import holding, running


@pytest.mark.parametrize(
    ("held", "asked", "waits"),
    [
        ({"writes": ["mix"]}, {"writes": ["mix"]}, True),
        ({"writes": ["mix"]}, {"writes": ["export"], "reads": ["mix"]}, True),
        ({"writes": ["export"], "reads": ["mix"]}, {"writes": ["mix"]}, True),
        ({"writes": ["export"], "reads": ["mix"]}, {"writes": ["measure"], "reads": ["mix"]}, False),
        ({"writes": ["retrain@real"]}, {"writes": ["retrain@cheap"]}, False),
    ],
)
def test_writers_wait_for_all_and_readers_for_writers(
    tmp_path: Path, held: dict[str, list[str]], asked: dict[str, list[str]], waits: bool
) -> None:
    said: list[str] = []
    with holding(tmp_path, **held):  # type: ignore[arg-type]
        if waits:
            with pytest.raises(KeyboardInterrupt), holding(tmp_path, **asked, say=_interrupt(said)):  # type: ignore[arg-type]
                pass
            assert f"`kill {os.getpid()}` ends it" in said[0]
        else:
            with holding(tmp_path, **asked, say=_interrupt(said)) as locks:  # type: ignore[arg-type]
                assert not locks.waited
    with holding(tmp_path, **asked) as locks:  # type: ignore[arg-type]
        assert not locks.waited


def test_a_killed_holder_frees_its_locks_and_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from gan_augment.core.locks import holding\n"
        "with holding(Path(sys.argv[1]), writes=['mix'], reads=['prepare']):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    held = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    assert held.stdout.readline() == "held\n"
    (found,) = running(tmp_path)
    assert (found.process, found.writes, found.reads, found.orphan) == (held.pid, ("mix",), ("prepare",), False)
    said: list[str] = []
    held.send_signal(signal.SIGSTOP)
    with pytest.raises(KeyboardInterrupt), holding(tmp_path, writes=["prepare"], say=_interrupt(said)):
        pass
    assert f"process {held.pid}" in said[0]
    assert "reads the outputs of prepare" in said[0]
    held.kill()
    held.wait()
    with holding(tmp_path, writes=["prepare", "mix"]) as locks:
        assert not locks.waited
    assert running(tmp_path) == []


def _interrupt(said: list[str]):  # type: ignore[no-untyped-def]
    def say(text: str) -> None:
        said.append(text)
        raise KeyboardInterrupt

    return say


def test_a_link_in_a_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "somebodys").write_text("mine")
    (tmp_path / "somebodys").chmod(0o600)
    (tmp_path / "mix.lock").symlink_to("somebodys")
    with pytest.raises(OSError, match=r"mix\.lock"), holding(tmp_path, writes=["mix"]):
        pass
    assert (tmp_path / "somebodys").stat().st_mode & 0o777 == 0o600


def test_what_is_no_card_among_the_cards_is_passed_over(tmp_path: Path) -> None:
    cards = tmp_path / "running"
    (cards / "folder.json").mkdir(parents=True)
    (cards / "link.json").symlink_to("nowhere")
    (cards / "text.json").write_text("no card")
    os.mkfifo(cards / "pipe.json")
    assert running(tmp_path) == []
