"""`--update-golden`: take the texts that the command prints now for right. And a healthy project for the doctor."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.doctored import PARAMS
from tests.cli.test_compare import call


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/cli/golden anew; then read the diff")


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Git and DVC repository with a project, a commit and a remote that is a folder."""
    root = tmp_path_factory.mktemp("healthy")
    (root / "store").mkdir()
    (root / "params.yaml").write_text(PARAMS, encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    call("git", "init", "-q", cwd=root)
    call("dvc", "init", "-q", cwd=root)
    call("dvc", "remote", "add", "-q", "-d", "mine", "../store", cwd=root / ".dvc")
    call("git", "add", "-A", cwd=root)
    call("git", "commit", "-qm", "project", cwd=root)
    return root


@pytest.fixture
def project(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return Path(shutil.copytree(healthy, tmp_path / "project"))
