"""Several runs side by side: a table for the terminal and a page, best gain first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from gan_augment.reporting.charts import axis_line, interval_track
from gan_augment.reporting.scales import nice_axis, number, percent, signed
from gan_augment.reporting.templating import page_environment

__all__ = ["COLUMNS", "Leaderboard", "Paired", "RunScore", "cells", "leaderboard_table", "render_leaderboard"]

COLUMNS = ("run", "method", "verdict", "gain", "interval", "ratio", "with synthetic", "KID", "coverage", "right class")


@dataclass(frozen=True)
class RunScore:
    """One run's figures. Gains are percentage points, the others shares in [0, 1]; None: not measured.

    `accuracy`: test balanced accuracy of the best arm with synthetic rows, chosen on validation.
    """

    name: str
    method: str
    verdict: str
    gain: float
    low: float
    high: float
    ratio: float
    accuracy: float | None
    kid: float | None
    coverage: float | None
    label_agreement: float | None


@dataclass(frozen=True)
class Paired:
    """The arm with synthetic rows of a run minus that of the leader, on the same test rows, in percentage points.

    `reason` says why there is none.
    """

    name: str
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Leaderboard:
    """Runs by falling gain, and each one's paired difference to the first."""

    scores: tuple[RunScore, ...]
    pairs: tuple[Paired, ...]


def cells(score: RunScore) -> tuple[str, ...]:
    """A run as texts, in the order of `COLUMNS`."""
    return (
        score.name,
        score.method,
        score.verdict,
        signed(score.gain),
        f"{signed(score.low)} to {signed(score.high)}",
        number(score.ratio),
        percent(score.accuracy),
        number(score.kid),
        percent(score.coverage),
        percent(score.label_agreement),
    )


def render_leaderboard(board: Leaderboard) -> str:
    """The page as HTML, self-contained like the report."""
    axis = nice_axis([end for s in board.scores for end in (s.low, s.gain, s.high)], include=0.0)
    return (
        page_environment()
        .get_template("leaderboard.html.j2")
        .render(
            columns=COLUMNS,
            rows=[cells(score) for score in board.scores],
            gains=[_row(s.name, s.low, s.gain, s.high, axis) for s in board.scores],
            axis=axis_line(axis, sign=True),
            pairs=_pairs(board.pairs),
            leader=board.scores[0].name,
        )
    )


def leaderboard_table(board: Leaderboard) -> Group:
    """The same for the terminal: a table of the runs, and a line a pair."""
    table = Table(title="Runs by gain, in percentage points of balanced accuracy")
    for name in COLUMNS:
        words = name in ("run", "method", "verdict")
        table.add_column(name, justify="left" if words else "right", no_wrap=name not in ("run", "verdict"))
    for score in board.scores:
        table.add_row(*map(Text, cells(score)))
    leader = board.scores[0].name
    return Group(
        table, Text(f"Against {leader}, paired by test row and classifier seed:"), *map(_pair_line, board.pairs)
    )


def _pair_line(pair: Paired) -> Text:
    if pair.mean is None:
        return Text(f"  {pair.name}: not paired, {pair.reason}")
    return Text(f"  {pair.name}: {signed(pair.mean)} points (95 % interval {signed(pair.low)} to {signed(pair.high)})")


def _pairs(pairs: Sequence[Paired]) -> dict[str, Any]:
    known = [
        (p.name, p.low, p.mean, p.high)
        for p in pairs
        if p.low is not None and p.mean is not None and p.high is not None
    ]
    axis = nice_axis([end for _, *ends in known for end in ends], include=0.0)
    return {
        "rows": [_row(name, low, mean, high, axis) for name, low, mean, high in known],
        "axis": axis_line(axis, sign=True),
        "missing": [(pair.name, pair.reason) for pair in pairs if pair.mean is None],
    }


def _row(name: str, low: float, mean: float, high: float, axis: Any) -> dict[str, Any]:
    kind = "up" if low > 0 else "down" if high < 0 else "flat"
    track = interval_track(axis, low, mean, high, kind, zero=0.0)
    return {"name": name, "track": track, "value": signed(mean), "range": f"{signed(low)} to {signed(high)}"}
