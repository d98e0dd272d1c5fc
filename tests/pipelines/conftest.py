"""A project with the real dvc.yaml, whose commands are replaced by `fake_stage.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_STAGE = Path(__file__).with_name("fake_stage.py")
CLASSES = {"cat": {"label": "Cat"}, "dog": {"label": "Dog"}, "real": {"label": "Real"}}  # also the name of an arm
ARMS = ["real", "cheap", "real_synthetic"]


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
def _finished(_pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished") / "project"
    shutil.copytree(_pristine, root, symlinks=True)
    run(root, "dvc", "repro", "-q")
    return root


@pytest.fixture
def project(_pristine: Path, tmp_path: Path) -> Path:
    """A project in which nothing has run yet."""
    return Path(shutil.copytree(_pristine, tmp_path / "project", symlinks=True))


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """A project that plain, serial `dvc repro` has brought up to date."""
    copy = Path(shutil.copytree(_finished, tmp_path / "finished", symlinks=True))
    (copy / "ran.log").write_text("")
    return copy


def write_project(root: Path, classes: dict[str, Any] = CLASSES) -> None:
    """The real dvc.yaml with fake commands, and a params.yaml with every key that it names."""
    pipeline = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))
    params: dict[str, Any] = {"classes": classes, "retrain": {"arms": ARMS}}
    for stage in pipeline["stages"].values():
        body = stage.get("do", stage)
        body["cmd"] = f"{sys.executable} {FAKE_STAGE}"
        body["deps"] = [dep for dep in body.get("deps", []) if not dep.startswith(("gan_augment", "pipelines"))]
        for key in body.get("params", []):
            if "${" not in key:
                set_default(params, key.split("."))
    (root / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def set_default(params: dict[str, Any], path: list[str]) -> None:
    """Make sure that the key exists."""
    *parents, last = path
    for name in parents:
        params = params.setdefault(name, {})
    params.setdefault(last, {} if last in ("retrain", "synthesis", "prepare", "base") else 1)


def run(root: Path, *command: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment in `root`; its failure is the test's."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"DVC_NO_ANALYTICS": "1", "DVC_TEST": "1", "SHELL": "/bin/sh"}
    return subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True, **kwargs)


def stages_run(root: Path) -> list[str]:
    """The fake stages that have run, sorted."""
    log = root / "ran.log"
    return sorted(log.read_text().split()) if log.exists() else []


def lock_of(root: Path) -> Any:
    """dvc.lock as data: its order is that in which stages finished."""
    return yaml.safe_load((root / "dvc.lock").read_text())
