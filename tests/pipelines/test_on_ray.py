"""The same lanes on Ray: one machine, the same result, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.fake_project import REPOSITORY, lock_of, stages_run

pytest.importorskip("ray")
pytestmark = [pytest.mark.nightly]


def run_on_ray(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(REPOSITORY), "RAY_USAGE_STATS_ENABLED": "0", **environment}
    return subprocess.run(
        [sys.executable, "-m", "pipelines", "run", "--executor", "ray", "--workers", "2", *arguments],
        cwd=root, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_ray_gives_what_dvc_repro_gives_and_passes_every_line_on(pretrained: Path, finished: Path) -> None:
    done = run_on_ray(pretrained)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lock_of(pretrained) == lock_of(finished)
    assert "train_gan+generate@cat | working on train_gan@cat" in done.stdout
    assert "working on measure" in (pretrained / ".gan_augment/logs/measure.log").read_text()


def test_a_failure_on_ray_keeps_the_siblings(pretrained: Path) -> None:
    done = run_on_ray(pretrained, "mix", "--retries", "0", FAKE_EXIT_train_gan_cat="2")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "train_gan@cat failed with exit code 2" in done.stderr
    assert {"generate@dog", "generate@real"} <= set(stages_run(pretrained))
