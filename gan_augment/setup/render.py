"""Findings as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from gan_augment.core.records import THINGS
from gan_augment.data.problems import Problem
from gan_augment.setup.companions import said_of
from gan_augment.setup.findings import Findings

__all__ = ["render_findings"]

SHOWN_CLASSES = 30
SHOWN_COLUMNS = 40
SHOWN_PLACES = 6
_MARKS = {"error": "ERROR  ", "warning": "warning", "note": "note   "}


def render_findings(findings: Findings, *, errors: bool = True) -> str:
    """Text of the findings: contents, canonical form, and every problem with its remedy (`errors` False: no errors)."""
    lines = [*_headline(findings), *_images(findings), *_pool(findings), *_columns(findings), "", *_classes(findings)]
    if findings.parts:
        sizes = ", ".join(f"{count} {part}" for part, count in findings.parts.items())
        lines += ["", f"split: {sizes}"]
    shown = [problem for problem in findings.problems if errors or problem.severity != "error"]
    for problem in sorted(shown, key=lambda p: list(_MARKS).index(p.severity)):
        lines += ["", *_problem(problem)]
    return "\n".join(lines)


def _headline(findings: Findings) -> Iterator[str]:
    classes = "1 class" if len(findings.classes) == 1 else f"{len(findings.classes)} classes"
    yield f"{findings.name}: {findings.rows:,} {THINGS[findings.modality]} in {classes}"
    if findings.licence != "unknown":
        yield f"  licence     {findings.licence}"
    if left_out := findings.entries["left_out"]:
        reasons = ", ".join(f"{reason['count']} {reason['reason'].partition(',')[0]}" for reason in left_out)
        count = sum(reason["count"] for reason in left_out)
        yield f"  left out    {count} of {findings.entries['found']} entries: {reasons}"


def _images(findings: Findings) -> Iterator[str]:
    images = findings.images
    if images is None:
        return
    (width, height), (wide, high) = images.smallest, images.largest
    same = images.smallest == images.largest
    yield f"  sizes       {width} x {height}" + ("" if same else f" to {wide} x {high}") + " px"
    yield f"  modes       {_counts(images.modes)}"
    yield f"  formats     {_counts(images.formats)}"
    colour = "grey" if images.canonical.channels == 1 else "RGB"
    yield f"  becomes     {images.canonical.width} x {images.canonical.height} px, {colour}"
    for number, said in enumerate(said_of(findings.config.companions)):
        yield f"  {'beside it' if not number else '':<12}{said}"


def _pool(findings: Findings) -> Iterator[str]:
    pool = findings.pool
    if pool is None:
        return
    labels = "without labels" if not pool.labelled else f"of which {pool.labelled:,} have a label"
    yield f"  pool        {pool.path}: {pool.rows:,} images {labels}, which only synthesizers see"
    for reason, count in pool.dropped.items():
        yield f"              {count:,} more are left out: {reason}"


def _columns(findings: Findings) -> Iterator[str]:
    if not findings.columns:
        return
    yield f"  target      {findings.target}"
    yield f"  missing     {findings.missing_values} cells"
    yield ""
    width = max(len(column.name) for column in findings.columns)
    for column in findings.columns[:SHOWN_COLUMNS]:
        missing = f", {column.missing} missing" if column.missing else ""
        yield f"  {column.name:<{width}}  {column.kind:<12}{column.distinct:>7} different{missing}"
    if len(findings.columns) > SHOWN_COLUMNS:
        yield f"  ... and {len(findings.columns) - SHOWN_COLUMNS} more columns"


def _classes(findings: Findings) -> Iterator[str]:
    width = max(len(record.key) for record in findings.classes)
    for record in findings.classes[:SHOWN_CLASSES]:
        label = f"  {record.label!r}" if record.label != record.key else ""
        yield f"  {record.key:<{width}}{record.rows:>8}{label}"
    if len(findings.classes) > SHOWN_CLASSES:
        yield f"  ... and {len(findings.classes) - SHOWN_CLASSES} more classes"


def _problem(problem: Problem) -> Iterator[str]:
    yield f"{_MARKS[problem.severity]} {problem.what}"
    for place in problem.places[:SHOWN_PLACES]:
        yield f"          {place}"
    if len(problem.places) > SHOWN_PLACES:
        yield f"          ... and {len(problem.places) - SHOWN_PLACES} more"
    if problem.remedy:
        yield f"        -> {problem.remedy}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
