"""One thread a process, unless the user has said otherwise."""

from __future__ import annotations

import os

__all__ = ["one_thread_each"]


def one_thread_each() -> None:
    """Call it before torch or scikit-learn is imported.

    Small networks and forests are fastest on one thread each: on a busy machine two threads that wait for each other
    cost nine times the CPU (100 steps of the digits classifier: 1.7 s and 16 s). What gains from more asks for them.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
