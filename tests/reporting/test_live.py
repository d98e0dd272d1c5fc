"""The page of running trainings shows what a training wrote, however strange, and never fails on it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from gan_augment.reporting.live import LiveRun, duration, live_text, render_live

STRANGE = (math.inf, -math.inf, math.nan, 0.0, -1.0, 1e-320, 1e308)


def training(**changes: Any) -> LiveRun:
    facts: dict[str, Any] = {
        "name": "train_gan cat",
        "things": "images",
        "done": 20.0,
        "total": 100.0,
        "rate": 1000.0,
        "seconds": 20.0,
        "silent": 1.0,
        "running": True,
        "figures": {"loss": 0.5},
        "curve": pd.DataFrame(),
        "samples": None,
    }
    return LiveRun(**facts | changes)


def test_the_time_left_is_what_is_left_over_the_rate() -> None:
    assert training().left == 80
    assert live_text(training()) == "train_gan cat: 20 %, running, 1\u202f000 images/s, about 1 min 20 s left".replace(
        "\u202f", " "
    )


@pytest.mark.parametrize("key", ["rate", "done", "total", "seconds", "silent"])
@pytest.mark.parametrize("value", STRANGE)
def test_a_figure_that_cannot_be_is_shown_and_nothing_negative_is_left(key: str, value: float) -> None:
    run = training(**{key: value})
    text, page = live_text(run), render_live([run], "title", 5)
    assert run.left is None or 0 <= run.left < math.inf
    assert "-0 s" not in text
    assert "title" in page


@pytest.mark.parametrize("value", [None, math.inf, math.nan, -math.inf])
def test_no_duration_is_a_dash(value: float | None) -> None:
    assert duration(value) == "\u2013"
