"""What plans are chosen by."""

from __future__ import annotations

import numpy as np

from gan_augment.scoring.criterion import Criterion
from gan_augment.scoring.statistics import TestRows
from gan_augment.scoring.tasks import task_of
from tests.scoring.toys import attribute_samples, attribute_spec, classes


def sure_of(targets: np.ndarray, share: float, widths: tuple[int, ...]) -> np.ndarray:
    """[2, n, K]: this share of the answers is right, all are given with probability .9 or so."""
    rng, parts = np.random.default_rng(0), []
    for own, width in zip(targets.reshape(len(targets), -1).T, widths, strict=True):
        answers = np.where(rng.random((2, len(own))) < share, own, rng.integers(width, size=(2, len(own))))
        parts.append(np.eye(width)[answers] * 0.9 + 0.1 / width)
    return np.concatenate(parts, axis=-1)


def test_more_right_answers_have_more_merit_in_classes() -> None:
    labels = np.repeat([0, 1, 2], 40)
    criterion = Criterion(TestRows(labels, draws=200, generator=np.random.default_rng(0)), [], classes(3))
    better, worse = (criterion.scores(sure_of(labels, share, (3,))) for share in (0.9, 0.5))
    merit, accuracy = better - worse
    assert criterion.interval(merit).low > 0
    assert criterion.interval(accuracy).low > 0


def test_rows_are_drawn_by_class_and_judged_by_target() -> None:
    spec = attribute_spec()
    rows = attribute_samples(spec, 120, gaps=0)
    task = task_of(spec, rows)
    targets, labels = task.targets(rows), rows.label_indices(spec)
    judged = TestRows(labels, targets, draws=200, generator=np.random.default_rng(0))
    assert judged.strata.sum() == 120
    criterion = Criterion(judged, [task.counts(targets)], task)
    better, worse = (criterion.scores(sure_of(targets, share, (3, 2))) for share in (0.9, 0.5))
    assert criterion.interval((better - worse)[0]).low > 0
