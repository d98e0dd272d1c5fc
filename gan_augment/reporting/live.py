"""The page of the trainings that run now; a browser loads it again by itself."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gan_augment.reporting import sections
from gan_augment.reporting.scales import number, percent
from gan_augment.reporting.templating import page_environment

__all__ = ["SIGNS", "LiveRun", "duration", "live_text", "render_live"]

# The three discriminator accuracies of a check, and their names where there is little room.
SIGNS = {"discriminator_train": "D train", "discriminator_held_out": "D held-out", "critic_accuracy": "critic"}
_MEANINGS = {
    "discriminator_train": "real train rows rank above synthetic ones; 0.5: cannot tell",
    "discriminator_held_out": "the same for held-out rows; far below: train rows known by heart",
    "critic_accuracy": "a fresh critic tells held-out from synthetic; 0.5: equilibrium",
}


@dataclass(frozen=True)
class LiveRun:
    """One training as it is now.

    Attributes
    ----------
    done, total
        Thousands of `things` ("images", "rows") seen, and to see at most: a training may stop earlier.
    rate
        Things a second; None: not known yet.
    seconds, silent
        How long it has run, and how long ago it last said something.
    figures
        The newest losses.
    curve
        One row a check; may be empty.
    samples
        A PNG; None: none yet.
    """

    name: str
    things: str
    done: float
    total: float
    rate: float | None
    seconds: float
    silent: float
    running: bool
    figures: Mapping[str, float]
    curve: pd.DataFrame
    samples: bytes | None

    @property
    def left(self) -> float | None:
        """Seconds to the end, if it does not stop earlier."""
        if not self.running or not self.rate or self.rate < 0:
            return None
        left = 1000 * (self.total - self.done) / self.rate
        return max(left, 0.0) if math.isfinite(left) else None


def duration(seconds: float | None) -> str:
    """`1 h 05 min`, `4 min 10 s`, `12 s`; a dash for None."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def render_live(runs: Sequence[LiveRun], title: str, every: int | None) -> str:
    """The page as HTML; a browser loads it again after `every` seconds, None: never."""
    environment = page_environment()
    # What runs comes first: the others are for looking back.
    cards = [_card(run) for run in sorted(runs, key=lambda run: not run.running)]
    return environment.get_template("live.html.j2").render(title=title, every=every, cards=cards)


def live_text(run: LiveRun) -> str:
    """One line for the terminal."""
    words = [f"{run.name}: {percent(_share(run), 0)}", _state(run)]
    if run.running:
        words += [f"{number(round(run.rate))} {run.things}/s"] if run.rate and math.isfinite(run.rate) else []
        words.append(f"about {duration(run.left)} left")
    words += [f"{short} {value}" for short, value, _ in _accuracies(run)]
    return ", ".join(words).replace("\u202f", " ")


def _share(run: LiveRun) -> float:
    share = run.done / run.total if run.total > 0 else 0.0
    return min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0


def _state(run: LiveRun) -> str:
    if run.running:
        return "running"
    return "done" if run.done >= run.total else "ended before its full length"


def _accuracies(run: LiveRun) -> list[tuple[str, str, str]]:
    """(name, value, meaning) of the discriminator accuracies at the last check."""
    if run.curve.empty:
        return []
    last = run.curve.iloc[-1]
    return [(short, number(float(last[key]), 2), _MEANINGS[key]) for key, short in SIGNS.items() if key in last]


def _card(run: LiveRun) -> dict[str, Any]:
    facts = [
        (f"{number(run.done)} of {number(run.total)}", f"thousand {run.things}", ""),
        (number(round(run.rate) if run.rate and math.isfinite(run.rate) else None), f"{run.things} a second", ""),
        (duration(run.left), "left at most", f"after {duration(run.seconds)}"),
    ]
    drawn = sections.panels(run.curve)
    return {
        "name": run.name,
        "state": _state(run),
        "tone": "good" if run.running else "even",
        "silent": duration(run.silent),
        "share": round(100 * _share(run), 1),
        "tiles": facts + [(value, short, meaning) for short, value, meaning in _accuracies(run)],
        "figures": [(name.replace("_", " "), number(value)) for name, value in run.figures.items()],
        "panels": drawn.get("panels", []),
        "samples": None if run.samples is None else base64.b64encode(run.samples).decode("ascii"),
    }
