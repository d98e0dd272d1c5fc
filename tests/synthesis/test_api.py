"""What every method is given: rows that cannot leak, and a run whose seeds are derived by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import LeakError
from gan_augment.core.samples import PoolView, Samples, TestInputs, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.synthesis.api import Run, TrainingData
from tests.toys import image_toy, table_toy

TRAIN, VALIDATION = image_toy()


def pool(samples: Samples, **columns: Any) -> PoolView:
    """These rows as rows of the pool."""
    manifest = samples.manifest.assign(split=pd.array(["pool"] * len(samples), dtype="string"), **columns)
    return PoolView(TRAIN.spec, Samples(manifest, samples.payload))


UNSEEN = [f"pool-{number}" for number in range(len(TRAIN))]


def test_views_of_one_data_set_without_a_row_in_two_are_training_data() -> None:
    data = TrainingData(TRAIN, VALIDATION, pool(TRAIN.samples, id=UNSEEN))
    assert data.validation is VALIDATION
    assert TrainingData(TRAIN).validation is None


def parts_that_leak() -> dict[str, tuple[Any, Any, Any, str]]:
    test = VALIDATION.samples.manifest.assign(split="test", label=pd.array([None] * len(VALIDATION), dtype="string"))
    inputs = TestInputs(TRAIN.spec, Samples(test, VALIDATION.samples.payload))
    copied = VALIDATION.samples.manifest.assign(id=TRAIN.samples.manifest["id"][: len(VALIDATION)].to_numpy())
    shared = ValidationView(TRAIN.spec, Samples(copied, VALIDATION.samples.payload))
    return {
        "validation rows to learn from": (VALIDATION, None, None, "something other than train rows"),
        "test rows to learn from": (inputs, None, None, "something other than train rows"),
        "train rows to choose by": (TRAIN, TRAIN, None, "something other than validation rows"),
        "test rows to choose by": (TRAIN, inputs, None, "something other than validation rows"),
        "test rows as a pool": (TRAIN, VALIDATION, inputs, "something other than pool rows"),
        "train rows as a pool": (TRAIN, VALIDATION, TRAIN, "something other than pool rows"),
        "bare samples": (TRAIN.samples, None, None, "something other than train rows"),
        "nothing to learn from": (None, VALIDATION, None, "something other than train rows"),
        "another data set": (TRAIN, table_toy()[1], None, "different data sets"),
        "a validation row that is a train row": (TRAIN, shared, None, "a train row and as a validation row"),
        "a pool row that is a validation row": (TRAIN, VALIDATION, pool(VALIDATION.samples), "and as a pool row"),
        "a pool row that is a train row": (TRAIN, None, pool(TRAIN.samples), "a train row and as a pool row"),
    }


@pytest.mark.parametrize("case", sorted(parts_that_leak()))
def test_what_could_leak_is_refused(case: str) -> None:
    train, validation, rest, said = parts_that_leak()[case]
    with pytest.raises(LeakError, match=said):
        TrainingData(train, validation, rest)


def test_one_class_has_its_own_train_and_validation_rows_and_the_whole_pool() -> None:
    rest = pool(TRAIN.samples, id=UNSEEN, label=pd.array([None] * len(TRAIN), dtype="string"))
    own = TrainingData(TRAIN, VALIDATION, rest).of_class(1)
    assert set(own.train.labels) == {1}
    assert own.validation is not None
    assert set(own.validation.labels) == {1}
    assert own.pool is rest
    assert TrainingData(TRAIN).of_class(0).validation is None


def test_a_pool_row_is_no_train_row() -> None:
    with pytest.raises(LeakError):
        TrainView(TRAIN.spec, pool(TRAIN.samples).samples)


def test_a_derived_run_differs_in_its_seed_alone() -> None:
    run = Run(3, device="cuda:1")
    assert run.derive("class", 2) == Run(derive_seed(3, "class", 2), device="cuda:1")


def test_snapshots_are_judged_on_validation_rows_and_without_any_on_train_rows() -> None:
    train, validation = image_toy()
    assert TrainingData(train, validation).judged is validation
    assert TrainingData(train).judged is train
    empty = ValidationView(validation.spec, validation.samples.take(np.arange(0)))
    assert TrainingData(train, empty).judged is train
