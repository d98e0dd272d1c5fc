"""One lane in a process of its own: what it reports, how it fails, that it can be stopped."""

from __future__ import annotations

import pickle
import sys
import threading
from pathlib import Path

import psutil
import pytest

from pipelines.lane import LaneError, LaneResult, LiveLanes, lane_environment, run_lane
from pipelines.plan import Lane
from tests.patience import FOREVER, HANG
from tests.pipelines.fake_project import stages_run

CAT = Lane("train_gan+generate@cat", ("train_gan@cat", "generate@cat"))


def outcomes(result: LaneResult) -> dict[str, str]:
    return {run.stage: run.outcome for run in result.stages}


def test_a_lane_runs_its_stages_in_order_and_the_next_time_does_nothing(pretrained: Path) -> None:
    lines: list[str] = []
    assert outcomes(run_lane(CAT, pretrained, lines.append)) == {"train_gan@cat": "ran", "generate@cat": "ran"}
    assert (pretrained / "ran.log").read_text().split()[-2:] == ["train_gan@cat", "generate@cat"]
    assert "working on train_gan@cat" in lines
    again = run_lane(CAT, pretrained, lines.append)
    assert outcomes(again) == {"train_gan@cat": "unchanged", "generate@cat": "unchanged"}


def test_params_turned_back_are_restored_without_running(finished: Path) -> None:
    params = (finished / "params.yaml").read_text()
    (finished / "params.yaml").write_text(params.replace("train_gan: 1", "train_gan: 2"))
    run_lane(CAT, finished, print)
    (finished / "params.yaml").write_text(params)
    (finished / "ran.log").write_text("")  # what ran so far does not count
    assert outcomes(run_lane(CAT, finished, print))["train_gan@cat"] == "restored"
    assert stages_run(finished) == []


@pytest.mark.parametrize(("code", "mistake", "retry"), [(2, True, False), (1, False, True), (127, False, False)])
def test_a_failed_stage_says_which_and_how(
    pretrained: Path, monkeypatch: pytest.MonkeyPatch, code: int, mistake: bool, retry: bool
) -> None:
    monkeypatch.setenv("FAKE_EXIT_generate_cat", str(code))
    with pytest.raises(LaneError) as caught:
        run_lane(CAT, pretrained, print)
    error = caught.value
    assert (error.stage, error.exit_code) == ("generate@cat", code)
    assert (error.is_users_mistake, error.worth_retrying) == (mistake, retry)
    assert f"exited with {code}" in error.tail[-1]


def test_an_error_of_dvc_itself_is_no_stages_failure(pretrained: Path) -> None:
    with pytest.raises(LaneError) as caught:
        run_lane(Lane("nothing", ("nothing",)), pretrained, print)
    assert caught.value.stage is None
    assert caught.value.exit_code is None
    assert "nothing" in "".join(caught.value.tail)


def test_a_killed_stage_is_told_from_one_that_ends_by_itself() -> None:
    assert "killed by SIGKILL" in str(LaneError("cat", "train_gan@cat", -9))
    assert LaneError("cat", "train_gan@cat", -9).worth_retrying


def test_the_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(LaneError("cat", "train_gan@cat", 2, ("last line",))))
    assert (error.lane, error.stage, error.exit_code, error.tail) == ("cat", "train_gan@cat", 2, ("last line",))


def test_stopping_ends_a_running_lane_and_lets_no_other_start(
    pretrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SECONDS", str(FOREVER))
    live, seen = LiveLanes(), threading.Event()
    threading.Thread(target=lambda: seen.wait(HANG) and live.stop()).start()
    with pytest.raises(LaneError):
        run_lane(CAT, pretrained, lambda line: seen.set() if "working" in line else None, live=live)
    with pytest.raises(LaneError):
        run_lane(CAT, pretrained, print, live=live)
    assert stages_run(pretrained).count("train_gan@cat") == 1


def is_guard(process: psutil.Process) -> bool:
    try:
        return "guard.py" in " ".join(process.cmdline())
    except psutil.ZombieProcess:  # what an earlier test of this process left behind, adopted like any orphan
        return False


def test_a_killed_guard_leaves_no_dead_holder_of_a_lock(pretrained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC would take a zombie for a living holder, and the next run would stop there."""
    monkeypatch.setenv("FAKE_SECONDS", str(FOREVER))
    family: list[psutil.Process] = []

    def kill(line: str) -> None:
        if "working" in line and not family:
            (guard,) = [p for p in psutil.Process().children() if is_guard(p)]
            family.extend(guard.children(recursive=True))
            guard.kill()

    with pytest.raises(LaneError):
        run_lane(CAT, pretrained, kill)
    assert len(family) >= 2
    assert not [process for process in family if psutil.pid_exists(process.pid)]
    monkeypatch.delenv("FAKE_SECONDS")
    assert set(outcomes(run_lane(CAT, pretrained, print)).values()) == {"ran"}


def test_the_lane_finds_the_programs_of_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("SHELL", "/bin/fish")
    environment = lane_environment({"CUDA_VISIBLE_DEVICES": "1"})
    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert environment["SHELL"] == "/bin/sh"
    assert environment["CUDA_VISIBLE_DEVICES"] == "1"
