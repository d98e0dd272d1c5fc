"""Stages x {twice at once}: one waits for the other and says so, both end well, and the outputs are those of one run.

It needs no clumsy user: after `kill -9` of `dvc repro` its stage lives on for a moment beside the next one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.core.locks import holding, running
from gan_augment.project.locks import lock_folder
from tests.faults.small_project import COMMANDS, copy_of, outputs_hash, run_command
from tests.patience import HANG

Command = tuple[str, ...]


def start(root: Path, command: Command, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gan_augment", *command],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def twice(root: Path, command: Command) -> None:
    before = outputs_hash(root, command)
    both = [start(root, command), start(root, command)]
    for process in both:
        _, said = process.communicate(timeout=HANG)
        assert process.returncode == 0, said
    assert outputs_hash(root, command) == before
    assert running(lock_folder(root)) == []


@pytest.mark.parametrize("command", [("export",), ("prepare",)], ids=" ".join)
def test_two_runs_of_a_stage_leave_what_one_leaves(finished: Path, tmp_path: Path, command: Command) -> None:
    twice(copy_of(finished, tmp_path / "project"), command)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_two_runs_of_every_stage(finished: Path, tmp_path: Path, command: Command) -> None:
    twice(copy_of(finished, tmp_path / "project"), command)


def test_who_waits_says_for_whom_and_works_on_what_is_there_afterwards(finished: Path, tmp_path: Path) -> None:
    root = copy_of(finished, tmp_path / "project")
    with holding(lock_folder(root), writes=["prepare"]):
        waiting = start(root, ("train_gan", "a"))
        assert waiting.stderr is not None
        said = waiting.stderr.readline()
        # What it read before it had to wait is no longer true.
        params = root / "params.yaml"
        params.write_text(params.read_text(encoding="utf-8").replace("label: a", "label: c"), encoding="utf-8")
        dataset = root / "data/prepared/dataset.json"
        dataset.write_bytes(dataset.read_bytes()[:40])
    _, rest = waiting.communicate(timeout=HANG)
    assert f"process {os.getpid()}" in said
    assert "writes the outputs of prepare" in said
    assert "since 20" in said
    assert waiting.returncode == 2
    assert "dataset.json" in rest


def test_classes_and_arms_do_not_wait_for_each_other(finished: Path, tmp_path: Path) -> None:
    root = copy_of(finished, tmp_path / "project")
    with holding(lock_folder(root), writes=["generate@a", "retrain@real"], reads=["prepare", "mix"]):
        assert run_command(root, ("generate", "b")).returncode == 0
        assert run_command(root, ("retrain", "cheap")).returncode == 0


_DVC = """
import os, subprocess, sys, time
stage = [sys.executable, "-m", "gan_augment", "curate"]
subprocess.Popen(stage, env=os.environ | {"DVC_STAGE": "curate"})
time.sleep(600)  # as `dvc repro` does, which waits for its stage
"""


def test_a_stage_ends_with_the_dvc_that_started_it(finished: Path, tmp_path: Path) -> None:
    root = copy_of(finished, tmp_path / "project")
    program = tmp_path / "dvc.py"
    program.write_text(_DVC)
    before = outputs_hash(root, ("curate",))
    with holding(lock_folder(root), writes=["prepare"]):  # so that the stage is there for as long as we like
        dvc = subprocess.Popen([sys.executable, str(program)], cwd=root, stderr=subprocess.PIPE, text=True)
        assert dvc.stderr is not None
        assert "waiting for process" in dvc.stderr.readline()
        dvc.kill()
        dvc.wait()
        rest = dvc.stderr.read()  # which ends when the stage does
    assert f"process {dvc.pid}" in rest
    assert outputs_hash(root, ("curate",)) == before


def test_doctor_names_a_stage_that_outlived_its_dvc(finished: Path, tmp_path: Path) -> None:
    root = copy_of(finished, tmp_path / "project")
    with holding(lock_folder(root), writes=["mix"]):
        (card,) = (lock_folder(root) / "running").glob("*.json")
        facts = json.loads(card.read_text())
        card.write_text(json.dumps(facts | {"owner": {"process": 2**22 + 1, "started": "1"}}))
        findings = json.loads(run_command(root, ("doctor", "--json")).stdout)
    (found,) = (finding for finding in findings if finding["what"] == "running")
    assert f"process {os.getpid()}" in found["state"]
    assert "has ended" in found["state"]
    assert found["blocking"]
