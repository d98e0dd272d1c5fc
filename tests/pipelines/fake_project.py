"""A project with the real dvc.yaml, whose commands are replaced by `fake_stage.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_STAGE = Path(__file__).with_name("fake_stage.py")
CLASSES = {"cat": {"label": "Cat"}, "dog": {"label": "Dog"}, "real": {"label": "Real"}}  # also the name of an arm
ARMS = ["real", "cheap", "real_synthetic"]


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
