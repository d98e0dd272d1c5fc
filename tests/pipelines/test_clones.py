"""Lanes in clones, with a folder as the remote and without Ray: what is pulled, joined, refused, and waited for."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.clones import CLONES, CloneExecutor, run_in_clone, ship
from pipelines.lane import LaneError, LaneResult, Log
from pipelines.local import local_executor
from pipelines.plan import Lane, read_plan
from pipelines.retry import RetryPolicy
from pipelines.scratch import scratch_folder
from tests.patience import HANG
from tests.pipelines.fake_project import run, stages_run

ONCE = RetryPolicy(retries=0)
IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@b"]


@pytest.fixture
def coordinator(pretrained: Path, tmp_path: Path) -> Path:
    """A repository in which the class lanes come next; its remote is a folder."""
    run(pretrained, "git", "init", "-q")
    run(pretrained, "dvc", "config", "core.no_scm", "false")
    run(pretrained, "dvc", "remote", "add", "-d", "store", str(tmp_path / "store"))
    (pretrained / ".gitignore").write_text("/data/\n/models/\nran.log\n")
    run(pretrained, "git", "add", "-A")
    run(pretrained, "git", *IDENTITY, "commit", "-qm", "project")
    return pretrained


@pytest.fixture
def clone(coordinator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    run(tmp_path, "git", "clone", "-q", str(coordinator), "clone")
    monkeypatch.setenv(CLONES, str(tmp_path / "clone"))
    return tmp_path / "clone"


class Here:
    """Nodes that are this process."""

    def __init__(self) -> None:
        self.results: list[tuple[Lane, LaneResult | LaneError]] = []

    def submit(self, lane: Lane, run: Callable[[Lane, Log], LaneResult] | None = None) -> None:
        assert run is not None
        try:
            self.results.append((lane, run(lane, lambda line: None)))
        except LaneError as error:
            self.results.append((lane, error))

    def finished(self, timeout: float | None = None) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        while self.results:
            yield self.results.pop()


def test_a_lane_made_in_a_clone_is_joined_and_not_made_again(coordinator: Path, clone: Path) -> None:
    (lane,) = [lane for lane in read_plan(coordinator).lanes if "train_gan@cat" in lane.stages]
    said: list[str] = []
    with local_executor(coordinator, side_by_side=1, policy=ONCE, log=lambda lane, line: None) as local:
        executor = CloneExecutor(Here(), local, coordinator, ONCE, lambda lane, line: said.append(line))
        executor.submit(lane)
        ((done, result),) = executor.finished()
    assert done == lane
    assert isinstance(result, LaneResult), result
    assert [stage.outcome for stage in result.stages] == ["ran", "ran"]
    assert stages_run(clone) == ["generate@cat", "train_gan@cat"]
    assert stages_run(coordinator) == []
    assert not [line for line in said if line.startswith("warning")]
    assert (coordinator / "data/synthetic/cat/content").read_bytes() == (
        clone / "data/synthetic/cat/content"
    ).read_bytes()
    assert not next(lane for lane in read_plan(coordinator).lanes if "train_gan@cat" in lane.stages).stale


def refusal(root: Path) -> LaneError:
    with pytest.raises(LaneError) as caught:
        run_in_clone(Lane("train_gan@cat", ("train_gan@cat",)), lambda line: None, shipment=ship(root), policy=ONCE)
    assert caught.value.is_users_mistake
    return caught.value


def test_a_clone_of_another_commit_is_refused_with_the_remedy(coordinator: Path, clone: Path) -> None:
    run(coordinator, "git", *IDENTITY, "commit", "-qm", "new", "--allow-empty")
    assert "git fetch && git checkout" in refusal(coordinator).tail[-1]
    assert stages_run(clone) == []


@pytest.mark.parametrize("value", ["", "/nowhere"])
def test_a_machine_without_clones_says_so(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(CLONES, value)
    assert CLONES in refusal(project).tail[0]


def test_two_lanes_never_share_a_clone(coordinator: Path, clone: Path) -> None:
    (lane,) = [lane for lane in read_plan(coordinator).lanes if "train_gan@cat" in lane.stages]
    run(coordinator, "dvc", "push", "-q")
    worker = threading.Thread(
        target=run_in_clone, args=(lane, lambda line: None), kwargs={"shipment": ship(coordinator), "policy": ONCE}
    )
    with (scratch_folder(clone) / "clone.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        worker.start()
        time.sleep(1)
        assert stages_run(clone) == []
    worker.join(HANG)
    assert stages_run(clone) == ["generate@cat", "train_gan@cat"]
