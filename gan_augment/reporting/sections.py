"""What each section of the page shows, as plain values for the template. One function a section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import rival_of
from gan_augment.reporting.charts import (
    Series,
    axis_line,
    heatmap,
    histogram,
    interval_track,
    line_chart,
    stacked_bar,
)
from gan_augment.reporting.columns import associations, distributions, matched_weights
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.scales import Axis, nice_axis, number, percent, signed
from gan_augment.scoring.tasks import task_of

__all__ = [
    "arms",
    "class_gains",
    "columns",
    "curation",
    "groups",
    "headline",
    "panels",
    "ratio_curve",
    "readings",
    "robustness",
    "skipped",
    "training",
]

ARMS = {
    "real": "Real data alone",
    "real_classical": "Real + classical augmentation",
    "cheap": "Real + cheap balancing",
    "real_synthetic": "Real + synthetic",
    "real_classical_synthetic": "Real + classical + synthetic",
    "synthetic": "Synthetic alone",
    "linear_probe": "Real, pretrained features",
}
_OF_HEADLINE = {
    "unadjusted": "without logit adjustment on either side",
    "after_tuning": "after both arms moved their thresholds again",
}
_ROBUSTNESS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "average_precision": ("Average precision", " points", signed),
    "log_loss": ("Log loss (below 0 is better)", "", lambda value: signed(value, 3)),
    "calibration_error": ("Calibration error (below 0 is better)", " points", signed),
}
ADVICE = {
    "helps": "Train on the exported shards: they hold the real rows and the synthetic rows of this ratio.",
    "no measurable difference": "Do without the synthetic rows. The export holds the real rows only, unless forced.",
    "not tried": "See why the classes below got no synthetic rows. The export holds the real rows only, unless forced.",
    "hurts": "Leave the synthetic rows out. The export holds the real rows only, unless forced.",
}
TONES = {"helps": "good", "no measurable difference": "even", "not tried": "even", "hurts": "bad"}


@dataclass(frozen=True)
class IntervalRow:
    """One row of an interval plot."""

    name: str
    track: Markup
    value: str
    range: str
    note: str = ""
    kind: str = ""
    badge: str = ""


def headline(evidence: Evidence) -> dict[str, Any]:
    """The verdict, the gain's interval, and the numbers worth a tile."""
    measure = evidence.measure
    gain = measure["gain"]
    floor = gain.get("smallest_detectable")
    reach = [gain["low"], gain["high"], floor, -floor] if floor is not None else [gain["low"], gain["high"]]
    axis = nice_axis(reach, include=0.0)
    tried = measure["verdict"] != "not tried"
    return {
        "verdict": measure["verdict"],
        "tone": TONES.get(measure["verdict"], "even"),
        "before": list(measure.get("before") or []),
        "tried": tried,
        "sentence": measure["sentence"],
        "worth": (measure.get("worth") or {}).get("sentence", ""),
        "advice": ADVICE.get(measure["verdict"], ""),
        "track": interval_track(axis, gain["low"], gain["points"], gain["high"], "synthetic", zero=0.0),
        "axis": axis_line(axis, sign=True),
        "confidence": percent(gain["confidence"], 0),
        "covers": gain.get("covers", ""),
        "metric": str(gain.get("metric", "the headline")).replace("_", " "),
        "notes": list(measure.get("notes") or []),
        "between": (_arm_name(gain["baseline_arm"]), _arm_name(gain["synthetic_arm"])),
        "tiles": _tiles(evidence, gain, floor)[0 if tried else 3 :],
    }


def _tiles(evidence: Evidence, gain: Mapping[str, Any], floor: float | None) -> list[tuple[str, str, str]]:
    """(number, what it is, more about it), those of the gain first."""
    measure = evidence.measure
    ratio = float(measure["ratio"])
    return [
        (signed(gain["points"]), "points gained", f"{signed(gain['low'])} to {signed(gain['high'])}"),
        (number(floor, 2), "points: the smallest gain", "that this test set could have shown"),
        (number(ratio), "mixing ratio", "chosen on validation" if ratio else "no synthetic row did best"),
        (number(len(evidence.train)), "real train rows", f"in {len(evidence.spec.classes)} classes"),
        (number(int(measure["test_rows"])), "test rows", f"read once, {measure['seeds']} seeds an arm"),
    ]


def _arm_name(arm: str) -> str:
    rival = rival_of(arm)
    return ARMS.get(arm, arm) if rival is None else f"Real + rows of the rival {rival}"


def arms(evidence: Evidence) -> list[dict[str, Any]]:
    """One interval plot a metric that every arm has."""
    records = evidence.measure["arms"]
    words = task_of(evidence.spec).words
    known = [m for m in words if records and all(isinstance(record.get(m), Mapping) for record in records)]
    return [_metric(metric, words[metric], records, evidence.measure["gain"]) for metric in known]


def _metric(
    metric: str, words: tuple[str, str], records: Sequence[Mapping[str, Any]], gain: Mapping[str, Any]
) -> dict[str, Any]:
    name, meaning = words
    share = metric != "log_loss"
    axis = nice_axis([record[metric][end] for record in records for end in ("low", "mean", "high")])
    return {
        "key": metric,
        "name": name,
        "meaning": meaning,
        "axis": axis_line(axis, scale=100 if share else 1),
        "unit": "per cent" if share else "",
        "rows": [_arm_row(record, record[metric], axis, percent if share else number, gain) for record in records],
    }


def _arm_row(
    record: Mapping[str, Any],
    interval: Mapping[str, float],
    axis: Axis,
    show: Callable[[float], str],
    gain: Mapping[str, Any],
) -> IntervalRow:
    kind = "synthetic" if "synthetic" in record["arm"] and rival_of(record["arm"]) is None else "real"
    badges = {gain["baseline_arm"]: "best without", gain["synthetic_arm"]: "best with"}
    return IntervalRow(
        name=_arm_name(record["arm"]),
        track=interval_track(axis, interval["low"], interval["mean"], interval["high"], kind),
        value=show(interval["mean"]),
        range=f"{show(interval['low'])} to {show(interval['high'])}",
        note=_arm_note(record),
        kind=kind,
        badge=badges.get(record["arm"], ""),
    )


def _arm_note(record: Mapping[str, Any]) -> str:
    rows = [
        f"{number(int(record[f'rows_{origin}']))} {origin}"
        for origin in ("real", "synthetic")
        if record.get(f"rows_{origin}")
    ]
    return " · ".join([str(record.get("variant", "")).replace("_", " "), " + ".join(rows)]).strip(" ·")


def skipped(evidence: Evidence) -> list[tuple[str, str]]:
    """(arm, why) of the arms that had nothing to train on."""
    return [(_arm_name(arm), str(why)) for arm, why in (evidence.measure.get("skipped") or {}).items()]


def robustness(evidence: Evidence) -> list[tuple[str, str, str]]:
    """(question, gain, interval): whether the gain stands without a threshold's help and with another classifier."""
    rows: list[tuple[str, str, str]] = []
    task = task_of(evidence.spec)
    headline, _ = task.words[task.headline]
    moved = {f"{task.headline}_{key}": (f"{headline} {how}", " points", signed) for key, how in _OF_HEADLINE.items()}
    for key, (name, unit, show) in (moved | _ROBUSTNESS).items():
        if interval := (evidence.measure.get("threshold_free") or {}).get(key):
            rows.append(
                (name, f"{show(interval['mean'])}{unit}", f"{show(interval['low'])} to {show(interval['high'])}")
            )
    if second := evidence.measure.get("second_opinion"):
        name = f"With another classifier ({str(second['classifier']).replace('_', ' ')}): {second['verdict']}"
        rows.append(
            (name, f"{signed(second['points'])} points", f"{signed(second['low'])} to {signed(second['high'])}")
        )
    return rows


def class_gains(evidence: Evidence) -> dict[str, Any] | None:
    """The gain of each class, the largest first."""
    rows = sorted(evidence.measure.get(task_of(evidence.spec).figures, []), key=lambda row: -row["gain"])
    if not rows:
        return None
    axis = nice_axis([row[end] for row in rows for end in ("low", "gain", "high")], include=0.0)
    words = {"up": "gains", "down": "loses", "flat": "no clear change"}
    drawn = [
        IntervalRow(
            name=row["label"],
            track=interval_track(axis, row["low"], row["gain"], row["high"], _direction(row), zero=0.0),
            value=signed(row["gain"]),
            range=f"{signed(row['low'])} to {signed(row['high'])}",
            note=words[_direction(row)],
        )
        for row in rows
    ]
    return {"axis": axis_line(axis, sign=True), "rows": drawn}


def groups(evidence: Evidence) -> list[dict[str, Any]]:
    """A table a column of `measure.groups`: its groups and the worst one, with both arms and the gain."""
    tables = []
    for name, found in (evidence.measure.get("groups") or {}).items():
        rows = [_group_cells(group["value"], number(group["test_rows"]), group) for group in found["groups"]]
        worst = [_group_cells("the worst group", "", found["worst"])] if found["worst"] else []
        tables.append({"name": name, "rows": [*rows, *worst]})
    return tables


def readings(evidence: Evidence) -> dict[str, Any] | None:
    """Where strings are read: what was read right and wrong by both arms, and which characters were confused."""
    found = evidence.measure.get("readings")
    if not found:
        return None
    sides = [
        {
            "arm": _arm_name(evidence.measure["gain"][f"{side}_arm"]),
            "shares": f"{number(told['strings_right'])} of {number(told['strings'])} strings, by the first seed",
            "rows": [(one["text"], one["read"], "wrong") for one in told["wrong"]]
            + [(one["text"], one["text"], "right") for one in told["right"]],
            "confused": [
                (p["true"] or "nothing", p["read"] or "nothing", number(p["count"])) for p in told["confused"]
            ],
        }
        for side, told in found.items()
    ]
    return {"sides": sides}


def _group_cells(value: str, rows: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    if "gain" not in figures:
        return value, rows, "too few rows", "", "", ""
    gain = figures["gain"]
    arms_of = (percent(figures[arm]["mean"]) for arm in ("baseline", "synthetic"))
    return value, rows, *arms_of, signed(gain["mean"]), f"{signed(gain['low'])} to {signed(gain['high'])}"


def _direction(row: Mapping[str, Any]) -> str:
    return "up" if row["low"] > 0 else "down" if row["high"] < 0 else "flat"


def ratio_curve(evidence: Evidence) -> dict[str, Any] | None:
    """Validation accuracy over the mixing ratio."""
    frame, task = evidence.ratios, task_of(evidence.spec)
    if frame is None or frame.empty or not {"ratio", task.headline} <= set(frame.columns):
        return None
    frame, name = frame.dropna(subset=["ratio", task.headline]).sort_values("ratio"), task.words[task.headline][0]
    error = 100 * frame["standard_error"].to_numpy() if "standard_error" in frame else None
    line = Series(
        name.lower(), frame["ratio"].to_numpy(float), 100 * frame[task.headline].to_numpy(float),
        error=error, dots=True,
    )  # fmt: skip
    chosen = float(evidence.measure["ratio"])
    rows = [
        (number(float(r)), percent(float(b)), percent(float(e)) if e is not None else "–")
        for r, b, e in zip(frame["ratio"], frame[task.headline], _or_none(frame, "standard_error"), strict=True)
    ]
    title = f"{name} on validation over the mixing ratio, in per cent, with paired standard errors"
    folds = int(evidence.mix.get("folds", 0))
    how = f"on {folds} folds of the train and validation rows, by cross-fitting" if folds else "on validation"
    chart = line_chart([line], title, height=230, mark=chosen)
    return {"chart": chart, "measure": name.lower(), "chosen": number(chosen), "how": how, "rows": rows}


def _or_none(frame: pd.DataFrame, column: str) -> list[Any]:
    return list(frame[column]) if column in frame else [None] * len(frame)


@dataclass(frozen=True)
class _Panel:
    title: str
    columns: Mapping[str, tuple[str, str]]  # column -> (name, style)
    include: float | None = None


_PANELS = (
    _Panel("Distance to held-out rows (KID): lower is better", {"kid": ("KID", "synthetic")}, 0.0),
    _Panel(
        "Held-out rows recognised after training on synthetic rows only (CAS)", {"cas": ("CAS", "synthetic")}
    ),
    _Panel(
        "Discriminator: how often real ranks above synthetic; 0.5 cannot tell",
        {
            "discriminator_train": ("train rows", "real"),
            "discriminator_held_out": ("held-out rows", "synthetic"),
            "critic_accuracy": ("fresh critic", "third"),
        },
        0.5,
    ),
)  # fmt: skip


def training(evidence: Evidence) -> list[dict[str, Any]]:
    """The training curves: the joint model first, then each class."""
    models = [("pretrain", "All classes together")] + [(c.key, c.label) for c in evidence.spec.classes]
    return [
        {"name": label, "joint": key == "pretrain", "facts": evidence.models.get(key, {}), **drawn}
        for key, label in models
        if key in evidence.curves and (drawn := panels(evidence.curves[key]))
    ]


def panels(frame: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """The panels that everybody reads, and the other columns of the curve; without the former the latter."""
    numeric = frame.select_dtypes("number")
    if numeric.shape[1] < 2 or len(frame) < 2:
        return {}
    named = {column for panel in _PANELS for column in panel.columns}
    rest = [_Panel(str(c).replace("_", " "), {c: (str(c), "synthetic")}) for c in numeric.columns[1:] if c not in named]
    first, more = ([drawn for panel in part if (drawn := _panel(panel, numeric))] for part in (_PANELS, rest))
    return {"panels": first or more, "more": more if first else []}


def _panel(panel: _Panel, numeric: pd.DataFrame) -> dict[str, Any]:
    """One drawing over the curve's first column; empty where the curve has none of the panel's columns."""
    over = str(numeric.columns[0])
    lines = [
        Series(label, numeric[over].to_numpy(float), numeric[column].to_numpy(float), kind)
        for column, (label, kind) in panel.columns.items()
        if column in numeric and np.isfinite(numeric[column]).any()
    ]
    if not lines:
        return {}
    chart = line_chart(lines, f"{panel.title}, over {over}", height=170, include=panel.include)
    return {"title": panel.title, "chart": chart, "legend": [(line.name, line.kind) for line in lines], "over": over}


def curation(evidence: Evidence) -> list[dict[str, Any]]:
    """Accepted and rejected candidates of each class and of all, with the shares as a bar."""
    labels = {record.key: record.label for record in evidence.spec.classes}
    rows = [(labels[key], figures) for key, figures in evidence.curate.get("classes", {}).items() if key in labels]
    if overall := evidence.curate.get("overall"):
        rows.append(("All classes", overall))
    return [_curation_row(name, figures) for name, figures in rows]


def _curation_row(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    rejected = {k: v for k, v in (figures.get("rejected") or {}).items() if v}
    accepted, candidates = figures.get("accepted", 0), figures.get("candidates", 0)
    reasons = ", ".join(f"{count} {reason}" for reason, count in rejected.items()) or "none"
    parts = [
        ("accepted", accepted),
        *((f"rejected-{place % 4}", count) for place, count in enumerate(rejected.values())),
    ]
    return {
        "name": name,
        "candidates": number(int(candidates)),
        "accepted": number(int(accepted)),
        "share": percent(accepted / candidates, 0) if candidates else "–",
        "reasons": reasons,
        "bar": stacked_bar(parts, f"{accepted} of {candidates} accepted; rejected: {reasons}"),
    }


def columns(evidence: Evidence, limit: int) -> dict[str, Any] | None:
    """A table's columns side by side, and how they hang together."""
    table = evidence.spec.table
    if table is None or not limit:
        return None
    real, made = frame_of(evidence.train.payload), frame_of(evidence.accepted.payload)
    weights = matched_weights(evidence.train.manifest["label"], evidence.accepted.manifest["label"])
    found = distributions(table, real, made, weights, limit)
    names = [distribution.name for distribution in found]
    pairs = [(title, associations(table, frame, limit)) for title, frame in (("Real", real), ("Synthetic", made))]
    drawn = [(title, heatmap(matrix, names, f"{title}: how the columns hang together")) for title, matrix in pairs]
    difference = np.abs(np.abs(pairs[0][1]) - np.abs(pairs[1][1]))
    upper = difference[np.triu_indices(len(names), 1)]
    return {
        "columns": [
            {
                "d": d,
                "chart": _column_chart(d),
                "gap": number(d.gap, 2),
                "missing": (percent(d.missing_real), percent(d.missing_synthetic)),
            }
            for d in found
        ],
        "hidden": len(table.columns) - len(found),
        "compared": number(len(made)) if len(made) < _accepted_in_all(evidence) else "",
        "heatmaps": drawn,
        "names": names,
        "difference": number(float(np.nanmean(upper)), 2) if np.isfinite(upper).any() else "–",
    }


def _accepted_in_all(evidence: Evidence) -> int:
    return int((evidence.curate.get("overall") or {}).get("accepted") or 0)


def _column_chart(distribution: Any) -> Markup | list[dict[str, Any]]:
    if not distribution.values:
        title = f"{distribution.name}: real and synthetic rows over {distribution.low} to {distribution.high}"
        return histogram(distribution.real, distribution.synthetic, title)
    return [
        {"value": value, "real": round(100 * float(a), 2), "synthetic": round(100 * float(b), 2)}
        for value, a, b in zip(distribution.values, distribution.real, distribution.synthetic, strict=True)
    ]
