"""Summary of the run in Markdown and table rows, from the files that the stages wrote; independent of Prefect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_augment.cli.costs import Cost
from gan_augment.core.atomic import read_json
from pipelines.drive import Run
from pipelines.plan import Plan

__all__ = ["read_measure", "stage_rows", "verdict_markdown", "verdict_sentence"]

_INTERVALS = (  # beside the headline
    *("macro_f1", "worst_class_recall", "worst_combination"),
    *("rare_class_recall", "rare_class_precision", "log_loss"),  # all rows called rare: full recall
)


def read_measure(root: Path) -> dict[str, Any] | None:
    """Contents of reports/measure.json, or None where it does not exist yet. Raises DamagedInputError."""
    path = root / "reports/measure.json"
    measure: dict[str, Any] | None = read_json(path) if path.exists() else None
    return measure


def verdict_sentence(root: Path) -> str:
    """Verdict in one sentence, or that there is none."""
    measure = read_measure(root)
    return " ".join(_said(measure)) if measure else "No verdict: this pipeline wrote no reports/measure.json"


def _said(measure: dict[str, Any]) -> list[str]:
    """Sentences of the verdict, preceded by more important ones, and followed by the worth of the rows in real rows."""
    worth = measure.get("worth") or {}
    after = [str(worth["sentence"])] if worth else []
    return [*map(str, measure.get("before") or []), str(measure["sentence"]), *after]


def verdict_markdown(measure: dict[str, Any]) -> str:
    """Markdown of the verdict, the gain with its interval, and a row per arm; accuracies in per cent."""
    lines = [f"# {str(measure['verdict']).capitalize()}", "", *(line for said in _said(measure) for line in (said, ""))]
    if (gain := measure.get("gain")) and measure["verdict"] != "not tried":
        lines += [_gain_sentence(gain), ""]
    return "\n".join([*lines, *_arms_table(measure.get("arms", []), str((gain or {}).get("metric", "")))]) + "\n"


def _gain_sentence(gain: dict[str, Any]) -> str:
    covers = f" The interval covers {gain['covers']}." if gain.get("covers") else ""
    interval = f"{gain['confidence']:.0%} interval {gain['low']:+.1f} to {gain['high']:+.1f}"
    arms = f"`{gain['synthetic_arm']}` against `{gain['baseline_arm']}`"
    return f"Gain in {gain['metric'].replace('_', ' ')}: **{gain['points']:+.1f} points** ({interval}), {arms}.{covers}"


def _arms_table(arms: list[dict[str, Any]], headline: str) -> list[str]:
    columns = [name for name in (headline, *_INTERVALS) if any(name in arm for arm in arms)]
    if not columns:
        return []
    head = ["arm", "variant", "real rows", "synthetic rows", *(name.replace("_", " ") for name in columns)]
    return [_row(head), _row(["---"] * len(head)), *(_row(_cells(arm, columns)) for arm in arms)]


def _cells(arm: dict[str, Any], columns: list[str]) -> list[str]:
    counts = [str(arm.get(name, "")) for name in ("arm", "variant", "rows_real", "rows_synthetic")]
    return counts + [_interval(name, arm.get(name)) for name in columns]


def _interval(name: str, value: dict[str, float] | None) -> str:
    if not value or value.get("mean") is None:
        return ""
    scale, digits = (1, 3) if name == "log_loss" else (100, 1)
    text = f"{scale * value['mean']:.{digits}f}"
    if value.get("low") is None:
        return text
    return f"{text} ({scale * value['low']:.{digits}f} to {scale * value['high']:.{digits}f})"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def stage_rows(plan: Plan, run: Run, costs: Mapping[str, Cost] | None = None) -> list[dict[str, Any]]:
    """Rows, one per stage, in the plan's order: outcome and duration; from `costs`, CPU and GPU time."""
    ran = {stage.stage: stage for result in run.results.values() for stage in result.stages}
    blocked = {lane.name for lane in run.blocked}
    rows = []
    for lane in plan.lanes:
        for name in lane.stages:
            row: dict[str, Any] = {"stage": name, "lane": lane.name, "outcome": "up to date", "seconds": None}
            if name in ran:
                row |= {"outcome": ran[name].outcome, "seconds": round(ran[name].seconds, 1)}
                if costs and name in costs and row["outcome"] == "ran":
                    row |= {f"{kind} seconds": getattr(costs[name], f"{kind}_seconds") for kind in ("cpu", "gpu")}
            elif lane.name in run.failures:
                row["outcome"] = "failed" if run.failures[lane.name].stage in (name, None) else "not run"
            elif lane.name in blocked:
                row["outcome"] = "not run"
            rows.append(row)
    return rows
