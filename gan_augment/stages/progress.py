"""Progress that reads well everywhere: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

__all__ = ["progress_bar"]

_LOG_EVERY_SECONDS = 10.0

Advance = Callable[[float, float, str], None]  # done, total, what is happening now


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """Yield `advance(done, total, note)`. Total may change; nothing is printed for work under two seconds in a log."""
    if sys.stderr.isatty():
        with _rich_bar(title) as advance:
            yield advance
    else:
        yield _line_logger(title)


@contextlib.contextmanager
def _rich_bar(title: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task(title, total=None, note="")

        def advance(done: float, total: float, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield advance


def _line_logger(title: str) -> Advance:
    started = time.monotonic()
    last = started

    def advance(done: float, total: float, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _LOG_EVERY_SECONDS or not done:
            return
        last = now
        left = (now - started) * (total - done) / done
        print(f"{title}: {done / total:.0%}, about {left:.0f} s left  {note}", file=sys.stderr, flush=True)

    return advance
