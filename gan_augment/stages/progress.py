"""Progress that reads well everywhere: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from gan_augment.core.verbosity import verbosity

__all__ = ["progress_bar"]

_LOG_EVERY_SECONDS = {"normal": 10.0, "verbose": 1.0}

Advance = Callable[[float, float, str], None]  # done, total, what is happening now


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """Yield `advance(done, total, note)`. Total may change; in a log a line appears after ten seconds (verbose: one).

    Quiet: nothing is printed.
    """
    if verbosity() == "quiet":
        yield _nothing
    elif sys.stderr.isatty():
        with _rich_bar(title) as advance:
            yield advance
    else:
        yield _line_logger(title)


@contextlib.contextmanager
def _rich_bar(title: str) -> Iterator[Advance]:
    """The bar, and the note on a line of its own: beside the bar a narrow terminal has no room for it."""
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
        bar.update(task, completed=done, total=total)
        below.plain = f"  {note}" if note else ""

    with Live(Group(bar, below), console=Console(stderr=True), refresh_per_second=8):
        yield advance


def _nothing(_done: float, _total: float, _note: str = "") -> None:
    pass


def _line_logger(title: str) -> Advance:
    started, interval = time.monotonic(), _LOG_EVERY_SECONDS[verbosity()]
    last = started

    def advance(done: float, total: float, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < interval or not done:
            return
        last = now
        left = (now - started) * (total - done) / done
        print(f"{title}: {done / total:.0%}, about {left:.0f} s left  {note}", file=sys.stderr, flush=True)

    return advance
