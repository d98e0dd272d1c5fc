"""Costs of each stage's last run here: wall time, CPU time, GPU time, and their price.

They are kept in `.gan_augment/costs`, outside DVC, by the command that runs a stage. The report does not show them: the
same project gives the same report, however busy the machine was.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan_augment.cli.verbosity import tell_cost
from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.errors import GanAugmentError

__all__ = ["Cost", "costs_json", "read_costs", "recorded", "render_costs"]

_HOUR = 3600


@dataclass(frozen=True)
class Cost:
    """Cost of a stage: wall seconds, CPU seconds of all its processes, and seconds of a whole GPU.

    `share`: its part of a machine's lane, below 1 where trainings share a GPU (`base.gpu_share`).
    """

    stage: str
    seconds: float
    cpu_seconds: float
    gpu_seconds: float = 0.0
    share: float = 1.0

    def price(self, per_hour: float) -> float:
        """Price in the currency of `per_hour`, which is for a GPU (or, without one, the machine) in use."""
        return self.seconds * self.share / _HOUR * per_hour


@contextlib.contextmanager
def recorded(root: Path, stage: str, gpus: float) -> Iterator[None]:
    """Record the cost of the stage in this context, if it succeeds. `gpus`: the number it holds; 0.25 is a quarter."""
    start, before = time.monotonic(), os.times()
    yield
    after = os.times()
    cost = Cost(
        stage,
        seconds=round(time.monotonic() - start, 2),
        cpu_seconds=round(sum(after[:4]) - sum(before[:4]), 2),  # of its finished children too
        gpu_seconds=round((time.monotonic() - start) * gpus, 2),
        share=gpus or 1.0,
    )
    tell_cost(stage, cost.seconds, cost.cpu_seconds)
    with contextlib.suppress(OSError):  # a full disk is reported where it stops the stage, not here
        write_json(root / ".gan_augment" / "costs" / f"{stage}.json", asdict(cost))


def read_costs(root: Path) -> dict[str, Cost]:
    """Costs by stage, of the stages that ran here."""
    costs = {}
    for path in sorted((root / ".gan_augment" / "costs").glob("*.json")):
        with contextlib.suppress(OSError, TypeError, GanAugmentError):  # damaged: no result depends on it
            cost = Cost(**read_json(path))
            costs[cost.stage] = cost
    return costs


def costs_json(costs: Iterable[Cost], per_hour: float | None) -> dict[str, Any]:
    """JSON value {"stages": [...], "total": {...}}: seconds, and a price where one is given."""
    stages = [_figures(cost.stage, [cost], per_hour) for cost in costs]
    return {"stages": stages, "total": _figures("total", costs, per_hour)}


def _figures(name: str, costs: Iterable[Cost], per_hour: float | None) -> dict[str, Any]:
    costs = list(costs)
    figures = {key: round(sum(getattr(c, key) for c in costs), 2) for key in ("seconds", "cpu_seconds", "gpu_seconds")}
    price = {} if per_hour is None else {"price": round(sum(cost.price(per_hour) for cost in costs), 4)}
    return {"stage": name} | figures | price


def render_costs(costs: Iterable[Cost], per_hour: float | None) -> Any:
    """Table for rich: one row per stage, all classes or arms together, and the sum."""
    from rich.table import Table

    groups: dict[str, list[Cost]] = {}
    for cost in costs:
        groups.setdefault(cost.stage.partition("@")[0], []).append(cost)
    table = Table(title="What each stage took when it last ran here")
    for name in ("stage", "runs", "time", "CPU time", "GPU hours", *([] if per_hour is None else ["cost"])):
        table.add_column(name, justify="left" if name == "stage" else "right", no_wrap=True)
    everything = [cost for group in groups.values() for cost in group]
    for name, group in [*groups.items(), ("all", everything)]:
        figures = _figures(name, group, per_hour)
        hours = f"{figures['gpu_seconds'] / _HOUR:.2f}" if figures["gpu_seconds"] else "–"
        price = [] if per_hour is None else [f"{figures['price']:.2f}"]
        cells = [_span(figures["seconds"]), _span(figures["cpu_seconds"]), hours, *price]
        table.add_row(name, str(len(group)), *cells, style="bold" if name == "all" else "")
    return table


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / _HOUR:.1f} h"
