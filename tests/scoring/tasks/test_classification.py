"""The task of classes: what it reads and counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import LeakError
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.scoring.adjustment import choose_tau, log_prior
from gan_augment.scoring.metrics import METRICS
from gan_augment.scoring.tasks.classification import HEADLINE
from tests.scoring.toys import classes

TASK = classes(3)
LABELS = [TASK.spec.labels[index] for index in (0, 0, 2, 1)]


def test_targets_are_class_indices_from_samples_and_from_what_is_withheld() -> None:
    rows = Samples(make_manifest(4, label=LABELS), np.zeros((4, 8, 8, 1), np.uint8))
    assert TASK.targets(rows).tolist() == [0, 0, 2, 1]
    assert TASK.held_targets(pd.DataFrame({"label": LABELS})).tolist() == [0, 0, 2, 1]
    with pytest.raises(LeakError):
        TASK.targets(Samples(make_manifest(4), rows.payload))


def test_the_figures_are_those_of_metrics() -> None:
    assert TASK.metrics == METRICS
    assert TASK.headline == HEADLINE
    assert TASK.levels == {}
    assert TASK.roles == ()


def test_counts_may_be_weighted() -> None:
    targets = np.array([0, 0, 2])
    assert TASK.counts(targets).tolist() == [2, 0, 1]
    assert TASK.counts(targets, np.array([0.5, 0.5, 1.0])).tolist() == [1, 0, 1]


def test_the_adjustment_is_that_of_choose_tau() -> None:
    rng = np.random.default_rng(0)
    given = rng.dirichlet(np.ones(3), size=(2, 30))
    targets, counts = rng.integers(3, size=30), np.array([90.0, 9, 1])
    assert TASK.adjustment(given, targets, [counts]) == choose_tau(given, targets, [log_prior(counts)])


def test_a_class_without_rows_is_no_part() -> None:
    assert [(part.key, part.rows) for part in TASK.parts(np.array([0, 2, 2]))] == [("c0", 1), ("c2", 2)]
