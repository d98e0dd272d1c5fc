"""A bar for people, lines for logs; the note is readable on a narrow terminal too."""

from __future__ import annotations

import io
import math
import sys

import pytest

from gan_augment.core import progress
from gan_augment.core.progress import progress_bar
from gan_augment.core.verbosity import VERBOSITY


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_title_time_and_note_fit_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    note = "2287 images/s  D train 0.99  D held-out 0.98  critic 1.00"
    with progress_bar("pretrain [bold](conditional, 450 train samples)") as advance:
        advance(1, 4, note)
        advance(2, 4, note)
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert any(note in line for line in lines)
    assert any("pretrain [bold](conditional" in line and "50%" in line and "left" in line for line in lines)


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    log, now = io.StringIO(), iter([0.0, 1.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress_bar("curate") as advance:
        for done in (1, 2, 3, 4):
            advance(done, 4, "critic 0.93")
    assert log.getvalue().splitlines() == [
        "curate: 50%, about 20 s left  critic 0.93",
        "curate: 100%, about 0 s left  critic 0.93",
    ]


@pytest.mark.parametrize(("word", "lines"), [("quiet", 0), ("normal", 1), ("verbose", 3)])
def test_a_log_gets_as_much_as_was_asked_for(word: str, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log, now = io.StringIO(), iter([0.0, 2.0, 4.0, 12.0])
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    monkeypatch.setenv(VERBOSITY, word)
    with progress_bar("curate") as advance:
        for done in (1, 2, 3):
            advance(done, 3, "")
    assert len(log.getvalue().splitlines()) == lines


@pytest.mark.parametrize(
    ("done", "total", "said"),
    [
        (1, 4, "25%, about 30 s left"),
        (4, 4, "100%, about 0 s left"),
        (4.0001, 4, "100%, about 0 s left"),
        (5, 4, "100%, about 0 s left"),
        (1, 0, "begun"),
        (1, -1, "begun"),
        (-1, 4, "begun"),
        (math.nan, 4, "begun"),
        (1, math.nan, "begun"),
        (1, math.inf, "begun"),
        (math.inf, 4, "begun"),
        (1e-320, 4, "0%"),
    ],
)
def test_no_time_is_negative_or_none(done: float, total: float, said: str) -> None:
    assert progress._how_far(done, total, 10.0) == said
