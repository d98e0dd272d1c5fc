from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.records import DatasetSpec
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.judge import class_recall, fit_judge, own_probability
from tests.curation.toys import IMAGES, TABLE, views

QUICK = JudgeConfig(members=2, steps=25)


@pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
def test_the_judge_knows_held_out_rows_and_repeats_itself(spec: DatasetSpec) -> None:
    train, validation = views(spec)
    first, second = (fit_judge(train, QUICK, seed=0).probabilities(validation.samples.payload) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.float32
    np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-5)
    assert np.nanmean(class_recall(first, validation.labels, 3)) > 0.9


def test_members_differ_and_are_averaged() -> None:
    train, validation = views(IMAGES)
    judge = fit_judge(train, QUICK, seed=0)
    one, two = (member(validation.samples.payload) for member in judge.members)
    assert (one != two).any()
    np.testing.assert_allclose(judge.probabilities(validation.samples.payload), (one + two) / 2, atol=1e-6)


def test_a_tick_follows_each_member() -> None:
    ticks: list[str] = []
    fit_judge(views(TABLE)[0], QUICK, seed=0, tick=ticks.append)
    assert len(ticks) == 2


def test_own_probability_and_recall() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]], dtype=np.float32)
    labels = np.array([0, 1, 1])
    np.testing.assert_allclose(own_probability(probabilities, labels), [0.9, 0.6, 0.2], atol=1e-6)
    np.testing.assert_array_equal(class_recall(probabilities, labels, 3), [1, 0.5, np.nan])
