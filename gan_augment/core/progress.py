"""Progress display: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator

from gan_augment.core.verbosity import verbosity

__all__ = ["Advance", "progress_bar", "silent"]

Advance = Callable[[float, float, str], None]  # done, total, current activity

_LOG_EVERY_SECONDS = {"normal": 10.0, "verbose": 1.0}


def silent(*_: object) -> None:
    """Show nothing: the default wherever progress may be reported, in whatever form."""


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """Yield `advance(done, total, note)`. The total may change. A log gets a line every 10 s (verbose: 1 s).

    Quiet: nothing is printed.
    """
    if verbosity() == "quiet":
        yield silent
    elif sys.stderr.isatty():
        with _rich_bar(title) as advance:
            yield advance
    else:
        yield _line_logger(title)


@contextlib.contextmanager
def _rich_bar(title: str) -> Iterator[Advance]:
    """Bar with the note on a line of its own: beside the bar, a narrow terminal has no room for it."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.text import Text

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    below = Text(style="dim", no_wrap=True, overflow="ellipsis")
    task = bar.add_task(title, total=None)

    def advance(done: float, total: float, note: str = "") -> None:
        bar.update(task, completed=min(done, total), total=total)
        below.plain = f"  {note}" if note else ""

    with Live(Group(bar, below), console=Console(stderr=True), refresh_per_second=8):
        yield advance


def _line_logger(title: str) -> Advance:
    started, interval = time.monotonic(), _LOG_EVERY_SECONDS[verbosity()]
    last = started

    def advance(done: float, total: float, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < interval or not done:
            return
        last = now
        print(f"{title}: {_how_far(done, total, now - started)}  {note}", file=sys.stderr, flush=True)

    return advance


def _how_far(done: float, total: float, seconds: float) -> str:
    """Text such as `45%, about 30 s left`; a training may slightly exceed its total, and a total may become zero."""
    share = min(max(done / total, 0.0), 1.0) if total > 0 and math.isfinite(done / total) else None
    if not share:
        return "begun"
    left = seconds * (1 - share) / share
    return f"{share:.0%}, about {left:.0f} s left" if math.isfinite(left) else f"{share:.0%}"
