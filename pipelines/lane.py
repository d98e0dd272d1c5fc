"""Run of a lane: a `dvc repro` of its stages in a process of its own, its output read line by line."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gan_augment.core.masking import mask
from pipelines import guard
from pipelines.plan import Lane

__all__ = [
    "LaneError",
    "LaneResult",
    "LiveLanes",
    "Log",
    "Outcome",
    "StageRun",
    "lane_environment",
    "run_dvc",
    "run_lane",
]

Log = Callable[[str], None]
Outcome = Literal["ran", "restored", "unchanged"]  # restored: from DVC's run-cache

_USER_MISTAKE = 2  # exit code of `gan-augment` when the user can remove the obstacle
_NOT_RUNNABLE = (126, 127)  # exit codes of the shell for a command that does not exist, or may not be run


class LiveLanes:
    """Processes of the running lanes, which another thread can stop."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop them, and prevent further starts: SIGTERM now; each guard sends SIGKILL to the rest after 5 s."""
        self._stopped.set()
        with self._lock:
            for group in self._groups:
                _signal_group(group, signal.SIGTERM)

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, or return True at once when `stop` is or was called."""
        return self._stopped.wait(seconds)

    @contextlib.contextmanager
    def holding(self, group: int) -> Iterator[None]:
        """Register the process group `group` while it runs."""
        with self._lock:
            self._groups.add(group)
            if self.stopped:
                _signal_group(group, signal.SIGTERM)
        try:
            yield
        finally:
            with self._lock:
                self._groups.discard(group)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@dataclass(frozen=True)
class StageRun:
    """Outcome of a stage."""

    stage: str
    outcome: Outcome
    seconds: float


@dataclass(frozen=True)
class LaneResult:
    """Lane that is done."""

    lane: str
    stages: tuple[StageRun, ...]
    seconds: float


class LaneError(Exception):
    """Failure of a stage of the lane, or of DVC.

    Parameters
    ----------
    lane, stage
        The place; `stage` is None when DVC failed before or between stages.
    exit_code
        That of the stage's command (negative: killed by that signal); None when the command did not fail.
    tail
        The last lines of the output.
    """

    def __init__(self, lane: str, stage: str | None, exit_code: int | None, tail: tuple[str, ...] = ()) -> None:
        super().__init__(lane, stage, exit_code, tail)  # all arguments: the exception is sent between processes
        self.lane, self.stage, self.exit_code, self.tail = lane, stage, exit_code, tail

    def __str__(self) -> str:
        how = "failed" if self.exit_code is None else f"failed with exit code {self.exit_code}"
        if self.exit_code is not None and self.exit_code < 0:
            how = f"was killed by {signal.Signals(-self.exit_code).name}"
        return f"{self.stage or self.lane} {how}"

    def __repr__(self) -> str:  # Prefect logs it; the tail is logged already
        return f"LaneError({str(self)!r})"

    @property
    def is_users_mistake(self) -> bool:
        """Whether the command reported that the user has to change something: bad input, bad params."""
        return self.exit_code == _USER_MISTAKE

    @property
    def worth_retrying(self) -> bool:
        """Whether the same command may succeed next time: yes after a crash or a lock, no with bad input."""
        return not self.is_users_mistake and self.exit_code not in _NOT_RUNNABLE


def lane_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of a lane: this process's, without surprises from the user's shell or from DVC's own services."""
    programs = str(Path(sys.executable).parent)  # makes `gan-augment` available even where the venv is not activated
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "SHELL": "/bin/sh",  # DVC runs commands in $SHELL: the same one for every user
        "PYTHONUNBUFFERED": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_TEST": "1",  # the only environment switch for DVC's update check, a daemon that would outlive us
        **(extra or {}),
    }


def run_dvc(lane: Lane, arguments: Sequence[str], root: Path, log: Log, *, live: LiveLanes | None = None) -> None:
    """Run another DVC command for a lane, such as `pull`, with the same care. Raises LaneError."""
    transcript = _Transcript(log)
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", *arguments]
    with _guarded(command, root, lane_environment(), live or LiveLanes()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            transcript.feed(line.rstrip("\n"))
    if process.returncode:
        raise LaneError(lane.name, None, None, (f"dvc {' '.join(arguments)}", *transcript.tail))


def run_lane(
    lane: Lane,
    root: Path,
    log: Log,
    *,
    live: LiveLanes | None = None,
    env: Mapping[str, str] | None = None,
    pull: bool = False,
) -> LaneResult:
    """Run the lane's stages in order; DVC skips what is up to date and restores what its run-cache holds.

    Parameters
    ----------
    log
        Called with each line of output as it comes.
    live
        The handle through which the lane can be stopped.
    env
        Variables to add, such as CUDA_VISIBLE_DEVICES.
    pull
        Fetch outputs that another machine has made from the DVC remote, by its run-cache.

    Raises
    ------
    LaneError
        With the stage, its exit code and the last lines.
    """
    started = time.monotonic()
    transcript = _Transcript(log)
    # --wait-for-lock: otherwise DVC gives up after 3 s, also when it only wants to record a training that is finished.
    # --single-item: only these stages; two runs that both check a shared upstream stage block each other.
    options = ["--single-item", *(["--pull"] if pull else [])]
    dvc = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", *options, *lane.stages]
    with _guarded(dvc, root, lane_environment(env), live or LiveLanes()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            transcript.feed(line.rstrip("\n"))
    transcript.close_stage()
    if process.returncode:
        raise LaneError(lane.name, transcript.failed_stage, transcript.exit_code, tuple(transcript.tail))
    return LaneResult(lane.name, tuple(transcript.runs), time.monotonic() - started)


@contextlib.contextmanager
def _guarded(command: list[str], root: Path, env: dict[str, str], live: LiveLanes) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, guard.__file__, *command],
        cwd=root,
        env=env,
        stdin=subprocess.PIPE,  # never written to: its end shows the guard that this process has ended
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        bufsize=1,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    guard.adopt_orphans()
    threading.Thread(target=_sweep_up_after, args=(process.pid,), daemon=True).start()
    with live.holding(process.pid):
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait()
            _bury(process.pid)
            process.stdout.close()


def _sweep_up_after(guard_pid: int) -> None:
    # Normally the group is empty when the guard ends. If the guard itself was killed, its command may still run and
    # hold our pipe open. WNOWAIT leaves the zombie, so the number cannot be reused yet.
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, guard_pid, os.WEXITED | os.WNOWAIT)
        _signal_group(guard_pid, signal.SIGKILL)


def _bury(group: int) -> None:
    # Reap the children that a killed guard left as zombies. DVC takes the dead holder of a lock for alive until its
    # parent reads its exit status, and the first process of a container may do so late or never.
    deadline = time.monotonic() + guard.PATIENCE_SECONDS
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if not os.waitpid(-group, os.WNOHANG)[0]:
                time.sleep(0.02)


_RUNNING = re.compile(r"^Running stage '(.+)':$")
_UNCHANGED = re.compile(r"^Stage '(.+)' didn't change, skipping$")
_RESTORED = re.compile(r"^Stage '(.+)' is cached - skipping run, checking out outputs")
_FAILED = re.compile(r"^ERROR: failed to reproduce '(.+?)':")
_EXITED = re.compile(r", exited with (-?\d+)$")
_HINTS = (  # DVC's hints on git
    "To track the changes with git, run:",
    "\tgit add ",
    "To enable auto staging",
    "\tdvc config core.autostage",
    "Use `dvc push`",
)


@dataclass
class _Transcript:
    """Parser of DVC's output: the running stage, the outcome of each, the reason why the last one failed."""

    log: Log
    runs: list[StageRun] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    failed_stage: str | None = None
    exit_code: int | None = None
    _running: tuple[str, float] | None = None

    def feed(self, line: str) -> None:
        if not line.strip() or line.startswith(_HINTS):
            return
        line = mask(line)
        self.log(line)
        self.tail.append(line)
        if found := _RUNNING.match(line):
            self.close_stage()
            self._running = (found[1], time.monotonic())
        elif found := _UNCHANGED.match(line):
            self._settle(found[1], "unchanged")
        elif found := _RESTORED.match(line):
            self._settle(found[1], "restored")
        elif found := _FAILED.match(line):
            self.failed_stage, self._running = found[1], None
        if self.failed_stage and (found := _EXITED.search(line)):
            self.exit_code = _as_signal(int(found[1]))

    def close_stage(self) -> None:
        if self._running is not None:
            stage, since = self._running
            self.runs.append(StageRun(stage, "ran", time.monotonic() - since))
            self._running = None

    def _settle(self, stage: str, outcome: Outcome) -> None:
        self.close_stage()
        self.runs.append(StageRun(stage, outcome, 0.0))


def _as_signal(exit_code: int) -> int:
    # A shell between DVC and the program turns "killed by 9" into 137.
    return 128 - exit_code if 128 < exit_code <= 128 + 64 else exit_code
