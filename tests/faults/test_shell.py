"""No text of params.yaml reaches the shell that DVC starts: what is no name of a class or an arm is refused before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.faults.small_project import copy_of, run_command
from tests.patience import HANG

ENVIRONMENT = {**os.environ, "DVC_NO_ANALYTICS": "1", "OMP_NUM_THREADS": "1", "SHELL": "/bin/sh"}
ENVIRONMENT["PATH"] = str(Path(sys.executable).parent) + os.pathsep + ENVIRONMENT["PATH"]


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=root, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=HANG)


@pytest.fixture(scope="module")
def recorded(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which every stage before `retrain` is up to date, as DVC sees it."""
    root = copy_of(finished, tmp_path_factory.mktemp("recorded") / "project")
    fresh = tmp_path_factory.mktemp("fresh")
    shutil.copy(root / "rows.csv", fresh)
    assert run_command(fresh, ("init", "rows.csv", "--target", "y")).returncode == 0
    shutil.copy(fresh / "dvc.yaml", root)
    fill_in(root / "params.yaml", yaml.safe_load((fresh / "params.yaml").read_text()))
    for command in (("init", "--no-scm", "-q"), ("commit", "-q", "-f", "-d", "mix")):
        done = run(root, "dvc", *command)
        assert done.returncode == 0, done.stderr
    return root


def fill_in(path: Path, defaults: dict[str, Any]) -> None:
    """Every setting that DVC tracks, as `init` writes them."""
    own = yaml.safe_load(path.read_text())
    for name in ("train_gan", "generate", "curate", "cross_fit", "mix", "retrain", "measure", "report", "export"):
        own[name] = {**defaults[name], **own.get(name, {})}
    path.write_text(yaml.safe_dump(own, sort_keys=False))


def changed(root: Path, section: str, value: Any) -> None:
    params = yaml.safe_load((root / "params.yaml").read_text())
    params[section] |= value
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


@pytest.mark.parametrize("text", ["real; touch taken", "$(touch taken)", "real\ntouch taken"])
def test_an_arm_that_is_none_is_refused_before_a_shell_sees_it(recorded: Path, text: str, tmp_path: Path) -> None:
    root = copy_of(recorded, tmp_path / "project")
    changed(root, "retrain", {"arms": [text, "real"]})
    done = run(root, "dvc", "repro", "retrain")
    assert done.returncode != 0
    assert not (root / "taken").exists()
    assert "params.yaml has 1 mistake" in done.stderr + done.stdout, done.stderr


def test_a_class_key_that_is_none_is_refused_before_a_shell_sees_it(recorded: Path, tmp_path: Path) -> None:
    root = copy_of(recorded, tmp_path / "project")
    changed(root, "classes", {"c; touch taken": {"label": "c"}})
    done = run(root, "dvc", "repro", "--keep-going", "generate")
    assert done.returncode != 0
    assert not (root / "taken").exists()
    assert "params.yaml has 1 mistake" in done.stderr + done.stdout, done.stderr


def test_what_was_prepared_and_trained_is_kept_where_an_arm_is_taken_out(recorded: Path, tmp_path: Path) -> None:
    root = copy_of(recorded, tmp_path / "project")
    changed(root, "retrain", {"arms": ["real", "real_synthetic"]})
    done = run(root, "dvc", "repro", "mix")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("Running stage")] == [
        "Running stage 'prepare':"
    ]
