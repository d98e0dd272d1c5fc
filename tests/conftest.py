"""What holds for every test: one Hypothesis profile, no wait for the disk. Time-outs are in tests/patience.py."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure: no deadline, no check of how long examples take to draw. The same examples every time,
# without a database of earlier ones: what fails in CI fails here. `--hypothesis-profile explore` looks elsewhere.
_PATIENT = settings(
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("explore", _PATIENT)
settings.register_profile("project", _PATIENT, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """Files are not flushed: no test cuts the power, and thousands of flushes take minutes.

    tests/core/test_atomic.py watches that each file and folder is flushed before it is moved.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield
