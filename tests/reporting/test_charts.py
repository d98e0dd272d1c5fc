from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from gan_augment.reporting import charts
from gan_augment.reporting.charts import Series
from gan_augment.reporting.scales import nice_axis

AXIS = nice_axis([-5, 10])


def places(drawing: Markup, tag: str, attribute: str, kind: str) -> list[float]:
    found = ET.fromstring(drawing).iter(tag)
    return [float(e.attrib[attribute].rstrip("%")) for e in found if kind in e.attrib["class"].split()]


def test_an_interval_is_drawn_where_it_lies() -> None:
    drawing = charts.interval_track(AXIS, -5, 2.5, 10, "synthetic", zero=0.0)
    assert places(drawing, "circle", "cx", "dot") == [50]
    assert places(drawing, "line", "x1", "whisker") == [0, 0, 100]
    assert places(drawing, "line", "x1", "zero") == [pytest.approx(100 / 3, abs=0.01)]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6) | st.just(float("nan"))), min_size=2, max_size=20))
def test_any_line_is_a_drawing(points: list[tuple[float, float]]) -> None:
    x, y = (np.array(part) for part in zip(*points, strict=True))
    drawing = charts.line_chart([Series("a", x, y, error=np.abs(y) / 10, dots=True)], "t", mark=float(x[0]))
    ET.fromstring(drawing)
    assert "nan" not in drawing.split("<title>")[1]


def test_a_gap_breaks_the_line() -> None:
    line = Series("a", np.arange(4.0), np.array([1.0, np.nan, 2.0, 3.0]))
    path = re.search(r' d="([^"]+)"', charts.line_chart([line], "t"))
    assert path is not None
    assert path[1].count("M") == 2
    assert path[1].count("L") == 1


def test_what_is_written_on_a_chart_is_escaped() -> None:
    nasty = "<script>&"
    for drawing in (
        charts.stacked_bar([("accepted", 1)], nasty),
        charts.histogram(np.ones(3) / 3, np.ones(3) / 3, nasty),
        charts.heatmap(np.eye(2), [nasty, "b"], nasty),
        charts.line_chart([Series("a", np.arange(3.0), np.arange(3.0))], nasty),
    ):
        ET.fromstring(drawing)
        assert "<script>" not in drawing


def test_shares_fill_the_bar() -> None:
    drawing = charts.stacked_bar([("accepted", 3), ("rejected-0", 1), ("rejected-1", 0)], "t")
    assert places(drawing, "rect", "width", "accepted") == [75]
    assert places(drawing, "rect", "x", "rejected-0") == [75]


def test_an_empty_cell_is_left_out_of_the_heatmap() -> None:
    drawing = charts.heatmap(np.array([[1.0, np.nan], [-0.5, 1.0]]), ["a", "b"], "t")
    assert drawing.count("<rect") == 3
    assert drawing.count('class="negative"') == 1
