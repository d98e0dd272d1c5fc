"""Several questions: one network with a head each, or another classifier fitted once a question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gan_augment.core.samples import Samples
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.balancing import fill_up
from gan_augment.downstream.classifiers import make_classifier
from gan_augment.downstream.config import (
    ClassicalConfig,
    ClassifierConfig,
    CnnConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
)
from gan_augment.scoring.metrics import score
from gan_augment.scoring.tasks import task_of
from tests.scoring.toys import attribute_samples, attribute_spec

SPEC = attribute_spec()
ROWS, ASKED = attribute_samples(SPEC, 160, gaps=0.2), attribute_samples(SPEC, 80, seed=1)
TASK = task_of(SPEC, ROWS)
CONFIGS = [CnnConfig(steps=120, batch_size=32, width=8), LogisticRegressionConfig(), RandomForestConfig(trees=20)]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
@pytest.mark.parametrize("treatment", [Treatment(), Treatment(balanced=True), Treatment(class_weight=True)])
def test_every_classifier_learns_every_column(config: ClassifierConfig, treatment: Treatment) -> None:
    classifier = make_classifier(config, ClassicalConfig(), train_rows=len(ROWS), task=TASK)
    first, second = classifier.fit(ROWS, SPEC, treatment, [1, 2])
    given, targets = first.predict_probabilities(ASKED.payload), TASK.targets(ASKED)
    assert given.shape == (80, 5)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given[:, :3].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(given[:, 3:].sum(axis=1), 1, atol=1e-5)
    assert score(TASK.metrics[TASK.headline], given, targets) > 0.9
    assert score(TASK.metrics[TASK.headline], second.predict_probabilities(ASKED.payload), targets) > 0.9


def test_a_column_that_nobody_knows_is_even() -> None:
    nothing = {"attributes": ROWS.companions["attributes"].assign(hair=np.nan).astype("string")}  # type: ignore[union-attr]
    for config in CONFIGS:
        classifier = make_classifier(config, ClassicalConfig(), train_rows=len(ROWS), task=TASK)
        (one,) = classifier.fit(replace(ROWS, companions=nothing), SPEC, Treatment(), [1])
        found = one.predict_probabilities(ASKED.payload)
        assert np.isfinite(found).all()
        assert score(TASK.parts(TASK.targets(ASKED))[1].metric, found, TASK.targets(ASKED)) > 0.9


def test_an_interpolated_image_has_the_attributes_of_the_nearer_parent() -> None:
    few = Samples.concat([ROWS.of_class(SPEC.labels[0]), ROWS.of_class(SPEC.labels[1]).take(slice(0, 9))])
    filled = fill_up(few, SPEC, "interpolate", np.random.default_rng(0))
    made = filled.take(slice(len(few), None))
    assert (made.manifest["label"] == SPEC.labels[1]).all()
    parents = few.of_class(SPEC.labels[1])
    apart = np.abs(made.payload[:, None].astype(float) - parents.payload[None]).sum(axis=(2, 3, 4))  # type: ignore[union-attr]
    own, theirs = TASK.targets(made), TASK.targets(parents)
    assert (own == theirs[apart.argmin(axis=1)]).all(axis=1).mean() > 0.9
