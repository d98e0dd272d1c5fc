"""How long a test waits: until what it waits for comes true, or until nobody can doubt that it hangs.

A busy machine fails no test: nothing here, and nothing in the tests, says how fast something has to be.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["FOREVER", "HANG", "wait_until"]

HANG = 1200.0  # seconds; pytest's own limit (pyproject.toml) is above it, so that the test that waits can say for what
FOREVER = 7200  # seconds that a process sleeps which a test ends: longer than any test may take


def wait_until(true: Callable[[], object], over: Callable[[], object] = lambda: False) -> bool:
    """Whether it came true, before `over` did (the process that would make it true has ended, say)."""
    deadline = time.monotonic() + HANG
    while not true():
        if over() or time.monotonic() > deadline:
            return bool(true())
        time.sleep(0.02)
    return True
