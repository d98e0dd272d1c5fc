from __future__ import annotations

from typing import Any

import pytest

from gan_augment.reporting.lights import GUIDE, lights


def states(figures: dict[str, Any]) -> dict[str, str]:
    return {light.name: light.state for light in lights(figures)}


@pytest.mark.parametrize("gauge", GUIDE, ids=lambda gauge: gauge.key)
def test_every_gauge_goes_from_poor_over_watch_to_good(gauge: Any) -> None:
    better = 1 if gauge.higher_is_better else -1
    assert gauge.state(gauge.good) == "good"
    assert gauge.state(gauge.good - better * 1e-6) == "watch"
    assert gauge.state(gauge.watch) == "watch"
    assert gauge.state(gauge.watch - better * 1e-6) == "poor"
    assert gauge.state(None) == "unknown"


def test_copies_among_the_rejected_are_a_light() -> None:
    name = "Copies thrown away"
    assert states({"candidates": 100, "rejected": {"copy": 1, "judge": 50}})[name] == "good"
    assert states({"candidates": 100, "rejected": {"copy": 20}})[name] == "poor"
    assert states({"candidates": 0, "rejected": {"copy": 0}})[name] == "unknown"
    assert states({})[name] == "unknown"


def test_the_right_class_is_as_many_as_the_judge_knows_of_real_rows() -> None:
    """A judge of classes that overlap knows six in ten real rows; synthetic rows owe it no more."""
    name = "Right class"
    assert states({"label_agreement": 0.58})[name] == "poor"
    assert states({"label_agreement": 0.58, "judge_recall": 0.6})[name] == "good"
    assert states({"label_agreement": 0.58, "judge_recall": 0.98})[name] == "poor"
    shown = next(iter(lights({"label_agreement": 0.58, "judge_recall": 0.6}))).value
    assert shown.replace("\u202f", " ") == "58.0 % (real: 60.0 %)"
