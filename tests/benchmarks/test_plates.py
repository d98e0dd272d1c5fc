"""Every arm of the comparison takes as many steps, and sees as many labelled pictures, in the same rounds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "plates.py"


@pytest.fixture(scope="module")
def plates() -> Any:
    spec = importlib.util.spec_from_file_location("benchmarks_plates", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("labelled", [50, 400])
@pytest.mark.parametrize("own", [1, 300, 8000])
def test_labelled_rows_are_shown_as_often_whatever_the_arm_has_beside(plates: Any, own: int, labelled: int) -> None:
    schedule = plates.Schedule(steps=40, batch=16)
    order = plates.shown_rows(own, labelled, schedule, np.random.default_rng(0))
    assert len(order) == 40 * 16
    real = order >= own
    assert int(real.sum()) == schedule.real(labelled) == 20 * 16
    assert real[-320:].all()  # first the arm's own rows, then fine-tuning on labelled ones
    times = np.bincount(order[real] - own, minlength=labelled)
    assert times.max() - times.min() <= 1


def test_without_rows_of_its_own_an_arm_shows_labelled_ones_and_without_labels_its_own(plates: Any) -> None:
    schedule = plates.Schedule(steps=10, batch=8)
    assert plates.shown_rows(0, 7, schedule, np.random.default_rng(0)).max() == 6
    assert plates.shown_rows(30, 0, schedule, np.random.default_rng(0)).max() == 29
    assert schedule.real(0) == 0
