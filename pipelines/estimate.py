"""Estimate of the rest of a run: durations of earlier runs and of sibling lanes, scheduled over the workers."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from gan_augment.core.atomic import write_json
from pipelines.lane import LaneError, LaneResult
from pipelines.plan import Lane, Plan
from pipelines.scratch import scratch_folder

__all__ = ["Durations", "Tally", "read_progress"]


_PROGRESS = re.compile(r"\b(\d+)%, about (\d+) s left")


def read_progress(line: str) -> tuple[float, float] | None:
    """Share done and seconds left where a stage's line has them ("train_gan cat: 45%, about 30 s left"), else None."""
    found = _PROGRESS.search(line)
    return (int(found[1]) / 100, float(found[2])) if found else None


class Durations:
    """Seconds of each lane's last full run, kept in `.gan_augment/durations.json`."""

    def __init__(self, root: Path) -> None:
        self._path = scratch_folder(root) / "durations.json"
        try:
            text = self._path.read_text(encoding="utf-8") if self._path.is_file() else "{}"  # opening a pipe blocks
            self._seconds = _durations(json.loads(text))
        except (OSError, ValueError, RecursionError):  # missing or damaged: it is only an estimate
            self._seconds = {}

    def record(self, result: LaneResult) -> None:
        """Record a lane, unless DVC skipped a part of it."""
        if all(run.outcome == "ran" for run in result.stages):
            self._seconds[result.lane] = round(result.seconds, 2)
            write_json(self._path, self._seconds)

    def guess(self, lane: str, running: Mapping[str, float]) -> float | None:
        """Duration of a lane: its own estimate, else its last one, else the mean of its siblings (`retrain@...`) or of
        all.

        `running`: own estimates of running lanes.
        """
        if lane in running or lane in self._seconds:
            return running.get(lane, self._seconds.get(lane))
        known = {**self._seconds, **running}
        siblings = [seconds for name, seconds in known.items() if _kind(name) == _kind(lane)]
        return fmean(siblings or known.values()) if known else None


def _durations(found: Any) -> dict[str, float]:
    """Durations by lane in a file; other contents are ignored."""
    items = found.items() if isinstance(found, dict) else ()
    return {lane: float(value) for lane, value in items if isinstance(value, int | float) and 0 <= value < 1e9}


def _kind(lane: str) -> str:
    return lane.rpartition("@")[0] or lane


class Tally:
    """Counter of stages with an estimate of the time left. It is a `Watcher` of `drive`."""

    def __init__(self, durations: Durations, *, side_by_side: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._durations, self._side_by_side, self._clock = durations, side_by_side, clock
        self._waiting: dict[str, Lane] = {}
        self._totals: dict[str, float] = {}  # own estimates of running lanes: their total durations
        self._since: dict[str, float] = {}
        self.stages_done = self.stages_total = 0

    def planned(self, plan: Plan) -> None:
        """Count the lanes to run."""
        self._waiting = {lane.name: lane for lane in plan.stale}
        self.stages_total = sum(len(lane.stages) for lane in plan.stale)

    def started(self, lane: Lane) -> None:
        """Note the start of a lane."""
        self._since[lane.name] = self._clock()

    def line(self, lane: Lane, text: str) -> None:
        """Read a line of a running stage, which may contain its time left. Called from any thread."""
        progress, since = read_progress(text), self._since.get(lane.name)
        if progress and since is not None:
            self._totals[lane.name] = self._clock() - since + progress[1]

    def succeeded(self, lane: Lane, result: LaneResult) -> None:
        """Record a finished lane's duration, which also serves its siblings."""
        self._durations.record(result)
        self._finish(lane)

    def failed(self, lane: Lane, _error: LaneError) -> None:
        """Drop a failed lane from the estimate."""
        self._finish(lane)

    def _finish(self, lane: Lane) -> None:
        self._since.pop(lane.name, None)
        self._totals.pop(lane.name, None)
        del self._waiting[lane.name]
        self.stages_done += len(lane.stages)

    def seconds_left(self) -> float | None:
        """Seconds left, by simulating `drive` with the estimated durations; None while none is known."""
        now, ends = self._clock(), dict[str, float]()
        free = [0.0] * self._side_by_side  # time at which each worker is free
        for lane in sorted(self._waiting.values(), key=lambda lane: lane.name not in self._since):
            guess = self._durations.guess(lane.name, self._totals)
            if guess is None:
                return None
            gone = now - self._since.get(lane.name, now)
            ready = max((ends.get(name, 0.0) for name in lane.after), default=0.0)
            ends[lane.name] = max(heapq.heappop(free), ready) + max(guess - gone, 0.0)
            heapq.heappush(free, ends[lane.name])
        return max(ends.values(), default=0.0)

    def __str__(self) -> str:
        left = self.seconds_left()
        return f"{self.stages_done} of {self.stages_total} stages" + (
            "" if left is None else f", about {_span(left)} left"
        )


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
