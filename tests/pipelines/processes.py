"""Runs of the pipeline as processes of their own, and what is left of them: shared by the tests that kill them."""

from __future__ import annotations

import os
import sys

import psutil

from tests.pipelines.fake_project import REPOSITORY

__all__ = ["LOCAL", "alive", "environment"]

LOCAL = [sys.executable, "-m", "pipelines", "run", "--executor", "local"]


def environment(**extra: str) -> dict[str, str]:
    """This process's, with this checkout's package."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), **extra}


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended."""
    return [process for process in processes if _is_alive(process)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
