"""One thread a process, unless the user has said otherwise."""

from __future__ import annotations

import os

__all__ = ["one_thread_each"]


def one_thread_each() -> None:
    """Before torch or scikit-learn is imported: see `cli.stages.run_stage` for what it saves."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
