"""The page that one looks at before any training: the real data, what the audit found, the classical augmentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from gan_augment.core.fields import frame_of
from gan_augment.core.records import Column, DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.encoding.times import days, iso_day
from gan_augment.reporting.charts import histogram
from gan_augment.reporting.pictures import data_uri, is_pixelated
from gan_augment.reporting.scales import number, percent
from gan_augment.reporting.templating import page_environment

__all__ = ["AugmentedClass", "Preview", "preview_text", "render_preview"]

Images = npt.NDArray[np.uint8]
_BINS = 24
_SHOWN_VALUES = 5
_SHOWN_ROWS = 5  # of each class of a table
_SHOWN_COLUMNS = 60
_PAGE_BYTES = 8e6  # pictures are left out rather than the page grown beyond this


@dataclass(frozen=True)
class AugmentedClass:
    """Originals uint8 [n, h, w, c] of a class, and versions uint8 [n, versions, h, w, c] of each."""

    label: str
    originals: Images
    versions: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Preview:
    """What the page is made of.

    Attributes
    ----------
    train
        Real train rows only: a look at validation or test rows before they are used could steer the settings.
    audit
        reports/audit.json.
    augmented
        A few train pictures of each class with their augmented versions; empty for tables and where it is switched off.
    settings
        (key, value) of retrain.classical.
    pictures
        Real pictures shown a class.
    """

    spec: DatasetSpec
    train: Samples
    audit: Mapping[str, Any]
    augmented: tuple[AugmentedClass, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    pictures: int = 24


def render_preview(preview: Preview) -> str:
    """The page as HTML, self-contained like the report."""
    environment = page_environment()
    image = preview.spec.image
    return environment.get_template("preview.html.j2").render(
        spec=preview.spec,
        parts=_parts(preview),
        tiles=_tiles(preview),
        notes=_notes(preview.audit),
        sheets=list(_sheets(preview)) if image else [],
        augmented=[_drawn(one) for one in preview.augmented],
        settings=preview.settings,
        rows=None if image else _first_rows(preview),
        columns=[] if image else list(_columns(preview)),
        pixelated=is_pixelated(preview.spec),
    )


def preview_text(preview: Preview) -> str:
    """The same for the terminal, without pictures."""
    width = max(len(label) for label in preview.spec.labels)
    lines = [f"{preview.spec.name}: " + ", ".join(f"{value} {name}" for value, name, _ in _tiles(preview))]
    lines += [f"  {label:<{width}}  " + ", ".join(counts) for label, counts in _parts(preview)]
    for severity, what, where, remedy in _notes(preview.audit):
        lines.append(f"{severity}: {what}" + (f" ({where})" if where else ""))
        if remedy:
            lines.append(f"  -> {remedy}")
    return "\n".join(lines).replace("\u202f", " ")


def _parts(preview: Preview) -> list[tuple[str, list[str]]]:
    """(label, ["92 train", ...]) of each class."""
    return [
        (record["label"], [f"{number(record[part])} {part}" for part in ("train", "validation", "test")])
        for record in preview.audit.get("classes", [])
    ]


def _tiles(preview: Preview) -> list[tuple[str, str, str]]:
    """(number, name, note) of what a newcomer should know first."""
    audit, spec = preview.audit, preview.spec
    found = audit.get("duplicates", {})
    tiles = [
        (number(audit.get("rows")), "rows", _size(spec)),
        (number(len(spec.classes)), "classes", f"the largest has {number(audit.get('imbalance'))} x the smallest"),
        (number(found.get("copies")), "copies", f"and {number(found.get('near_copies'))} near copies"),
        (number(found.get("one_content_two_labels")), "contradictions", "one content under two labels"),
    ]
    if spec.table is not None:
        tiles.append((number(audit.get("missing_values")), "missing values", f"in {len(spec.table.columns)} columns"))
    if pool := audit.get("pool"):
        left_out = f"that only synthesizers see; {number(pool['dropped_rows'])} more are left out"
        tiles.append((number(pool["rows"]), "pool rows", left_out))
    if audit.get("dropped_rows"):
        tiles.append((number(audit["dropped_rows"]), "rows left out", "because of leaks between your parts"))
    return tiles


def _size(spec: DatasetSpec) -> str:
    if spec.image is None:
        return ""
    return f"{spec.image.width} x {spec.image.height} px, {'grey' if spec.image.channels == 1 else 'RGB'}"


def _notes(audit: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """(severity, what, where, remedy) of the audit's findings, and of what its figures say."""
    notes = [
        (
            n.get("severity", "note"),
            n["what"],
            n.get("where") or "; ".join(n.get("places", [])[:6]),
            n.get("remedy", ""),
        )
        for n in audit.get("notes", [])
    ]
    if tiny := audit.get("tiny_classes"):
        remedy = "collect more rows of them, or leave them out with prepare.exclude: no test says much about so few"
        notes.append(("warning", "Classes with very few rows", ", ".join(tiny), remedy))
    examples = audit.get("duplicates", {}).get("two_label_examples", [])
    if examples:
        remedy = "decide which label is right"
        notes.append(("warning", "The same content has two labels", "; ".join(map(" = ".join, examples[:3])), remedy))
    examples = audit.get("duplicates", {}).get("examples", [])
    if examples:
        where = "; ".join(" = ".join(cluster[:3]) for cluster in examples[:3])
        notes.append(("note", "Copies, which stay together in one part of the split", where, ""))
    return notes


def _sheets(preview: Preview) -> Iterator[tuple[str, int, list[str]]]:
    """(label, rows, pictures) of each class."""
    probe = np.asarray(preview.train.payload[:16])
    each = float(np.mean([len(data_uri(pixels)) for pixels in probe])) if len(probe) else 1.0
    affordable = int(_PAGE_BYTES / 2 / each / len(preview.spec.classes))
    for record in preview.spec.classes:
        own = preview.train.of_class(record.label)
        shown = np.asarray(own.payload[: min(preview.pictures, affordable)])
        yield record.label, len(own), [data_uri(pixels) for pixels in shown]


def _drawn(one: AugmentedClass) -> dict[str, Any]:
    rows = zip(one.originals, one.versions, strict=True)
    return {
        "label": one.label,
        "rows": [(data_uri(first), [data_uri(v) for v in versions]) for first, versions in rows],
    }


def _first_rows(preview: Preview) -> dict[str, Any]:
    """The first rows of each class, as texts."""
    names = [column.name for column in preview.spec.tables.columns[:_SHOWN_COLUMNS]]
    rows = []
    for label in preview.spec.labels:
        own = frame_of(preview.train.of_class(label).take(slice(0, _SHOWN_ROWS)).payload)
        rows += [(label, [_cell(value) for value in row]) for row in own[names].itertuples(index=False)]
    return {"target": preview.spec.tables.target, "names": names, "rows": rows}


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _columns(preview: Preview) -> Iterator[dict[str, Any]]:
    frame = frame_of(preview.train.payload)
    for column in preview.spec.tables.columns[:_SHOWN_COLUMNS]:
        yield _column(column, frame[column.name])


def _column(column: Column, values: pd.Series[Any]) -> dict[str, Any]:
    """One column's kind, how much is missing, and its values: a histogram, or the commonest ones."""
    present = values.dropna()
    facts: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "distinct": number(int(present.nunique())),
        "missing": percent(float(values.isna().mean())) if len(values) else "–",
        "chart": None,
        "ends": ("", ""),
        "common": [],
    }
    if column.kind in ("numeric", "datetime") and len(present):
        return facts | _profile(column, present)
    shares = present.astype(str).value_counts(normalize=True)[:_SHOWN_VALUES]
    return facts | {"common": [(str(value), percent(float(share))) for value, share in shares.items()]}


def _profile(column: Column, present: pd.Series[Any]) -> dict[str, Any]:
    values = days(present) if column.kind == "datetime" else present
    plain = np.asarray(
        values, dtype=np.longdouble
    )  # large whole numbers next to one another are one and the same float
    low = plain.min()
    counts, edges = np.histogram(np.asarray(plain - low, dtype=np.float64), _BINS)
    ends = tuple(_end(column, float(low) + float(edges[place])) for place in (0, -1))
    chart: Markup = histogram(counts / len(plain), None, f"{column.name}: real train rows over {ends[0]} to {ends[1]}")
    return {"chart": chart, "ends": ends}


def _end(column: Column, value: float) -> str:
    return iso_day(value) if column.kind == "datetime" else _cell(value)
