"""`jitter`: a real row, moved as far as asked and no further."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.jitter import FittedJitter, Jitter, JitterConfig
from tests.toys import table_toy

TRAIN = table_toy()[0]
ROWS = pd.DataFrame(TRAIN.samples.payload)
PLACES = {name: place for place, name in enumerate(TRAIN.samples.manifest["id"])}


def fit(**settings: Any) -> FittedJitter:
    return Jitter().fit(TrainingData(TRAIN), JitterConfig(redraws=0, **settings), Run(0))


def draw(model: FittedJitter, index: int, count: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Synthetic rows, and the train row behind each."""
    batches = list(model.sample(SampleRequest(index=index, count=count, seed=1)))
    made = pd.concat([pd.DataFrame(batch.payload) for batch in batches], ignore_index=True)
    behind = [PLACES[name] for batch in batches for name in batch.parents or ()]
    assert (TRAIN.labels[behind] == index).all()
    return made, ROWS.iloc[behind].reset_index(drop=True)


def test_without_noise_and_exchange_rows_are_their_parents() -> None:
    made, parents = draw(fit(noise=0, exchange=0), 0)
    for name in ("count", "colour", "wet", "same", "gain"):
        pd.testing.assert_series_equal(made[name], parents[name])
    assert (made["length"] - parents["length"]).abs().max() <= 0.5  # ties are spread between quantiles


def test_more_noise_moves_further_and_all_of_it_only_numbers() -> None:
    moved = []
    for noise in (0.05, 0.5, 2.0):
        made, parents = draw(fit(noise=noise, exchange=0), 0)
        moved.append(float((made["length"] - parents["length"]).abs().mean()))
        pd.testing.assert_series_equal(made["colour"], parents["colour"])
        pd.testing.assert_series_equal(made["gain"].isna(), parents["gain"].isna())
    assert moved == sorted(moved)
    assert moved[2] > 3 * moved[0] > 0


def test_categories_are_exchanged_as_often_as_asked_for_ones_of_the_class() -> None:
    for exchange in (0.1, 1.0):
        made, parents = draw(fit(noise=0, exchange=exchange), 1, 2000)
        shares = parents["colour"].value_counts(normalize=True)
        other = exchange * (1 - float((shares**2).sum()))  # a donor may have the same one
        assert float((made["colour"] != parents["colour"]).mean()) == pytest.approx(other, abs=0.05)
        assert set(made["colour"].dropna()) <= set(parents["colour"].dropna())


def test_a_number_never_goes_with_another_rows_switch() -> None:
    """Most gains of the class are 0: one that becomes a number becomes that of its donor, not one for want of any."""
    made, _ = draw(fit(noise=0, exchange=1), 1, 2000)
    real, gains = (one["gain"][one["gain"] > 0].astype(float) for one in (ROWS[TRAIN.labels == 1], made))
    assert len(gains) > 200
    assert gains.value_counts(normalize=True).iloc[0] < 0.4
    assert gains.mean() == pytest.approx(real.mean(), rel=0.3)


def test_no_number_leaves_the_train_range() -> None:
    made, _ = draw(fit(noise=50), 0)
    for name in ("length", "count", "gain", "day"):
        assert made[name].dropna().between(ROWS[name].min(), ROWS[name].max()).all()


def test_a_class_that_it_has_not_learnt_is_refused() -> None:
    with pytest.raises(MethodError, match="has not learnt"):
        list(fit().sample(SampleRequest(index=7, count=1, seed=0)))


@pytest.mark.parametrize("wrong", [{"noise": -0.1}, {"exchange": 1.1}, {"exchange": -0.1}, {"sigma": 1}])
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        JitterConfig.model_validate(wrong)


def test_rows_are_counted() -> None:
    assert fit().summary["rows"] == len(TRAIN) == np.sum(TRAIN.labels >= 0)
