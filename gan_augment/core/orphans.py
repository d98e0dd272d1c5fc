"""Processes that end with the one that started them, even where that one was killed and could not say so."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["end_with"]

_LOOK_EVERY_SECONDS = 0.5


def end_with(parent: int) -> None:
    """End this process, at once and wherever it is, soon after its parent (of process id `parent`) has ended.

    For `ProcessPoolExecutor(initializer=end_with, initargs=(os.getpid(),))`: a worker whose pool was killed waits for
    work for ever otherwise. What it was writing is left unfinished, beside its place (see `core.atomic`).
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
