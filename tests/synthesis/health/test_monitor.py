"""When there is a monitor: one rule for every image GAN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.core.samples import ValidationView
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.health.alarms import MIN_ROWS
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.registry import resolve_method
from tests.settings import METHODS
from tests.toys import image_toy

TRAIN, VALIDATION = image_toy()


def with_held_out(rows: int) -> TrainingData:
    return TrainingData(TRAIN, ValidationView(TRAIN.spec, VALIDATION.samples.take(slice(rows))))


@pytest.mark.parametrize("rows", [0, 1, MIN_ROWS - 1])
def test_too_few_held_out_rows_judge_nothing(rows: int) -> None:
    assert Monitor.where_enough(with_held_out(rows), 0) is None


def test_without_held_out_rows_there_is_no_monitor_and_with_enough_there_is() -> None:
    assert Monitor.where_enough(TrainingData(TRAIN), 0) is None
    monitor = Monitor.where_enough(with_held_out(MIN_ROWS), 0, conditional=False)
    assert monitor is not None
    assert list(monitor.classes) == [0]


@pytest.mark.parametrize("name", ["conditional", "infogan", "vanilla"])
@pytest.mark.parametrize("rows", [0, 3])
def test_a_method_with_too_few_held_out_rows_trains_to_the_end_unjudged(name: str, rows: int) -> None:
    method: Any = resolve_method(name)
    config = method.Config.model_validate(METHODS[name].settings | {"kimg": 0.1})
    fitted = method.fit(with_held_out(rows), config, Run(0))
    assert fitted.stats
    assert all("kid" not in row for row in fitted.stats)


class FirstRows:
    """Conditions that are the classes, drawn as the first of the held-out rows have them."""

    def __init__(self, comparable: int) -> None:
        self.rows = comparable

    def of_rows(self, view: Any) -> np.ndarray:
        return np.asarray(view.labels)

    def comparable(self, view: Any) -> np.ndarray:
        return np.arange(len(view)) < self.rows

    def of_classes(self, labels: np.ndarray) -> np.ndarray:
        return labels


def test_held_out_rows_under_conditions_that_nothing_is_drawn_under_are_compared_with_nothing() -> None:
    data = with_held_out(MIN_ROWS + 2)
    monitor = Monitor.where_enough(data, 0, conditions=FirstRows(MIN_ROWS + 1))
    assert monitor is not None
    assert len(monitor.validation_features) == len(monitor.validation_told) == MIN_ROWS + 1
    assert Monitor.where_enough(data, 0, conditions=FirstRows(MIN_ROWS - 1)) is None
