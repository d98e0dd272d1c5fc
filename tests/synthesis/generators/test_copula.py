"""The copula: what it must keep of a class, in cases where the answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.copula import Copula, CopulaConfig
from tests.toys import table_toy, views


def numeric_view(frame: pd.DataFrame, labels: list[str]) -> TrainView:
    columns = tuple(Column(name=name, kind="numeric", dtype="float64") for name in frame.columns)
    spec = DatasetSpec(
        name="toy",
        modality="table",
        classes=tuple(ClassRecord(key=label, label=label) for label in sorted(set(labels))),
        table=TableSpec(columns=columns, target="y"),
    )
    return views(spec, frame, labels)[0]


def draw(train: TrainView, label: int, count: int = 4000, **settings: float) -> pd.DataFrame:
    model = Copula().fit(TrainingData(train), CopulaConfig.model_validate(settings), Run(0))
    batches = model.sample(SampleRequest(index=label, count=count, seed=1))
    return pd.concat([pd.DataFrame(batch.payload) for batch in batches], ignore_index=True)


def test_marginals_and_correlation_of_a_skewed_class_are_kept() -> None:
    random = np.random.default_rng(0)
    normal = random.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 1500)
    frame = pd.DataFrame({"a": np.exp(normal[:, 0]), "b": normal[:, 1] ** 3})
    frame["a"] += np.r_[np.zeros(1000), np.full(500, 4.0)]
    labels = ["x"] * 1000 + ["y"] * 500
    train = numeric_view(frame, labels)
    for label, own in ((0, frame[:1000]), (1, frame[1000:])):
        made = draw(train, label)
        for name in ("a", "b"):
            assert stats.ks_2samp(made[name], own[name]).statistic < 0.06
        wanted = stats.spearmanr(own["a"], own["b"]).statistic
        assert stats.spearmanr(made["a"], made["b"]).statistic == pytest.approx(wanted, abs=0.08)


def test_a_ring_is_followed_where_a_plain_gaussian_fills_it() -> None:
    angle = np.random.default_rng(1).uniform(0, 2 * np.pi, 300)
    frame = pd.DataFrame({"a": np.cos(angle), "b": np.sin(angle)})
    train = numeric_view(frame, ["x", "y"] * 150)
    inside = (np.hypot(*draw(train, 0).to_numpy().T) < 0.6).mean()
    filled = (np.hypot(*draw(train, 0, smoothing=1.0).to_numpy().T) < 0.6).mean()
    assert inside < 0.5 * filled


def test_level_and_missing_shares_are_those_of_the_class() -> None:
    train, _ = table_toy(600)
    for label in (0, 1):
        own = train.of_class(label).samples.payload
        made = draw(train, label)
        assert isinstance(own, pd.DataFrame)
        assert made["gain"].isna().mean() == pytest.approx(own["gain"].isna().mean(), abs=0.03)
        assert (made["gain"] == 0).mean() == pytest.approx((own["gain"] == 0).mean(), abs=0.04)
        shares = pd.concat(
            [made["colour"].value_counts(normalize=True), own["colour"].value_counts(normalize=True)], axis=1
        )
        assert shares.fillna(0).diff(axis=1).iloc[:, 1].abs().max() < 0.04


@pytest.mark.parametrize("rows", [1, 2, 3, 20])
def test_a_class_of_few_rows_borrows_its_spread_from_the_others(rows: int) -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(0, 1, (200 + rows, 3)), columns=["a", "b", "c"])
    frame.iloc[200:] += 5
    made = draw(numeric_view(frame, ["x"] * 200 + ["y"] * rows), 1)
    assert (made.std() > 0.25).all()
    assert (made.mean() > 3).all()
    assert not made.duplicated().all()


def test_full_shrinkage_gives_every_class_the_same_covariance() -> None:
    train, _ = table_toy()
    copulas = Copula().fit(TrainingData(train), CopulaConfig(shrinkage=1.0), Run(0)).copulas
    np.testing.assert_allclose(copulas.factors[0], copulas.factors[1])
    own = Copula().fit(TrainingData(train), CopulaConfig(shrinkage=0.0), Run(0)).copulas
    assert np.abs(own.factors[0] - own.factors[1]).max() > 0.1


def test_a_rare_level_among_many_is_as_rare_as_in_the_class() -> None:
    random = np.random.default_rng(3)
    shares = [0.55, 0.25, 0.1, 0.05, 0.03, 0.02]
    levels = pd.Series(random.choice(list("abcdef"), 2000, p=shares), dtype="string")
    columns = (Column(name="k", kind="categorical", dtype="string"),)
    classes = tuple(ClassRecord(key=label, label=label) for label in "xy")
    spec = DatasetSpec(name="t", modality="table", classes=classes, table=TableSpec(columns=columns, target="y"))
    train = views(spec, pd.DataFrame({"k": levels}), ["x", "y"] * 1000)[0]
    own = levels[::2].value_counts(normalize=True)
    made = draw(train, 0, 8000)["k"].value_counts(normalize=True)
    for level in "def":
        assert made.get(level, 0) == pytest.approx(own[level], rel=0.3)
