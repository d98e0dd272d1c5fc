"""Live view of a training, in `.gan_augment/live/NAME/`, for `gan-augment watch` and for TensorBoard.

state.json   progress, speed and the newest figures; at most every second
curve.csv    one row per check, as later in reports/training/NAME.csv
samples.png  a few samples, one row per class; at every check
tensorboard/ the same scalars and samples, where the package `tensorboard` is installed

DVC does not track the folder and no stage reads it: a training's result does not depend on it, and a file that cannot
be written never ends a training.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.atomic import read_json, replacing_file, write_json, write_text
from gan_augment.core.errors import MissingInputError
from gan_augment.core.png import encode_png
from gan_augment.project.layout import Project
from gan_augment.reporting.live import SIGNS, LiveRun
from gan_augment.synthesis.api import TickReport

__all__ = ["LiveRecorder", "live_folder", "live_training", "read_live"]

_WRITE_EVERY_SECONDS = 1.0
_RATE_TICKS = 20  # ticks over which the speed is averaged
_SILENT_SECONDS = 600.0  # a training silent for so long is not running, even if its process id exists


def live_folder(root: Path) -> Path:
    """Folder in which trainings of the project in `root` write."""
    return root / ".gan_augment" / "live"


def live_training(project: Project, name: str) -> LiveRecorder:
    """Recorder of `pretrain`, or of a class's own training."""
    return LiveRecorder(live_folder(project.layout.root) / name, project.spec().things)


class LiveRecorder:
    """Recorder called with every tick; writes the files and describes the tick in a few words."""

    def __init__(self, folder: Path, things: str, clock: Callable[[], float] = time.time) -> None:
        self.folder, self.things, self.clock = folder, things, clock
        self.started = self.written = 0.0
        self.ticks: deque[tuple[float, float]] = deque(maxlen=_RATE_TICKS)
        self.rows: list[dict[str, float]] = []
        self.tensorboard: Any = None

    def __call__(self, tick: TickReport) -> str:
        """Record a tick; returns speed and figures for a progress bar."""
        now = self.clock()
        if not self.ticks:
            self.started = now
            with suppress(OSError):
                self._begin(tick)
        self.ticks.append((now, tick.done))
        if tick.row is not None:
            self.rows.append(tick.row)
        with suppress(OSError):
            self._write(tick, now)
        return self._words(tick)

    def _begin(self, tick: TickReport) -> None:
        """Continue the curve of a resumed training; a new training starts with an empty folder."""
        path = self.folder / "curve.csv"
        if path.is_file():
            kept = pd.read_csv(path)
            first = str(kept.columns[0])
            if len(kept) and tick.done > kept[first].max():
                self.rows = [
                    {str(name): float(value) for name, value in row.items()} for row in kept.to_dict("records")
                ]
        if not self.rows:
            for name in ("curve.csv", "samples.png"):
                (self.folder / name).unlink(missing_ok=True)
        self.tensorboard = _tensorboard(self.folder / "tensorboard")

    def _write(self, tick: TickReport, now: float) -> None:
        if tick.row is not None:
            write_text(self.folder / "curve.csv", pd.DataFrame(self.rows).to_csv(index=False), durable=False)
        if tick.pictures is not None:
            with replacing_file(self.folder / "samples.png", durable=False) as partial:
                partial.write_bytes(encode_png(_grid(tick.pictures)))
        if self.tensorboard is not None:
            _log(self.tensorboard, tick)
        if tick.row is not None or now - self.written >= _WRITE_EVERY_SECONDS or tick.done >= tick.total:
            self.written = now
            write_json(self.folder / "state.json", self._state(tick, now), durable=False)

    def _state(self, tick: TickReport, now: float) -> dict[str, Any]:
        return {
            "things": self.things,
            "done": tick.done,
            "total": tick.total,
            "rate": self._rate(),
            "started": self.started,
            "updated": now,
            "process": os.getpid(),
            "figures": {name: float(value) for name, value in tick.figures.items() if np.isfinite(value)},
        }

    def _rate(self) -> float | None:
        """Images or rows per second over the last ticks."""
        (first, before), (last, done) = self.ticks[0], self.ticks[-1]
        return 1000 * max(done - before, 0.0) / (last - first) if last > first else None  # a roll-back lowers it

    def _words(self, tick: TickReport) -> str:
        rate = self._rate()
        words = [f"{rate:.0f} {self.things}/s"] if rate else []
        if self.rows:
            words += [f"{short} {self.rows[-1][key]:.2f}" for key, short in SIGNS.items() if key in self.rows[-1]]
        words += [f"{name.replace('_', ' ')} {value:.3f}" for name, value in tick.figures.items()]
        return "  ".join(words)


def _grid(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Picture of uint8 [rows, columns, h, w, c], with a grey line of one pixel below and right of each sample."""
    framed = np.pad(pictures, ((0, 0), (0, 0), (0, 1), (0, 1), (0, 0)), constant_values=128)
    rows, columns, height, width, channels = framed.shape
    return framed.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def _tensorboard(folder: Path) -> Any:
    """TensorBoard's writer; None where the package is not installed, or does not work with this torch."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder))


def _log(writer: Any, tick: TickReport) -> None:
    step = round(1000 * tick.done)  # images or rows seen
    for name, value in {**tick.figures, **(tick.row or {})}.items():
        writer.add_scalar(name, value, step)
    if tick.pictures is not None:
        writer.add_image("samples", _grid(tick.pictures), step, dataformats="HWC")
    if tick.row is not None or tick.done >= tick.total:
        writer.flush()


def read_live(root: Path, clock: Callable[[], float] = time.time) -> list[LiveRun]:
    """Trainings that have written, `pretrain` first; running ones are marked."""
    folders = [path.parent for path in live_folder(root).glob("*/state.json")]
    return list(_read(sorted(folders, key=lambda folder: (folder.name != "pretrain", folder.name)), clock()))


def _read(folders: list[Path], now: float) -> Iterator[LiveRun]:
    for folder in folders:
        try:
            state = read_json(folder / "state.json")
            yield LiveRun(
                name=folder.name,
                things=state["things"],
                done=state["done"],
                total=state["total"],
                rate=state["rate"],
                seconds=state["updated"] - state["started"],
                silent=max(now - state["updated"], 0.0),
                running=_alive(state["process"]) and now - state["updated"] < _SILENT_SECONDS,
                figures=state["figures"],
                curve=_curve(folder / "curve.csv"),
                samples=_bytes(folder / "samples.png"),
            )
        except (MissingInputError, KeyError, TypeError, ValueError, OverflowError):
            continue  # removed meanwhile, of another version, or not a state


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def _curve(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path) if path.is_file() else pd.DataFrame()  # opening a pipe would block
    except (OSError, ValueError):  # removed meanwhile, empty or damaged: the training rewrites it
        return pd.DataFrame()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None
