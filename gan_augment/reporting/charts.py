"""Charts as inline SVG. Places are in per cent, so that a chart fills any width and its text keeps its size.

Colours come from classes of the style sheet, so that the same chart serves light, dark and paper. Charts that carry
more than the text beside them have a `<title>`; the others are hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from gan_augment.reporting.scales import Axis, nice_axis, number

__all__ = ["Series", "axis_line", "heatmap", "histogram", "interval_track", "line_chart", "stacked_bar"]

Floats = npt.NDArray[np.float64]

_TRACK = 28  # px: the height of one row of an interval plot
_LEFT, _RIGHT = 9.0, 98.0  # per cent: where a line chart's x axis starts (labels stand before it) and ends


def interval_track(axis: Axis, low: float, mean: float, high: float, kind: str, zero: float | None = None) -> Markup:
    """One row of an interval plot: a whisker from `low` to `high` and a dot at `mean` over the axis's ticks."""
    middle = _TRACK // 2
    parts = [_rule(axis.place(tick), 0, _TRACK, "grid") for tick in axis.ticks]
    if zero is not None:
        parts.append(_rule(axis.place(zero), 0, _TRACK, "zero"))
    start, end = axis.place(low), axis.place(high)
    parts.append(Markup('<line class="whisker {}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(
        kind, start, end, middle, middle
    ))  # fmt: skip
    parts += [_rule(place, middle - 5, middle + 5, f"whisker {kind}") for place in (start, end)]
    parts.append(Markup('<circle class="dot {}" cx="{}%" cy="{}" r="5.5"/>').format(kind, axis.place(mean), middle))
    return _svg("track", _TRACK, parts)


def axis_line(axis: Axis, *, scale: float = 1.0, sign: bool = False) -> Markup:
    """The tick labels under a stack of tracks; `scale` turns shares into per cent."""
    labels = [f"{'+' if sign and tick > 1e-12 else ''}{number(round(tick * scale, 10))}" for tick in axis.ticks]
    return _svg("axis", 18, _tick_labels([axis.place(tick) for tick in axis.ticks], labels, 13))


def stacked_bar(parts: Sequence[tuple[str, float]], title: str) -> Markup:
    """Shares of a whole, left to right: (class of the style sheet, amount)."""
    total = sum(amount for _, amount in parts) or 1.0
    ends = np.cumsum([amount for _, amount in parts]) / total * 100
    drawn = [
        Markup('<rect class="{}" x="{}%" y="0" width="{}%" height="12"/>').format(
            kind, round(end - 100 * amount / total, 3), round(100 * amount / total, 3)
        )
        for (kind, amount), end in zip(parts, ends, strict=True)
    ]
    return _svg("bar", 12, drawn, title)


@dataclass(frozen=True)
class Series:
    """One line: `x` and `y` float [n], and `error` [n] for whiskers; `kind` is a class of the style sheet."""

    name: str
    x: Floats
    y: Floats
    kind: str = "synthetic"
    error: Floats | None = None
    dots: bool = False


def line_chart(
    series: Sequence[Series], title: str, *, height: int = 190, mark: float | None = None, include: float | None = None
) -> Markup:
    """Lines over a common x. A y that is not finite breaks its line. `mark` draws a vertical rule at this x."""
    across = nice_axis(np.concatenate([s.x for s in series]))
    up = nice_axis(np.concatenate([_reach(s) for s in series]), ticks=4, include=include)
    floor = height - 22

    def x(value: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * across.place(value) / 100, 3)

    def y(value: float) -> float:
        return round(12 + (floor - 12) * (1 - up.place(value) / 100), 2)

    parts = [_level(y(tick), number(round(tick, 10))) for tick in up.ticks]
    if mark is not None:
        parts.append(_rule(x(mark), 6, floor, "mark"))
    for line in series:
        parts.append(_polyline(line, x, y, height))
        parts += _points(line, x, y)
    labels = [number(round(tick, 10)) for tick in across.ticks]
    parts += _tick_labels([x(tick) for tick in across.ticks], labels, height - 5)
    return _svg("plot", height, parts, title)


def _reach(series: Series) -> Floats:
    if series.error is None:
        return series.y
    return np.concatenate([series.y - series.error, series.y + series.error])


def _level(y: float, label: str) -> Markup:
    return Markup(
        '<line class="grid" x1="0" x2="100%" y1="{}" y2="{}"/><text class="tick" x="0" y="{}">{}</text>'
    ).format(y, y, round(y - 3, 2), label)


def _polyline(series: Series, x: object, y: object, height: int) -> Markup:
    """The line itself, in a box that stretches; its stroke does not."""
    assert callable(x)
    assert callable(y)
    path, pen = [], "M"
    for a, b in zip(series.x, series.y, strict=True):
        if not np.isfinite(b):
            pen = "M"
            continue
        path.append(f"{pen}{x(a)} {y(b)}")
        pen = "L"
    return Markup(
        '<svg x="0" y="0" width="100%" height="{h}" viewBox="0 0 100 {h}" preserveAspectRatio="none">'
        '<path class="line {kind}" d="{d}"/></svg>'
    ).format(h=height, kind=series.kind, d=" ".join(path))


def _points(series: Series, x: object, y: object) -> list[Markup]:
    assert callable(x)
    assert callable(y)
    drawn = []
    if series.error is not None:
        for a, b, e in zip(series.x, series.y, series.error, strict=True):
            if np.isfinite(b) and np.isfinite(e):
                drawn.append(_rule(x(a), y(b + e), y(b - e), f"whisker {series.kind}"))
    if series.dots:
        for a, b in zip(series.x, series.y, strict=True):
            if np.isfinite(b):
                drawn.append(
                    Markup('<circle class="dot {}" cx="{}%" cy="{}" r="4.5"/>').format(series.kind, x(a), y(b))
                )
    return drawn


def histogram(real: Floats, synthetic: Floats | None, title: str, *, height: int = 90) -> Markup:
    """Two profiles over the same bins, each a share of its own rows: float [bins] each. None: real rows only."""
    profiles = [(real, "real")] if synthetic is None else [(real, "real"), (synthetic, "synthetic")]
    top = max(float(shares.max(initial=0)) for shares, _ in profiles) or 1.0
    drawn = [_profile(shares / top, kind) for shares, kind in profiles]
    box = Markup(
        '<svg x="0" y="0" width="100%" height="{}" viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg>'
    ).format(height, Markup("").join(drawn))
    return _svg("histogram", height, [box], title)


def _profile(heights: Floats, kind: str) -> Markup:
    edges = np.linspace(0, 100, len(heights) + 1)
    steps = " ".join(
        f"V{round(100 - 96 * h, 2)} H{round(end, 3)}" for h, end in zip(heights.tolist(), edges[1:], strict=True)
    )
    return Markup('<path class="area {}" d="M0 100 {} V100 Z"/>').format(kind, steps)


def heatmap(matrix: Floats, names: Sequence[str], title: str) -> Markup:
    """A square of cells for float [n, n] in [-1, 1]; not finite: an empty cell. A cell tells its pair and its value."""
    size = len(names)
    cells = [
        Markup(
            '<rect class="{}" x="{}" y="{}" width="1.02" height="1.02" fill-opacity="{}"><title>{}</title></rect>'
        ).format(
            "negative" if matrix[row, column] < 0 else "positive",
            column,
            row,
            round(abs(float(matrix[row, column])), 3),
            f"{names[row]} × {names[column]}: {number(float(matrix[row, column]), 2)}",
        )
        for row in range(size)
        for column in range(size)
        if np.isfinite(matrix[row, column])
    ]
    return Markup('<svg class="heatmap" viewBox="0 0 {n} {n}" role="img"><title>{t}</title>{c}</svg>').format(
        n=size, t=title, c=Markup("").join(cells)
    )


def _rule(place: float, top: float, bottom: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(kind, place, place, top, bottom)


def _tick_labels(places: Sequence[float], labels: Sequence[str], y: float) -> list[Markup]:
    """Labels centred under their ticks, but never beyond the drawing's edges."""
    drawn = []
    for place, label in zip(places, labels, strict=True):
        anchor = "start" if place < 3 else "end" if place > 97 else "middle"
        drawn.append(Markup('<text class="tick {}" x="{}%" y="{}">{}</text>').format(anchor, place, y, label))
    return drawn


def _svg(kind: str, height: float, parts: Iterable[Markup], title: str | None = None) -> Markup:
    named = Markup('role="img"><title>{}</title>').format(title) if title else Markup('aria-hidden="true">')
    return Markup('<svg class="{}" width="100%" height="{}" {}{}</svg>').format(
        kind, height, named, Markup("").join(parts)
    )
