"""A better classifier is told first: better on validation, and surely so on test."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.predictions import ArmRecord, FamilyRecord, VariantRecord
from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.gain.better_without import better_without
from gan_augment.gain.config import MeasureConfig
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.measurement import measure

LABELS = np.repeat([0, 1], [200, 60])
SPEC = DatasetSpec(
    name="two",
    modality="image",
    classes=(ClassRecord(key="good", label="good"), ClassRecord(key="bad", label="bad")),
    image=ImageSpec(height=8, width=8, channels=1),
)
PLAN = {"ratio": 1.0, "shown_ratio": 1.0}


def arm(name: str, classifier: str, right: float, validation: float, seeds: int = 5) -> ArmPredictions:
    """An arm that is right on a share of each class's test rows."""
    truth = np.zeros((seeds, len(LABELS), 2), np.float32)
    for seed in range(seeds):
        hit = np.random.default_rng([seed, int(100 * right)]).random(len(LABELS)) < right
        truth[seed, np.arange(len(LABELS)), np.where(hit, LABELS, 1 - LABELS)] = 1
    variant = VariantRecord(
        name="class weights", validation_balanced_accuracy=validation, validation_loss=1 - validation
    )
    family = FamilyRecord(classifier=classifier, effort={}, variants=(variant,), chosen=0)
    record = ArmRecord(arm=name, rows_real=260, rows_synthetic=0, seeds=seeds, train_counts=(1080, 120))
    return ArmPredictions(record, family, truth, truth)


def evaluation() -> Evaluation:
    return Evaluation(SPEC, LABELS, MeasureConfig(), np.random.default_rng(0))


OURS = arm("real_synthetic", "hist_gradient_boosting", 0.6, 0.6)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (arm("cheap", "logistic_regression", 0.75, 0.7), True),
        (arm("cheap", "logistic_regression", 0.75, 0.6), False),  # validation did not think so
        (arm("cheap", "logistic_regression", 0.61, 0.7), False),  # on test it may be chance
        (arm("cheap", "logistic_regression", 0.75, 0.7, seeds=3), False),  # cannot be paired
    ],
)
def test_another_classifier_is_named_where_it_is_clearly_better(other: ArmPredictions, said: bool) -> None:
    sentence = better_without(other, OURS, evaluation())
    assert (sentence is not None) == said
    if sentence is not None:
        assert "logistic regression (real data with cheap balancing: class weights)" in sentence
        assert sentence.endswith("Change the classifier first.")


def test_it_stands_before_the_verdict_and_so_do_classes_without_rows() -> None:
    families = {
        "first": [arm("real", "hist_gradient_boosting", 0.58, 0.55), OURS],
        "second": [
            arm("real", "logistic_regression", 0.75, 0.7),
            arm("real_synthetic", "logistic_regression", 0.9, 0.9),
        ],
    }
    measured = measure(families, [], evaluation(), LABELS, PLAN)  # type: ignore[arg-type]
    assert len(measured["before"]) == 1
    assert "logistic regression (real data: class weights)" in measured["before"][0]
    plan = PLAN | {"not_made": {"good": "nobody asked"}}
    measured = measure(families, [], evaluation(), LABELS, plan)  # type: ignore[arg-type]
    assert measured["before"][1] == "Class 'good' got no synthetic rows, because nobody asked."
    plan = PLAN | {"not_made": {"bad": "it collapsed"}}
    measured = measure(families, [], evaluation(), LABELS, plan)  # type: ignore[arg-type]
    assert (measured["verdict"], measured["use_synthetic"]) == ("not tried", False)
    assert "Class 'bad' got no synthetic rows, because it collapsed." in measured["sentence"]
    assert len(measured["before"]) == 1
