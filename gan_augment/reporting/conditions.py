"""Did the method do what it was asked for? The guard's figures, and attributes asked for beside what was drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gan_augment.core.fields import images_of
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.pictures import data_uri
from gan_augment.reporting.scales import number, percent

__all__ = ["attributes", "guard", "guard_problems"]

_FIGURES = {
    "moved": ("Moved", "how far an output is from its own source, in distances between two sources"),
    "kept": ("Kept", "how often a judge of real rows reads the class that a row is labelled with"),
    "conditioned": ("Conditioned", "how far rows of this class lie from the others, along the way that real rows do"),
}
_PICTURES, _MOST_PICTURES, _MOST_VALUES = 8, 240, 20  # of a value, of the page, and values of a column


def guard_problems(curate: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """What the guard found wrong, a sentence each. `labels`: class key -> the user's label."""
    return list(_problems(curate.get("guard") or {}, labels))


def _problems(found: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[str]:
    for key, figures in (found.get("classes") or {}).items():
        yield from (f"class {labels.get(key, key)}: {one['problem']}" for one in figures.values() if one["problem"])
    for name, column in (found.get("columns") or {}).items():
        whole = [column[figure] for figure in ("kept", "conditioned") if figure in column]
        yield from (f"attribute {name}: {one['problem']}" for one in whole if one["problem"])
        values = (column.get("values") or {}).items()
        yield from (f"attribute {name} = {value}: {one['problem']}" for value, one in values if one["problem"])
    if (found.get("mixed") or {}).get("problem"):
        yield f"all classes: {found['mixed']['problem']}"


def guard(evidence: Evidence) -> dict[str, Any] | None:
    """A row a class and an attribute column with the figures that were measured; None where none was."""
    found = evidence.curate.get("guard")
    if not found or not found.get("classes"):
        return None
    labels = {record.key: record.label for record in evidence.spec.classes}
    classes, columns = found["classes"], found.get("columns") or {}
    named = [name for name in _FIGURES if any(name in one for one in (*classes.values(), *columns.values()))]
    rows = [(labels.get(key, key), [_cell(one.get(name)) for name in named]) for key, one in classes.items()]
    rows += [(f"attribute {key}", [_cell(one.get(name)) for name in named]) for key, one in columns.items()]
    return {
        "names": [_FIGURES[name] for name in named],
        "rows": rows,
        "mixed": _cell(found.get("mixed")),
        "problems": guard_problems(evidence.curate, labels),
    }


def _cell(figure: Mapping[str, Any] | None) -> str:
    """A figure with its standard error, and that of real rows."""
    if figure is None:
        return "–"
    return f"{number(figure['value'], 2)} ± {number(figure['error'], 2)} (real rows: {number(figure['real'], 2)})"


def attributes(evidence: Evidence) -> list[dict[str, Any]]:
    """For each attribute column its values: how often they are read from drawn and from real images, and pictures.

    A value that the model does not claim has its reason, and no pictures: its rows say nothing of it.
    """
    columns = evidence.precision or _from_guard(evidence)
    values = sum(min(len(found), _MOST_VALUES) for found in columns.values())
    most = max(1, min(_PICTURES, _MOST_PICTURES // max(1, values)))
    return [
        {
            "name": name,
            "values": [_value(evidence, name, text, one, most) for text, one in list(found.items())[:_MOST_VALUES]],
            "more": max(0, len(found) - _MOST_VALUES),
        }
        for name, found in columns.items()
    ]


def _from_guard(evidence: Evidence) -> dict[str, dict[str, Any]]:
    columns = (evidence.curate.get("guard") or {}).get("columns") or {}
    return {
        name: {text: {"drawn": one["value"], "real": one["real"]} for text, one in column["values"].items()}
        for name, column in columns.items()
    }


def _value(evidence: Evidence, name: str, text: str, figures: Mapping[str, Any], most: int) -> dict[str, Any]:
    share = figures.get("share")
    return {
        "value": text,
        "share": "" if share is None else percent(share, 0),
        "bars": [
            (kind, words, round(100 * figures[key], 1))
            for kind, key, words in (("real", "real", "held-out real"), ("synthetic", "drawn", "drawn"))
            if figures.get(key) is not None
        ],
        "unknown": evidence.unknown.get(name, {}).get(text, ""),
        "pictures": _pictures(evidence, name, text, most),
    }


def _pictures(evidence: Evidence, name: str, text: str, most: int) -> list[str]:
    """Data URIs of accepted rows that were asked for this value, of all classes in turn."""
    if evidence.asked is None or name not in evidence.asked:
        return []
    own = np.flatnonzero((evidence.asked[name].astype("string") == text).fillna(False).to_numpy(dtype=bool))
    chosen = own[np.linspace(0, len(own) - 1, min(most, len(own))).astype(int)] if len(own) else own
    return [data_uri(np.asarray(pixels)) for pixels in images_of(evidence.accepted.payload)[chosen]]
