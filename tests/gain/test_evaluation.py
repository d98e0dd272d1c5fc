"""Levels of arms on a test set that is too small for Student's t to know the metric's bounds."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.gain.config import MeasureConfig
from gan_augment.gain.evaluation import Evaluation
from gan_augment.scoring.metrics import METRICS

LABELS = np.repeat(np.arange(3), 8)
SPEC = DatasetSpec(
    name="few",
    modality="image",
    classes=tuple(ClassRecord(key=key, label=key) for key in "abc"),
    image=ImageSpec(height=8, width=8, channels=1),
)


def probabilities(mistakes: int) -> np.ndarray:
    """float64 [seeds, rows, classes]: all seeds err on the same rows."""
    found = np.full((5, len(LABELS), 3), 0.05)
    wrong = np.isin(np.arange(len(LABELS)), np.random.default_rng(0).permutation(len(LABELS))[:mistakes])
    found[:, np.arange(len(LABELS)), np.where(wrong, (LABELS + 1) % 3, LABELS)] = 0.9
    return found


@pytest.mark.parametrize("mistakes", [0, 1, 3, 21, 24])
@pytest.mark.parametrize("name", METRICS)
def test_an_interval_ends_where_the_metric_does(name: str, mistakes: int) -> None:
    evaluation = Evaluation(SPEC, LABELS, MeasureConfig(), np.random.default_rng(0))
    level = evaluation.level(METRICS[name], probabilities(mistakes))
    assert 0 <= level.low <= level.mean <= level.high
    assert level.high <= 1 or name == "log_loss"
    if name == "balanced_accuracy" and mistakes == 1:
        assert level.low < level.mean < level.high == 1.0
