"""`gan-augment watch`: a page of the trainings that run, written again and again until they end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["watch_trainings"]

QUIET_SECONDS = 60  # without a training, after which they are taken to have ended: DVC starts one class after another


def watch_trainings(
    root: Path, html: Path | None, *, every: int, once: bool, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Write the page, say where it is, and keep it fresh while something runs; with `once` not again.

    Raises
    ------
    MissingInputError
        `root` is no project.
    ParamsError
        The page cannot be written.
    """
    from gan_augment.core.atomic import check_writable, write_text
    from gan_augment.params import load_params
    from gan_augment.reporting.live import live_text, render_live
    from gan_augment.stages.live import live_folder, read_live

    load_params(root / "params.yaml")
    path = html or live_folder(root) / "index.html"
    check_writable(path, "The page")
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
