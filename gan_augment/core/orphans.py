"""Processes that end with their parent, even where the parent was killed and could not signal them."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["Owner", "dvc_above", "end_with", "end_with_dvc"]

_LOOK_EVERY_SECONDS = 0.5
_STAGE = "DVC_STAGE"  # in the environment of processes that DVC starts


def end_with(parent: int) -> None:
    """End this process, at once and wherever it is, soon after its parent (of process id `parent`) has ended.

    For `ProcessPoolExecutor(initializer=end_with, initargs=(os.getpid(),))`: otherwise a worker whose pool was killed
    waits for work for ever. A file that it was writing stays unfinished beside its final place (see `core.atomic`).
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Owner:
    """Process identified by its number and its start time: numbers are reused."""

    process: int
    started: str

    def lives(self) -> bool:
        """Whether it still runs; a zombie does not."""
        facts = _facts(self.process)
        return facts is not None and facts.state not in ("Z", "X") and facts.started == self.started


def dvc_above() -> Owner | None:
    """DVC process whose stage this process is; None without one, or where /proc is missing (not Linux)."""
    if _STAGE not in os.environ:
        return None
    process = os.getppid()
    while process > 1 and (facts := _facts(process)) is not None:
        # DVC sets the stage's name for the processes that it starts, and does not have it itself.
        if not _is_of_stage(process):
            return Owner(process, facts.started) if _is_dvc(process) else None
        process = facts.parent
    return None


def end_with_dvc() -> None:
    """End this process soon after the DVC whose stage it is was killed; do nothing where no DVC started it.

    Nothing would record the outputs of such a stage: the next `dvc repro` runs it again and resumes from what it left
    in `.gan_augment`. The sooner it ends, the less work is done twice.
    """
    owner = dvc_above()
    if owner is None:
        return

    def watch() -> None:
        while owner.lives():
            time.sleep(_LOOK_EVERY_SECONDS)
        with contextlib.suppress(OSError, ValueError):
            print(
                f"the dvc that started this stage (process {owner.process}) has ended, and so does it",
                file=sys.stderr,
                flush=True,
            )
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Facts(NamedTuple):
    state: str
    parent: int
    started: str


def _facts(process: int) -> _Facts | None:
    try:
        # The second field is the program's name in brackets, which may hold any character.
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return _Facts(fields[0], int(fields[1]), fields[19])


def _is_of_stage(process: int) -> bool:
    return any(entry.startswith(f"{_STAGE}=".encode()) for entry in _entries(process, "environ"))


def _is_dvc(process: int) -> bool:
    return any(b"dvc" in argument for argument in _entries(process, "cmdline"))


def _entries(process: int, name: str) -> list[bytes]:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes().split(b"\0")
    except OSError:
        return []
