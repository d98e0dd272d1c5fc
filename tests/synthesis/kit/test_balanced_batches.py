"""Every value is practised, and what is compared with held-out rows has their conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from gan_augment.core.samples import ValidationView
from gan_augment.nn.draws import Draws
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.balanced_batches import BalancedValues, UsualConditions
from tests.toys import attribute_toy

TRAIN, VALIDATION = attribute_toy()
ATTRIBUTES = Attributes.of(TRAIN, "attribute_gan")


def test_a_rare_value_is_practised_as_often_as_its_group_allows() -> None:
    """Two classes, 1 % of the second; ink of two values, 2 % of the second, and some unknown."""
    conditions = np.ones((1000, 2), dtype=np.int64)
    conditions[:10, 0], conditions[500:520, 1], conditions[600:700, 1] = 2, 2, 0
    batches = BalancedValues(conditions)
    rows = batches.rows(20_000, Draws(torch.Generator().manual_seed(0)))
    told = batches.told[rows].numpy()
    assert np.mean(told[:, 0] == 2) == pytest.approx(0.25, abs=0.02)  # half of the draws for the class's sake
    assert np.mean(told[:, 1] == 2) == pytest.approx(0.25, abs=0.02)
    assert np.mean(told[:, 1] == 0) > 0  # rows with an unknown value are practised for their other columns
    np.testing.assert_array_equal(told, conditions[rows.numpy()])


def test_rows_that_two_processes_draw_are_those_of_one() -> None:
    batches = BalancedValues(ATTRIBUTES.conditions(TRAIN, "attribute_gan"))
    whole = batches.rows(8, Draws(torch.Generator().manual_seed(3)))
    shares = [batches.rows(4, Draws(torch.Generator().manual_seed(3), rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.stack(shares, dim=1).reshape(-1), whole)


def usual(data: TrainingData) -> UsualConditions:
    return UsualConditions(ATTRIBUTES, data, "attribute_gan", 5)


def with_ink(ink: str) -> ValidationView:
    attributes = pd.DataFrame({"ink": ink, "paper": "black"}, index=range(len(VALIDATION)), dtype="string")
    return replace(VALIDATION, samples=replace(VALIDATION.samples, companions={"attributes": attributes}))


def test_conditions_are_those_of_held_out_rows_and_the_same_ones_each_time() -> None:
    found = usual(TrainingData(TRAIN, with_ink("blue")))
    labels = np.array([0, 1, 0, 0])
    told = found.of_classes(labels)
    np.testing.assert_array_equal(told, np.stack([labels + 1, np.full(4, 1), np.full(4, 1)], axis=1))
    np.testing.assert_array_equal(told, found.of_classes(labels))


def test_held_out_rows_with_a_combination_of_their_own_are_compared_with_nothing() -> None:
    train, _ = attribute_toy(withheld=("blue", "black"))
    held_out = with_ink("blue")
    found = UsualConditions(ATTRIBUTES, TrainingData(train, held_out), "attribute_gan", 5)
    assert not found.comparable(held_out).any()
    assert found.comparable(VALIDATION).any()
    assert {tuple(row) for row in found.of_value(1, 1, 20)} <= {tuple(row) for row in found.train}


def test_without_held_out_rows_the_train_rows_say_what_is_usual() -> None:
    found = usual(TrainingData(TRAIN))
    assert len(found.held_out) == 0
    assert set(found.of_value(2, 2, 30)[:, 2]) == {2}
