"""Display of running lanes: on a terminal a bar and a row per running lane, in a log every line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipelines.estimate import Tally
from pipelines.lane import LaneError, LaneResult
from pipelines.plan import Lane, Plan

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["LineDisplay", "TerminalDisplay", "display"]

_MARKS = {"ran": "ran", "restored": "restored from DVC's run-cache", "unchanged": "unchanged"}


def outcomes(result: LaneResult) -> str:
    """Text such as `train_gan@cat ran, generate@cat unchanged`."""
    return ", ".join(f"{run.stage} {_MARKS[run.outcome]}" for run in result.stages)


class LineDisplay:
    """Display for logs, pipes and CI: each line as it comes, after its lane's name."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def line(self, lane: Lane, text: str) -> None:
        """Print a line of a stage's output; called from any thread."""
        self._tally.line(lane, text)
        print(f"{lane.name} | {text}", flush=True)

    def planned(self, plan: Plan) -> None:
        """Print the size of the plan."""
        self._tally.planned(plan)
        print(f"{len(plan.lanes) - len(plan.stale)} lanes are up to date, {len(plan.stale)} to run", flush=True)

    def started(self, lane: Lane) -> None:
        """Print nothing: DVC's first line announces the lane."""
        self._tally.started(lane)

    def succeeded(self, lane: Lane, result: LaneResult) -> None:
        """Count the lane."""
        self._tally.succeeded(lane, result)
        print(f"[{self._tally}] {outcomes(result)} in {result.seconds:.1f} s", flush=True)

    def failed(self, lane: Lane, error: LaneError) -> None:
        """Report the failure now; the end of the run repeats it, with the last lines."""
        self._tally.failed(lane, error)
        print(f"[{self._tally}] {error}", flush=True)


class TerminalDisplay:
    """Display for a terminal: progress, time left, and the activity of each running lane."""

    def __init__(self, tally: Tally, bar: Progress) -> None:
        self._tally, self._bar = tally, bar
        self._all = bar.add_task("stages", note=tally)
        self._rows: dict[str, TaskID] = {}

    def line(self, lane: Lane, text: str) -> None:
        """Show the newest line in the lane's row; the lane's log file keeps them all. Called from any thread."""
        self._tally.line(lane, text)
        if lane.name in self._rows:
            self._bar.update(self._rows[lane.name], note=text[:200])

    def planned(self, plan: Plan) -> None:
        """Print the size of the plan."""
        self._tally.planned(plan)
        self._print(f"{len(plan.lanes) - len(plan.stale)} lanes are up to date, {len(plan.stale)} to run")

    def started(self, lane: Lane) -> None:
        """Open the lane's row."""
        self._tally.started(lane)
        self._rows[lane.name] = self._bar.add_task(f"  {lane.name}", total=None, note="")

    def succeeded(self, lane: Lane, result: LaneResult) -> None:
        """Close its row, leave a line."""
        self._tally.succeeded(lane, result)
        self._close(lane)
        self._print(f"done    {outcomes(result)} in {result.seconds:.1f} s")

    def failed(self, lane: Lane, error: LaneError) -> None:
        """Close its row, leave a line."""
        self._tally.failed(lane, error)
        self._close(lane)
        self._print(f"failed  {error}")

    def _close(self, lane: Lane) -> None:
        self._bar.remove_task(self._rows.pop(lane.name))

    def _print(self, text: str) -> None:
        self._bar.update(self._all, completed=self._tally.stages_done, total=self._tally.stages_total)
        self._bar.console.print(text, highlight=False, markup=False)


@contextlib.contextmanager
def display(tally: Tally) -> Iterator[LineDisplay | TerminalDisplay]:
    """Display that suits this process's standard output."""
    if not sys.stdout.isatty():
        yield LineDisplay(tally)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),  # a Tally's note is rewritten at each refresh
    )
    with Progress(*columns, refresh_per_second=4) as bar:
        yield TerminalDisplay(tally, bar)
