"""`gan-augment watch`: a page of the running trainings, rewritten until they end."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_augment.reporting.live import LiveRun

__all__ = ["print_trainings", "watch_trainings"]

QUIET_SECONDS = 60  # seconds without a training after which they count as ended: DVC starts one class after another


def print_trainings(root: Path) -> None:
    """Print the trainings' current state as JSON: one object each, running ones first. Raises MissingInputError."""
    from gan_augment.params import load_params
    from gan_augment.project.live import read_live

    load_params(root / "params.yaml")
    print(json.dumps([_facts(run) for run in read_live(root)], indent=2, ensure_ascii=False))


def _facts(run: LiveRun) -> dict[str, Any]:
    last: Any = run.curve.iloc[-1].dropna() if len(run.curve) else {}
    return {
        "name": run.name,
        "running": run.running,
        "thousands": {"of": run.things, "done": run.done, "total": run.total},
        "rate": run.rate,
        "seconds": run.seconds,
        "seconds_left": run.left,
        "figures": _finite(run.figures),
        "last_check": _finite(last),
    }


def _finite(figures: Any) -> dict[str, float | None]:
    """JSON has no infinity, but a diverging training does."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def watch_trainings(
    root: Path, html: Path | None, *, every: int, once: bool, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Write the page, print its path, and update it while a training runs; with `once` only write it.

    Raises
    ------
    MissingInputError
        `root` is not a project.
    ParamsError
        The page cannot be written.
    """
    from gan_augment.core.atomic import check_writable, write_text
    from gan_augment.params import load_params
    from gan_augment.project.live import live_folder, read_live
    from gan_augment.reporting.live import live_text, render_live

    load_params(root / "params.yaml")
    path = html or live_folder(root) / "index.html"
    path = check_writable(path, "The page")
    print(f"page: {path}", flush=True)
    ran, quiet, said = False, 0, ""
    while True:
        runs = read_live(root)
        running = [run for run in runs if run.running]
        ran = ran or bool(running)
        over = once or (ran and not running and quiet >= QUIET_SECONDS)
        quiet = 0 if running else quiet + every
        write_text(path, render_live(runs, root.resolve().name, None if over and not running else every))
        text = "\n".join(live_text(run) for run in running or runs) or "waiting for a training to begin"
        if text != said:
            print(text, flush=True)
            said = text
        if over:
            return
        sleep(every)
