"""What a person sees while lanes run: every line in a log, a row a running lane on a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from pipelines.display import LineDisplay, TerminalDisplay, display, outcomes
from pipelines.estimate import Durations, Tally
from pipelines.lane import LaneError, LaneResult, StageRun
from pipelines.plan import Lane, Plan

LANES = (
    Lane("prepare", ("prepare",), stale=False),
    Lane("generate@a", ("train_gan@a", "generate@a")),
    Lane("[b]generate@b", ("train_gan@b", "generate@b")),
)
RESULT = LaneResult(
    "generate@a", (StageRun("train_gan@a", "restored", 0.3), StageRun("generate@a", "ran", 2.0)), seconds=2.34
)  # fmt: skip


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    return Tally(Durations(tmp_path), side_by_side=1, clock=lambda: 0.0)


def failure() -> LaneError:
    return LaneError("[b]generate@b", None, 1, ("last words",))


def whole_run(shown: Any) -> None:
    shown.planned(Plan(LANES, frozenset()))
    for lane in LANES[1:]:
        shown.started(lane)
    shown.line(LANES[1], "epoch [1/2]")
    shown.succeeded(LANES[1], RESULT)
    shown.failed(LANES[2], failure())


def test_each_stage_is_named_with_what_became_of_it() -> None:
    assert outcomes(RESULT) == "train_gan@a restored from DVC's run-cache, generate@a ran"


def test_a_log_has_each_line_behind_its_lane_and_each_end_behind_the_count(
    tally: Tally, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_run(LineDisplay(tally))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["1 lanes are up to date, 2 to run", "generate@a | epoch [1/2]"]
    assert lines[2].endswith("] train_gan@a restored from DVC's run-cache, generate@a ran in 2.3 s")
    assert "[b]generate@b failed" in lines[3]
    assert (tally.stages_done, tally.stages_total) == (4, 4)


def test_a_terminal_has_a_row_a_running_lane_and_keeps_what_ended(tally: Tally) -> None:
    console = Console(file=io.StringIO(), width=120)
    bar = Progress(TextColumn("{task.description}"), console=console, auto_refresh=False)
    shown = TerminalDisplay(tally, bar)
    shown.planned(Plan(LANES, frozenset()))
    for lane in LANES[1:]:
        shown.started(lane)
    assert [task.description for task in bar.tasks] == ["stages", "  generate@a", "  [b]generate@b"]
    shown.line(LANES[1], "x" * 1000)
    assert bar.tasks[1].fields["note"] == "x" * 200
    shown.line(LANES[0], "of a lane without a row")
    shown.succeeded(LANES[1], RESULT)
    shown.failed(LANES[2], failure())
    assert [task.description for task in bar.tasks] == ["stages"]
    assert (bar.tasks[0].completed, bar.tasks[0].total) == (4, 4)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "done    train_gan@a restored" in said
    assert "failed " in said
    assert "[b]generate@b" in said  # no markup of rich's


@pytest.mark.parametrize(("terminal", "kind"), [(False, LineDisplay), (True, TerminalDisplay)])
def test_what_suits_standard_output_is_shown(
    tally: Tally, terminal: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", stream)
    with display(tally) as shown:
        assert type(shown) is kind
        whole_run(shown)
    assert "restored" in stream.getvalue()
