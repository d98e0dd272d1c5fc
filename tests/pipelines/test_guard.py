"""Nothing outlives its parent, however that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pipelines import guard
from tests.patience import HANG, wait_until

# Parent and child each write their process id and sleep; neither reads its stdin.
FAMILY = """
import os, pathlib, signal, subprocess, sys, time
{stubborn}
pathlib.Path(sys.argv[1] + "." + sys.argv[2]).write_text(str(os.getpid()))
if sys.argv[2] == "parent":
    subprocess.Popen([sys.executable, "-c", {again!r}, sys.argv[1], "child"])
time.sleep(7200)
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def family(stubborn: str = "") -> str:
    again = FAMILY.format(stubborn=stubborn, again="")
    return FAMILY.format(stubborn=stubborn, again=again)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, guard.__file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def output_of(process: subprocess.Popen[bytes]) -> bytes:
    # Not `communicate`, which closes stdin: that is how the parent's death looks.
    assert process.stdout is not None
    return process.stdout.read()


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Callable[[], list[int]]]:
    """Waits for parent and child, gives their process ids; kills them at the end."""
    files = [tmp_path / "pid.parent", tmp_path / "pid.child"]

    def read() -> list[int]:
        assert wait_until(lambda: all(file.exists() and file.read_text() for file in files))
        return [int(file.read_text()) for file in files]

    yield read
    for file in files:
        if file.exists() and psutil.pid_exists(int(file.read_text())):
            os.kill(int(file.read_text()), signal.SIGKILL)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if is_alive(pid)]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_commands_exit_code_and_output_come_through() -> None:
    process = start([sys.executable, "-c", "print('hello'); raise SystemExit(7)"])
    assert (output_of(process), process.wait()) == (b"hello\n", 7)


def test_death_by_a_signal_becomes_128_plus_its_number() -> None:
    process = start([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    assert process.wait(HANG) == 137


@pytest.mark.parametrize("stubborn", ["", STUBBORN], ids=["willing", "ignores SIGTERM"])
def test_the_family_dies_when_the_pipe_closes(
    stubborn: str, tmp_path: Path, members: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start([sys.executable, "-c", family(stubborn), str(tmp_path / "pid"), "parent"])
    pids = members()
    assert process.stdin is not None
    process.stdin.close()
    assert wait_until(lambda: not alive(pids))
    process.wait(HANG)


def test_a_child_of_a_killed_command_dies_with_it(tmp_path: Path, members: Callable[[], list[int]]) -> None:
    process = start([sys.executable, "-c", family(), str(tmp_path / "pid"), "parent"])
    pids = members()
    os.kill(pids[0], signal.SIGKILL)
    assert wait_until(lambda: not alive(pids))
    assert process.wait(HANG) == 137


def test_a_child_left_behind_by_a_finished_command_dies(tmp_path: Path) -> None:
    sleep = "[sys.executable, '-c', 'import time; time.sleep(7200)']"
    process = start([sys.executable, "-c", f"import subprocess, sys; print(subprocess.Popen({sleep}, stdout=2).pid)"])
    assert not alive([int(output_of(process))])
    assert process.wait() == 0


@pytest.mark.parametrize("stubborn", ["", STUBBORN], ids=["willing", "ignores SIGTERM"])
def test_a_sigterm_to_the_guard_alone_stops_the_family(
    stubborn: str, tmp_path: Path, members: Callable[[], list[int]]
) -> None:
    process = start([sys.executable, "-c", family(stubborn), str(tmp_path / "pid"), "parent"])
    pids = members()
    process.terminate()
    assert wait_until(lambda: not alive(pids))
    assert process.wait(HANG) == (-9 if stubborn else 143)


def test_a_stop_reaches_command_and_child(tmp_path: Path, members: Callable[[], list[int]]) -> None:
    process = start([sys.executable, "-c", family(), str(tmp_path / "pid"), "parent"])
    pids = members()
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(HANG) == 143
    assert not alive(pids)
