"""Whatever is killed in a local run: no orphan after 15 s, finished work kept, the rerun does only what is left."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from pipelines.plan import read_plan
from tests.patience import FOREVER, HANG, wait_until
from tests.pipelines.fake_project import stages_run
from tests.pipelines.processes import LOCAL, alive, environment

pytestmark = [pytest.mark.nightly]

RUN = [*LOCAL, "--workers", "2", "--retries", "0"]
# How the command lines of a lane's processes are told apart, from the outside in.
MARKS = {"guard": "guard.py", "dvc": "-m dvc", "stage": "fake_stage.py"}


def kind(process: psutil.Process) -> str | None:
    try:
        command = process.cmdline()
    except psutil.Error:
        return None
    if command[:1] == ["/bin/sh"]:
        return "shell"
    return next((name for name, mark in MARKS.items() if mark in " ".join(command)), None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("victim", ["run", *MARKS])
def test_no_orphan_and_nothing_finished_is_lost(pretrained: Path, victim: str, number: signal.Signals) -> None:
    subprocess.run([*RUN, "generate@cat"], cwd=pretrained, env=environment(), check=True, capture_output=True)
    (pretrained / "ran.log").write_text("")

    long = environment(FAKE_SECONDS=str(FOREVER), FAKE_CHILD=str(FOREVER))
    with subprocess.Popen(
        [*RUN, "generate"], cwd=pretrained, env=long, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        whole = psutil.Process(run.pid)
        try:
            assert wait_until(lambda: len(stages_run(pretrained)) == 2)
            family = whole.children(recursive=True)
            for target in [whole] if victim == "run" else [p for p in family if kind(p) == victim]:
                target.send_signal(number)
            assert wait_until(lambda: not alive(family)), [p.cmdline() for p in alive(family)]
            run.wait(HANG)
        finally:
            for left in whole.children(recursive=True) if whole.is_running() else []:
                left.kill()

    (pretrained / "ran.log").write_text("")
    subprocess.run([*RUN, "generate"], cwd=pretrained, env=environment(), check=True, capture_output=True)
    assert stages_run(pretrained) == ["generate@dog", "generate@real", "train_gan@dog", "train_gan@real"]
    assert read_plan(pretrained).only_up_to(["generate"]).stale == ()
