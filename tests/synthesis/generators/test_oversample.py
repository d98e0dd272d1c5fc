"""`oversample`: nothing but the class's train rows, each as likely as another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError, ModelError
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.oversample import FittedOversample, Oversample, OversampleConfig
from tests.toys import image_toy, table_toy

TOYS = {"image": image_toy()[0], "table": table_toy()[0]}
BOTH = pytest.mark.parametrize("train", TOYS.values(), ids=TOYS.keys())


def fit(train: TrainView) -> FittedOversample:
    return Oversample().fit(TrainingData(train), OversampleConfig(), Run(0))


def drawn(model: FittedOversample, index: int, count: int) -> tuple[Any, list[str]]:
    batches = list(model.sample(SampleRequest(index=index, count=count, seed=2)))
    parents = [name for batch in batches for name in batch.parents or ()]
    if isinstance(batches[0].payload, pd.DataFrame):
        return pd.concat([batch.payload for batch in batches], ignore_index=True), parents  # type: ignore[list-item,misc]
    return np.concatenate([np.asarray(batch.payload) for batch in batches]), parents


@BOTH
def test_each_row_is_the_train_row_that_it_names(train: TrainView) -> None:
    places = {name: place for place, name in enumerate(train.samples.manifest["id"])}
    made, parents = drawn(fit(train), 1, 300)
    behind = [places[name] for name in parents]
    assert len(behind) == 300
    assert (train.labels[behind] == 1).all()
    if isinstance(made, pd.DataFrame):
        pd.testing.assert_frame_equal(made, train.samples.take(np.array(behind)).payload)  # type: ignore[arg-type]
    else:
        np.testing.assert_array_equal(made, np.asarray(train.samples.payload)[behind])


def test_every_row_of_the_class_is_as_likely() -> None:
    train = TOYS["image"]
    _, parents = drawn(fit(train), 0, 4000)
    counts = pd.Series(parents).value_counts()
    assert len(counts) == (train.labels == 0).sum() == 20
    assert counts.between(130, 280).all()  # 200 each


@BOTH
def test_what_was_saved_draws_the_same(train: TrainView, tmp_path: Path) -> None:
    model = fit(train)
    model.save(tmp_path)
    again = Oversample().load(tmp_path, train.spec)
    assert drawn(again, 0, 40)[1] == drawn(model, 0, 40)[1]
    (tmp_path / "rows" / "manifest.parquet").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        Oversample().load(tmp_path, train.spec)


def test_a_class_without_rows_and_a_train_part_without_any_are_refused() -> None:
    train = TOYS["table"]
    with pytest.raises(MethodError, match="'green/blue'"):
        drawn(fit(train.of_class(0)), 1, 3)
    with pytest.raises(MethodError, match="no train row"):
        fit(TrainView(train.spec, train.samples.take(slice(0, 0))))


def test_it_has_no_model_of_one_class() -> None:
    with pytest.raises(MethodError, match="no specialised model") as told:
        Oversample().specialise(fit(TOYS["table"]))
    assert "Oversample" in str(told.value)
