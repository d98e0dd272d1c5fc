"""`python guard.py COMMAND...`: run a command that dies with its parent, and stop the processes that it leaves behind.

Prefect (3.8) and a plain SIGKILL leave the children of a flow running, so a cancelled run would continue to train on
the GPU. The parent starts this guard in a session of its own and holds the write end of its stdin. The kernel closes
that pipe when the parent dies, for whatever reason; the guard then stops its process group: SIGTERM, five seconds,
SIGKILL. It does the same when the command has ended, for example when DVC was killed and its training still runs.

Nothing but the standard library is imported, so that a guard starts in milliseconds and needs little memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

__all__ = ["PATIENCE_SECONDS", "adopt_orphans", "main"]

PATIENCE_SECONDS = 5.0

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(command: Sequence[str]) -> int:
    """Run `command` to its end and return its exit status (128 + n for signal n)."""
    reaps_orphans = adopt_orphans()  # so this process can notice when the last process of the group has ended
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_guard)  # noqa: PLW1509 - no thread runs yet
    stopping = threading.Lock()  # one stop at a time, and no exit during one
    told_to_stop = threading.Event()

    def on_sigterm(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the group's own SIGTERM also reaches this process
        told_to_stop.set()
        threading.Thread(target=_stop, args=(stopping,), daemon=True).start()  # in a thread: this thread waits below

    signal.signal(signal.SIGTERM, on_sigterm)  # after the start, so that SIGTERM kills the command by default
    threading.Thread(target=_stop_when_parent_dies, args=(stopping,), daemon=True).start()
    status = process.wait()
    if status == 0 and told_to_stop.is_set():
        status = -signal.SIGTERM  # `_stop` may have reaped the command, together with its status
    with stopping:
        if reaps_orphans or status:
            _stop_group()
    return status if status >= 0 else 128 - status


def adopt_orphans() -> bool:
    """Become the parent of orphans among this process's descendants (Linux). False where that is not supported."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> bool:
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    return False


def _die_with_guard() -> None:
    # Runs in the child before exec: the guard may be killed too, and the command must not outlive it.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop_when_parent_dies(stopping: threading.Lock) -> None:
    while os.read(0, 4096):
        pass
    _stop(stopping)


def _stop(stopping: threading.Lock) -> None:
    with stopping:
        _stop_group()


def _stop_group() -> None:
    """Send SIGTERM to the group, and SIGKILL (to this process too) to those left after `PATIENCE_SECONDS`."""
    os.killpg(os.getpgrp(), signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _others_in_group():
        if time.monotonic() > deadline:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        time.sleep(0.02)


def _others_in_group() -> bool:
    try:
        while os.waitpid(-os.getpgrp(), os.WNOHANG)[0]:
            pass  # reap the dead
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
