"""What was read is told row by row, and characters that were confused are counted over all rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gan_augment.core.predictions import Adjustment, ArmRecord, FamilyRecord, VariantRecord
from gan_augment.gain.config import MeasureConfig
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.readings import readings_record
from gan_augment.scoring.tasks.text import Text
from tests.scoring.tasks.test_text import said
from tests.scoring.toys import string_spec

SPEC = string_spec(shortest=1)


def arm(*texts: str) -> ArmPredictions:
    record = ArmRecord(arm="real", rows_real=1, rows_synthetic=0, seeds=1, train_counts=(1, 1))
    variant = VariantRecord(name="v", adjustment=Adjustment(every=4), validation_loss=0.0, validation={})
    family = FamilyRecord(classifier="cnn", effort={}, variants=(variant,), chosen=0)
    found = said(*texts)[None]
    return ArmPredictions(record, family, found, found)


def test_readings_of_both_arms() -> None:
    task = Text(SPEC)
    targets = task.held_targets(pd.DataFrame({"text": ["abc", "ab", "cab"]}))
    evaluation = Evaluation(
        SPEC, np.array([0, 1, 0]), MeasureConfig(bootstrap_draws=200), np.random.default_rng(0),
        task=task, targets=targets, ids=["x", "y", "z"],
    )  # fmt: skip
    found = readings_record(arm("abc", "cb", "ca"), arm("abc", "ab", "cab"), evaluation)
    assert found["synthetic"] == {
        "strings": 3,
        "strings_right": 3,
        "wrong": [],
        "right": [{"id": "x", "text": "abc"}, {"id": "y", "text": "ab"}, {"id": "z", "text": "cab"}],
        "confused": [],
    }
    told = found["baseline"]
    assert told["wrong"] == [{"id": "y", "text": "ab", "read": "cb"}, {"id": "z", "text": "cab", "read": "ca"}]
    assert told["confused"] == [
        {"true": "a", "read": "c", "count": 1},
        {"true": "b", "read": "", "count": 1},
    ]
    assert told["strings_right"] == 1
