"""Lanes on machines without a shared folder: each runs in a clone, results travel through the DVC remote.

A machine pulls the lane's inputs, runs it, and pushes the outputs with the run-cache entry that records their origin.
The coordinator then runs the same `dvc repro --pull`, which finds that entry and checks the outputs out: no lane is
trained twice, and no dvc.lock has to be merged. Lanes with outputs outside the cache (metrics that Git keeps) cannot
travel this way, so the coordinator runs them itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from pipelines.lane import LaneError, LaneResult, LiveLanes, Log, run_dvc, run_lane
from pipelines.local import LocalExecutor
from pipelines.plan import Lane
from pipelines.retry import RetryPolicy, with_retries
from pipelines.scratch import scratch_folder

__all__ = ["CLONES", "CloneExecutor", "Shipment", "run_in_clone", "ship"]

CLONES = "GAN_AUGMENT_CLONES"  # on each machine: its clones, separated by `:`; a clone runs one lane at a time
_SHIPPED = ("params.yaml", "dvc.yaml", "dvc.lock")
_MISTAKE = 2
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Shipment:
    """Facts that a clone needs beside the remote: the coordinator's commit, and its current files."""

    commit: str  # empty without git
    files: tuple[tuple[str, bytes], ...]


def ship(root: Path) -> Shipment:
    """Shipment of the coordinator's folder."""
    files = ((name, root / name) for name in _SHIPPED)
    return Shipment(_commit(root), tuple((name, path.read_bytes()) for name, path in files if path.exists()))


def _commit(root: Path) -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def run_in_clone(lane: Lane, log: Log, *, shipment: Shipment, policy: RetryPolicy) -> LaneResult:
    """Run the lane in the first free clone of this machine, and push its outputs.

    Raises
    ------
    LaneError
        The lane failed, the remote does not answer, or this machine has no clone of the coordinator's commit.
    """
    live = LiveLanes()
    with _free_clone(lane) as root:
        _unpack(lane, shipment, root)
        if lane.inputs:
            run_dvc(lane, ["pull", *lane.inputs], root, log, live=live)
        result = with_retries(lambda: run_lane(lane, root, log, live=live, pull=True), policy, log, live)
        run_dvc(lane, ["push", "--run-cache", *lane.stages], root, log, live=live)
    return result


@contextlib.contextmanager
def _free_clone(lane: Lane) -> Iterator[Path]:
    """Free clone, waiting if necessary; the kernel releases it when this process ends, however it ends."""
    clones = [Path(path) for path in os.environ.get(CLONES, "").split(os.pathsep) if path]
    if not clones or not all(path.is_dir() for path in clones):
        raise LaneError(lane.name, None, _MISTAKE, (f"{CLONES} names no folder on {os.uname().nodename}",))
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context((scratch_folder(path) / "clone.lock").open("w")) for path in clones]
        while True:
            for path, file in zip(clones, files, strict=True):
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield path
                    return
            time.sleep(_POLL_SECONDS)


def _unpack(lane: Lane, shipment: Shipment, root: Path) -> None:
    here = _commit(root)
    if here != shipment.commit:
        told = f"{root} on {os.uname().nodename} is at commit {here[:10]}, the coordinator at {shipment.commit[:10]}"
        raise LaneError(lane.name, None, _MISTAKE, (told, f"there: git fetch && git checkout {shipment.commit[:10]}"))
    for name, content in shipment.files:
        (root / name).write_bytes(content)


class Nodes(Protocol):
    """Executor on other machines, such as `RayExecutor`."""

    def submit(self, lane: Lane, run: Callable[[Lane, Log], LaneResult] | None = None) -> None:
        """Start the lane there, by `run`."""

    def finished(self, timeout: float | None = None) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        """Finished lanes; none after `timeout` seconds."""


class CloneExecutor:
    """Executor of portable lanes on the nodes' clones, and of the others here; outputs are joined as they arrive.

    Parameters
    ----------
    nodes, local
        The executors of portable lanes, and of the others.
    root
        The coordinator's folder.
    log
        `log(lane, line)`.
    """

    def __init__(
        self, nodes: Nodes, local: LocalExecutor, root: Path, policy: RetryPolicy, log: Callable[[Lane, str], None]
    ) -> None:
        self._nodes, self._local, self._root, self._policy, self._log = nodes, local, root, policy, log
        self._away = self._here = 0
        self._pushed = False

    def submit(self, lane: Lane) -> None:
        """Start the lane where it can run."""
        if not lane.portable:
            self._here += 1
            self._local.submit(lane)
            return
        self._push_once(lane)
        self._away += 1
        self._nodes.submit(lane, partial(run_in_clone, shipment=ship(self._root), policy=self._policy))

    def finished(self) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        """Block until a lane is finished, here or there."""
        over: list[tuple[Lane, LaneResult | LaneError]] = []
        while not over:
            if self._here:
                local = list(self._local.finished(timeout=_POLL_SECONDS))
                self._here -= len(local)
                self._pushed = self._pushed and not local
                over += local
            if self._away:
                away = list(self._nodes.finished(timeout=0 if over else _POLL_SECONDS))
                self._away -= len(away)
                over += [(lane, self._joined(lane, result)) for lane, result in away]
        yield from over

    def _push_once(self, lane: Lane) -> None:
        """Push the outputs made here since the last push: they must be in the remote before a node reads them."""
        if not self._pushed:
            run_dvc(lane, ["push"], self._root, partial(self._log, lane))
            self._pushed = True

    def _joined(self, lane: Lane, result: LaneResult | LaneError) -> LaneResult | LaneError:
        """Fetch the outputs and the dvc.lock entry of a node's lane."""
        if isinstance(result, LaneError):
            return result
        log = partial(self._log, lane)
        try:
            joined = run_lane(lane, self._root, log, pull=True)
        except LaneError as error:
            return error
        for stage in joined.stages:
            if stage.outcome == "ran":
                log(f"warning: {stage.stage} was made here again: what a node pushed did not fit this folder")
        return result
