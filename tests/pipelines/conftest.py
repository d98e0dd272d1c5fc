"""Projects to run: one in which nothing has run yet, one that plain `dvc repro` has finished."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pipelines.fake_project import run, write_project


@pytest.fixture(autouse=True)
def _quiet_dvc(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_TEST", "1")
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "dvc-site"))


@pytest.fixture(scope="session")
def _pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pristine")
    write_project(root)
    run(root, "dvc", "init", "--no-scm", "-q")
    return root


@pytest.fixture(scope="session")
def _pretrained(_pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pretrained") / "project"
    shutil.copytree(_pristine, root, symlinks=True)
    run(root, "dvc", "repro", "-q", "pretrain")
    return root


@pytest.fixture(scope="session")
def _finished(_pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished") / "project"
    shutil.copytree(_pretrained, root, symlinks=True)
    run(root, "dvc", "repro", "-q")
    return root


@pytest.fixture
def project(_pristine: Path, tmp_path: Path) -> Path:
    """A project in which nothing has run yet."""
    return copy_of(_pristine, tmp_path / "project")


@pytest.fixture
def pretrained(_pretrained: Path, tmp_path: Path) -> Path:
    """A project in which the class lanes come next."""
    return copy_of(_pretrained, tmp_path / "pretrained")


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """A project that plain, serial `dvc repro` has brought up to date."""
    return copy_of(_finished, tmp_path / "finished")


def copy_of(project: Path, target: Path) -> Path:
    """A copy, its log of stages empty."""
    shutil.copytree(project, target, symlinks=True)
    (target / "ran.log").write_text("")
    return target
