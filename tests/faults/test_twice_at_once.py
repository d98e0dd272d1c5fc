"""Stages x {twice at once}: one waits for the other and says so, both end well, and the outputs are those of one run.

It needs no clumsy user: after `kill -9` of `dvc repro` its stage lives on for a moment beside the next one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.core.locks import holding, running
from gan_augment.project.locks import READS, lock_folder
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


def test_a_killed_holder_frees_its_locks_and_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from gan_augment.core.locks import holding\n"
        "with holding(Path(sys.argv[1]), writes=['mix'], reads=['prepare']):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    held = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    assert held.stdout.readline() == "held\n"
    (found,) = running(tmp_path)
    assert (found.process, found.writes, found.reads, found.orphan) == (held.pid, ("mix",), ("prepare",), False)
    said: list[str] = []
    held.send_signal(signal.SIGSTOP)
    with pytest.raises(KeyboardInterrupt), holding(tmp_path, writes=["prepare"], say=_interrupt(said)):
        pass
    assert f"process {held.pid}" in said[0]
    assert "reads the outputs of prepare" in said[0]
    held.kill()
    held.wait()
    with holding(tmp_path, writes=["prepare", "mix"]) as locks:
        assert not locks.waited
    assert running(tmp_path) == []


def _interrupt(said: list[str]):  # type: ignore[no-untyped-def]
    def say(text: str) -> None:
        said.append(text)
        raise KeyboardInterrupt

    return say


def test_a_link_in_a_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "somebodys").write_text("mine")
    (tmp_path / "somebodys").chmod(0o600)
    (tmp_path / "mix.lock").symlink_to("somebodys")
    with pytest.raises(OSError, match=r"mix\.lock"), holding(tmp_path, writes=["mix"]):
        pass
    assert (tmp_path / "somebodys").stat().st_mode & 0o777 == 0o600


def test_what_is_no_card_among_the_cards_is_passed_over(tmp_path: Path) -> None:
    cards = tmp_path / "running"
    (cards / "folder.json").mkdir(parents=True)
    (cards / "link.json").symlink_to("nowhere")
    (cards / "text.json").write_text("no card")
    os.mkfifo(cards / "pipe.json")
    assert running(tmp_path) == []


def test_every_command_names_its_reads_in_the_order_of_the_stages() -> None:
    order = list(READS)
    for command, reads in READS.items():
        places = [order.index(name.rstrip("@*")) for name in reads]
        assert places == sorted(places)
        assert all(place < order.index(command) for place in places)


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
