"""SMOTE against its definition and against imbalanced-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, SMOTENC

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.smote import Smote, SmoteConfig
from tests.toys import table_toy, views


def view(frame: pd.DataFrame, labels: list[str]) -> TrainView:
    kinds = {"float64": "numeric", "string": "categorical"}
    columns = tuple(
        Column.model_validate({"name": name, "kind": kinds[str(dtype)], "dtype": str(dtype)})
        for name, dtype in frame.dtypes.items()
    )
    classes = tuple(ClassRecord(key=label, label=label) for label in sorted(set(labels)))
    spec = DatasetSpec(name="toy", modality="table", classes=classes, table=TableSpec(columns=columns, target="y"))
    return views(spec, frame, labels)[0]


def draw(train: TrainView, label: int, count: int) -> tuple[pd.DataFrame, list[str]]:
    batches = list(
        Smote().fit(TrainingData(train), SmoteConfig(), Run(0)).sample(SampleRequest(index=label, count=count, seed=1))
    )
    rows: Any = pd.concat([pd.DataFrame(batch.payload) for batch in batches], ignore_index=True)
    return rows, [parents for batch in batches for parents in batch.parents or ()]


def test_each_sample_lies_on_the_segment_between_its_parents() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(0, [1, 100], (60, 2)), columns=["a", "b"])
    made, parents = draw(view(frame, ["x"] * 40 + ["y"] * 20), 1, 300)
    for row, names in zip(made.to_numpy(), parents, strict=True):
        first, second = (frame.to_numpy()[int(name.split("-")[1])] for name in names.split())
        share = (row - first) / (second - first)
        assert share[0] == pytest.approx(share[1], abs=1e-3)
        assert -1e-6 <= share[0] <= 1 + 1e-6


def test_numbers_agree_with_imbalanced_learn() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.gamma(2, size=(80, 3)), columns=["a", "b", "c"])
    labels = ["x"] * 50 + ["y"] * 30
    made, _ = draw(view(frame, labels), 1, 6000)
    scaled = (frame - frame.mean()) / frame.std(ddof=0)
    reference = SMOTE(sampling_strategy={"y": 6030}, random_state=0).fit_resample(scaled, labels)[0].iloc[80:]
    reference = reference * frame.std(ddof=0) + frame.mean()
    pd.testing.assert_series_equal(made.mean(), reference.mean(), rtol=0.03)
    pd.testing.assert_frame_equal(made.cov(), reference.cov(), rtol=0.12, atol=0.03)


def test_categories_agree_with_imbalanced_learn() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(150, 3)), columns=["a", "b", "c"])
    frame["k"] = pd.Series(np.where(frame["a"] + random.normal(0, 0.5, 150) > 0, "up", "down"), dtype="string")
    frame["l"] = pd.Series(random.choice(["p", "q", "r"], 150), dtype="string")
    labels = ["x"] * 80 + ["y"] * 70
    made, _ = draw(view(frame, labels), 1, 6000)
    scaled = frame.copy()
    numbers = ["a", "b", "c"]
    scaled[numbers] = (frame[numbers] - frame[numbers].mean()) / frame[numbers].std(ddof=0)
    sampler = SMOTENC(["k", "l"], sampling_strategy={"y": 6070}, random_state=0)
    reference = sampler.fit_resample(scaled.astype({"k": object, "l": object}), labels)[0].iloc[150:]
    for name in ("k", "l"):
        shares = made[name].value_counts(normalize=True)
        wanted = reference[name].value_counts(normalize=True)
        assert np.abs(shares - wanted).max() < 0.05
    both = ((made["k"] == "up") & (made["a"] > 0)).mean()
    assert both == pytest.approx(((reference["k"] == "up") & (reference["a"] > 0)).mean(), abs=0.04)


def test_missing_entries_stay_about_as_frequent() -> None:
    train, _ = table_toy(600)
    made, _ = draw(train, 0, 3000)
    own = train.of_class(0).samples.payload
    assert isinstance(own, pd.DataFrame)
    assert made["gain"].isna().mean() == pytest.approx(own["gain"].isna().mean(), abs=0.05)
    assert not draw(train, 1, 300)[0]["gain"].isna().any()


def test_a_class_of_two_rows_works_and_of_one_row_is_refused_by_name() -> None:
    frame = pd.DataFrame(np.arange(24.0).reshape(12, 2), columns=["a", "b"])
    assert len(draw(view(frame, ["x"] * 10 + ["y"] * 2), 1, 10)[0]) == 10
    with pytest.raises(MethodError, match="class 'y'"):
        draw(view(frame, ["x"] * 11 + ["y"]), 0, 1)
