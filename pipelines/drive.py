"""Execution of a plan: start every lane as soon as those before it are done, and continue around failures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.lane import LaneError, LaneResult
from pipelines.plan import Lane, Plan

__all__ = ["Executor", "Run", "RunError", "Watcher", "drive"]


class Executor(Protocol):
    """Runner of lanes. `submit` returns at once; `finished` blocks until at least one lane is finished."""

    def submit(self, lane: Lane) -> None:
        """Start a lane."""

    def finished(self) -> Iterable[tuple[Lane, LaneResult | LaneError]]:
        """Finished lanes, at least one. Called only while some lane runs."""


class Watcher(Protocol):
    """Observer of a run, called in the thread of `drive`."""

    def planned(self, plan: Plan) -> None:
        """Called before anything runs."""

    def started(self, lane: Lane) -> None:
        """Called when a lane was submitted to the executor."""

    def succeeded(self, lane: Lane, result: LaneResult) -> None:
        """Called when a lane is done."""

    def failed(self, lane: Lane, error: LaneError) -> None:
        """Called when a lane failed for good."""


@dataclass
class Run:
    """Outcome of a plan's lanes; every lane is in exactly one of the four."""

    up_to_date: list[Lane] = field(default_factory=list)
    results: dict[str, LaneResult] = field(default_factory=dict)
    failures: dict[str, LaneError] = field(default_factory=dict)
    blocked: list[Lane] = field(default_factory=list)  # not started: a lane before them failed


class RunError(Exception):
    """Error of a run with failed lanes; finished work is kept, and the next run does only the rest."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.run = run

    def __str__(self) -> str:
        count = len(self.run.failures)
        lines = [f"{count} lane{'s' if count > 1 else ''} failed; the others' finished work is kept"]
        for failure in self.run.failures.values():
            lines += [f"  {failure}", *(f"    | {line}" for line in failure.tail)]
        if self.run.blocked:
            lines.append(f"  not started because of that: {', '.join(lane.name for lane in self.run.blocked)}")
        return "\n".join(lines)

    @property
    def exit_code(self) -> int:
        """2 where every failure is one that the user can remove, else 1."""
        return 2 if all(failure.is_users_mistake for failure in self.run.failures.values()) else 1


def drive(plan: Plan, executor: Executor, watch: Watcher, *, side_by_side: int) -> Run:
    """Run the stale lanes, at most `side_by_side` at once, in the plan's order where several are ready.

    Raises
    ------
    RunError
        At the end, when every lane that could run has run.
    """
    run = Run(up_to_date=[lane for lane in plan.lanes if not lane.stale])
    waiting = {lane.name: lane for lane in plan.stale}
    running: set[str] = set()
    watch.planned(plan)
    while waiting or running:
        _drop_blocked(waiting, run)
        for lane in _ready(waiting, running)[: side_by_side - len(running)]:
            del waiting[lane.name]
            running.add(lane.name)
            executor.submit(lane)
            watch.started(lane)
        for lane, result in executor.finished() if running else ():
            running.remove(lane.name)
            _settle(lane, result, run, watch)
    if run.failures:
        raise RunError(run)
    return run


def _ready(waiting: dict[str, Lane], running: set[str]) -> list[Lane]:
    unfinished = waiting.keys() | running
    return [lane for lane in waiting.values() if not unfinished.intersection(lane.after)]


def _drop_blocked(waiting: dict[str, Lane], run: Run) -> None:
    lost = {lane.name for lane in run.blocked} | run.failures.keys()
    for lane in list(waiting.values()):  # in the plan's order, so a single pass reaches the dependants of dependants
        if lost.intersection(lane.after):
            lost.add(lane.name)
            run.blocked.append(waiting.pop(lane.name))


def _settle(lane: Lane, result: LaneResult | LaneError, run: Run, watch: Watcher) -> None:
    if isinstance(result, LaneError):
        run.failures[lane.name] = result
        watch.failed(lane, result)
    else:
        run.results[lane.name] = result
        watch.succeeded(lane, result)
