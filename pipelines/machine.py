"""Number of lanes that this machine can run in parallel, found without torch."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["lanes_side_by_side"]

_MOST = 8  # more DVC processes than this mostly wait for each other's lock


def lanes_side_by_side() -> int:
    """Number of lanes: one per GPU of this process; without a GPU one per processor core; at most 8."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
    if visible is not None:
        gpus = min(gpus, len([device for device in visible.split(",") if device.strip()]))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(gpus or cores, _MOST)
