"""What every task promises."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import score
from gan_augment.scoring.tasks import Task, task_of, task_with
from gan_augment.scoring.tasks.api import Targets
from tests.scoring.toys import attribute_samples, attribute_spec

SPEC = attribute_spec(3)
ROWS = attribute_samples(SPEC, 60)


def label_spec() -> DatasetSpec:
    return SPEC.model_copy(update={"target": "label"})


@pytest.fixture(params=["label", "attributes"])
def task(request: pytest.FixtureRequest) -> Task:
    return task_of(SPEC if request.param == "attributes" else label_spec(), ROWS)


def guesses(task: Task, targets: Targets) -> np.ndarray:
    """[2, n, K]: probabilities as a classifier of every question gives them."""
    rng = np.random.default_rng(0)
    widths = [len(levels) for levels in task.levels.values()] or [len(task.spec.classes)]
    parts = []
    for width, own in zip(widths, targets.reshape(len(targets), -1).T, strict=True):
        logits = rng.normal(size=(2, len(targets), width)) + 2 * (own[:, None] == np.arange(width))
        parts.append(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))
    return np.concatenate(parts, axis=-1)


def test_the_headline_the_worst_part_and_the_decisions_are_metrics(task: Task) -> None:
    assert {task.headline, task.worst, *task.decisions} <= set(task.metrics)
    assert next(iter(task.metrics)) == task.headline
    assert {"log_loss", "average_precision", "calibration_error"} <= set(task.metrics)
    assert task.headline in task.words


def test_figures_of_right_answers_are_perfect(task: Task) -> None:
    targets = task.targets(ROWS)
    right = (guesses(task, targets)[0] > 2) * 1.0
    start = 0
    for place, width in enumerate([len(levels) for levels in task.levels.values()] or [3]):
        own = targets.reshape(len(targets), -1)[:, place]
        right[np.flatnonzero(own >= 0), start + own[own >= 0]] = 1
        start += width
    for name in task.decisions:
        assert score(task.metrics[name], right, targets) == 1.0
    assert score(task.loss, right, targets) < 1e-6
    np.testing.assert_array_equal(task.agreement(right, targets), np.ones(len(targets)))


def test_a_fitted_task_is_had_again_from_its_answers(task: Task) -> None:
    assert task_with(task.spec, task.levels).levels == task.levels


def test_an_adjustment_keeps_the_shape_and_improves_the_loss(task: Task) -> None:
    targets = task.targets(ROWS)
    given = guesses(task, targets)
    found = task.adjustment(given, targets, [task.counts(targets)])
    moved = adjust(given, found, calibrate=True)
    assert moved.shape == given.shape
    assert score(task.loss, moved[0], targets) <= score(task.loss, given[0], targets) + 1e-9
    assert adjust(given, task.retuned(given, targets)).shape == given.shape


def test_agreement_lies_between_0_and_1(task: Task) -> None:
    targets = task.targets(ROWS)
    found = task.agreement(guesses(task, targets)[0], targets)
    assert found.shape == (len(targets),)
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_the_parts_have_the_rows_that_are_known(task: Task) -> None:
    targets = task.targets(ROWS)
    parts = task.parts(targets)
    assert sum(part.rows for part in parts) == (targets >= 0).sum()
    assert all(0 <= score(part.metric, guesses(task, targets)[0], targets) <= 1 for part in parts)


def test_strata_and_targets_are_two_things() -> None:
    own = Samples(ROWS.manifest, ROWS.payload, ROWS.companions)
    assert task_of(SPEC, ROWS).targets(own).shape == (60, 2)
    assert own.label_indices(SPEC).shape == (60,)
