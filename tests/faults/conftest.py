"""One finished project for all tests of a session; each test damages a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.small_project import make_finished


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_finished(tmp_path_factory.mktemp("finished") / "project")
