"""Several runs side by side, on the page and in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from gan_augment.reporting.leaderboard import (
    COLUMNS,
    Leaderboard,
    Paired,
    RunScore,
    cells,
    leaderboard_table,
    render_leaderboard,
)
from tests.studies.test_comparison import compare, finished

RUN = RunScore("one", "copula", "helps", 4.2, 1.0, 7.5, 2.0, 0.912, 0.0123, None, 0.96)


def test_a_run_is_one_text_a_column_and_what_is_not_measured_is_a_dash() -> None:
    shown = dict(zip(COLUMNS, cells(RUN), strict=True))
    assert (shown["run"], shown["method"], shown["verdict"]) == ("one", "copula", "helps")
    assert (shown["gain"], shown["interval"]) == ("+4.2", "+1.0 to +7.5")
    assert shown["coverage"] == "–"
    assert shown["with synthetic"].startswith("91.2")


@pytest.mark.parametrize(("low", "high", "kind"), [(1.0, 7.5, "up"), (-7.5, -1.0, "down"), (-1.0, 1.0, "flat")])
def test_an_interval_is_coloured_by_the_side_of_zero_that_it_lies_on(low: float, high: float, kind: str) -> None:
    page = render_leaderboard(Leaderboard((replace(RUN, gain=(low + high) / 2, low=low, high=high),), ()))
    track = page[page.index("<svg") :]
    assert [one for one in ("up", "down", "flat") if f'"iv {one}' in track or f" {one}" in track] == [kind]


def test_what_could_not_be_paired_is_said_with_the_reason() -> None:
    board = Leaderboard((RUN, replace(RUN, name="two")), (Paired("two", reason="other <test> rows"),))
    page = render_leaderboard(board)
    assert "other &lt;test&gt; rows" in page
    console = Console(width=200, file=io.StringIO())
    console.print(leaderboard_table(board))
    assert "two: not paired, other <test> rows" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_page_and_the_cells_hold_every_run_escaped(tmp_path: Path) -> None:
    finished(tmp_path, "<b>a", right=1.0, gain=5.0)
    finished(tmp_path, "c", right=0.5, gain=1.0)
    board = compare(["<b>a", "c"], tmp_path)
    page = render_leaderboard(board)
    assert "<b>a" not in page
    assert "&lt;b&gt;a" in page
    assert "http" not in page.replace("http-equiv", "")
    for score in board.scores:
        assert len(cells(score)) == len(COLUMNS)
        assert all(cell in page for cell in cells(score)[1:])


def test_the_terminal_table_holds_every_run_and_pair(tmp_path: Path) -> None:
    finished(tmp_path, "[red]a", right=1.0, gain=5.0)  # no markup of rich's
    finished(tmp_path, "c", right=0.5, gain=1.0)
    console = Console(width=200, file=io.StringIO())
    console.print(leaderboard_table(compare(["[red]a", "c"], tmp_path)))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]a" in printed
    assert "c: \u221250.0 points (95 % interval" in printed
