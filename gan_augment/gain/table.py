"""Printed form of the measurement: a table of the arms, the sentence, and notes for the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gan_augment.gain.calibrate import Tally

__all__ = ["arms_frame", "render", "render_tallies"]

_COLOURS = {"helps": "green", "hurts": "red", "no measurable difference": "yellow", "not tried": "yellow"}


def arms_frame(measured: dict[str, Any]) -> pd.DataFrame:
    """Table of arms.csv, one row per arm; means, low and high ends, as shares."""
    rows = []
    for arm in measured["arms"]:
        row = {name: arm[name] for name in ("arm", "variant", "rows_real", "rows_synthetic")}
        for name, value in arm.items():
            if isinstance(value, dict) and "mean" in value:
                row |= {name: value["mean"], f"{name}_low": value["low"], f"{name}_high": value["high"]}
        rows.append(row)
    return pd.DataFrame(rows)


def render(measured: dict[str, Any], paths: dict[str, str]) -> Group:
    """Text with the table, the sentence, notes and paths. `paths`: name -> path.

    Each arm takes two lines, and so do its figures: the second shows the price of the first. A high recall of rare
    classes alone is reached by predicting them always.
    """
    table = Table(
        title=f"Figures in %, {measured['test_rows']} test rows, {measured['seeds']} seeds",
        box=SIMPLE_HEAD,  # fits into 80 columns with the rest: a number that is cut off is a wrong number
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("arm: variant", overflow="fold")
    interval = f"{measured['gain']['confidence']:.0%} interval"
    strings = "readings" in measured
    figures = ("accu-\nracy,\nF1", interval, "worst\nclass", "rare\nrecall,\nprec.")
    of_strings = ("strings,\nchar-\nacters", interval, "worst\nlength")
    for name in ("real\nrows", "made\nrows", *(of_strings if strings else figures)):
        table.add_column(name, justify="right", no_wrap=True)
    for arm in measured["arms"]:
        cells = [*_cells(arm, "character_accuracy")] if strings else [*_cells(arm, "macro_f1"), _rare(arm)]
        table.add_row(*cells, style=_style(arm["arm"], measured["gain"]))
    lines = [Text(said, style="bold") for said in measured.get("before") or []]
    lines += [Text(measured["sentence"], style=f"bold {_COLOURS[measured['verdict']]}")]
    if worth := measured.get("worth"):
        lines += [Text(worth["sentence"])]
    lines += [Text(note) for note in measured.get("notes") or []]
    lines += [Text(f"{what}: {path}", style="dim") for what, path in paths.items()]
    return Group(table, *lines)


def _style(arm: str, gain: dict[str, Any]) -> str:
    return "bold" if arm in (gain["baseline_arm"], gain["synthetic_arm"]) else ""


def _cells(arm: dict[str, Any], second: str) -> list[str | Text]:
    """Name, rows, the headline with the metric `second` below it, its interval, and the worst part."""
    accuracy = next(value for value in arm.values() if isinstance(value, dict) and "mean" in value)  # the headline
    worst = next(name for name in arm if name.startswith("worst_"))
    return [
        Text.assemble(arm["arm"], "\n  ", (arm["variant"], "dim")),
        str(arm["rows_real"]),
        str(arm["rows_synthetic"]),
        f"{_percent(accuracy['mean'])}\n{_percent(arm[second]['mean'])}",
        f"{_percent(accuracy['low'])} to {_percent(accuracy['high'])}",
        _percent(arm[worst]["mean"]),
    ]


def _rare(arm: dict[str, Any]) -> str:
    return f"{_mean(arm, 'rare_class_recall')}\n{_mean(arm, 'rare_class_precision')}"


def _mean(arm: dict[str, Any], name: str) -> str:
    """Metric of the rare classes; "none" where no class is rare."""
    return _percent(arm[name]["mean"]) if arm.get(name) else "none"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}"


def render_tallies(tallies: Sequence[Tally]) -> Table:
    """Table with one row per control: verdicts, the share that the requirement limits with its interval, met or not."""
    table = Table(title="Verdicts on synthesizers of known effect")
    for name in ("control", "runs", "helps", "none", "hurts", "mean gain", "detectable", "requirement", "share", "met"):
        table.add_column(name, justify="left" if name in ("control", "requirement") else "right")
    words = {True: "yes", False: "NO", None: "gain too small"}
    for found in tallies:
        table.add_row(
            found.control,
            str(found.runs),
            *(str(count) for count in found.verdicts.values()),
            f"{found.mean_gain:+.1f}",
            f"{found.mean_smallest_detectable:.1f}",
            found.requirement,
            f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%})",
            words[found.passed],
        )
    return table
