"""attribute_gan draws what is asked for, also combinations that no row has, and claims no value that it draws badly."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.attribute_gan.method import AttributeGan, AttributeGanConfig, FittedAttributeGan
from tests.settings import METHODS
from tests.toys import attribute_toy, colours_of, image_toy

SMALL = METHODS["attribute_gan"].settings
LONG = {**SMALL, "kimg": 12.8, "width": 64, "learning_rate": 3e-3, "judge_steps": 60}
TRAIN, VALIDATION = attribute_toy(withheld=("blue", "white"))


def config(**settings: Any) -> AttributeGanConfig:
    return AttributeGanConfig.model_validate(SMALL | settings)


def fit(data: TrainingData | None = None, run: Run | None = None, **settings: Any) -> FittedAttributeGan:
    return AttributeGan().fit(data or TrainingData(TRAIN, VALIDATION), config(**settings), run or Run(0))


@functools.cache
def learnt() -> FittedAttributeGan:
    return fit(**LONG, combinations="all")


@functools.cache
def untrained() -> FittedAttributeGan:
    return fit(kimg=0.032)


def drawn(fitted: FittedAttributeGan, index: int, count: int = 256, start: int = 0) -> tuple[Any, pd.DataFrame]:
    batches = list(fitted.sample(SampleRequest(index=index, count=count, seed=1, start=start)))
    attributes = pd.concat([pd.DataFrame(b.companions["attributes"]) for b in batches], ignore_index=True)
    return np.concatenate([batch.payload for batch in batches]), attributes


@pytest.mark.parametrize("index", [0, 1])
def test_it_draws_the_combination_that_no_train_row_has(index: int) -> None:
    frame: Any = TRAIN.samples.companions["attributes"]
    assert not ((frame["ink"] == "blue") & (frame["paper"] == "white")).any()
    images, asked = drawn(learnt(), index)
    ink, paper = colours_of(images, index)
    unseen = ((asked["ink"] == "blue") & (asked["paper"] == "white")).to_numpy()
    assert unseen.sum() > 20
    right = (np.array(ink) == asked["ink"]) & (np.array(paper) == asked["paper"])
    assert right[unseen].mean() > 0.9
    assert right.mean() > 0.9


def test_what_it_draws_well_is_claimed_and_the_figures_are_there() -> None:
    summary = learnt().summary
    assert summary["unknown_values"] == {}
    blue = summary["precision"]["ink"]["blue"]
    assert (blue["drawn"], blue["real"], blue["judged"]) == (pytest.approx(1, abs=0.1), 1.0, True)
    assert set(summary["precision"]["paper"]) == {"black", "white"}


def test_what_it_draws_badly_is_written_as_missing_with_the_reason() -> None:
    unknown = untrained().summary["unknown_values"]
    column, texts = next(iter(unknown.items()))
    assert "of held-out real ones" in next(iter(texts.values()))
    _, attributes = drawn(untrained(), 0)
    assert set(attributes[column].dropna()) == {"ink": {"red", "green", "blue"}, "paper": {"black", "white"}}[
        column
    ] - set(texts)
    assert attributes[column].isna().any()


def test_without_held_out_rows_nothing_is_judged_and_all_is_claimed() -> None:
    fitted = fit(TrainingData(TRAIN), kimg=0.032)
    assert fitted.summary["unknown_values"] == {}
    assert not fitted.summary["precision"]["ink"]["red"]["judged"]
    assert drawn(fitted, 1)[1].notna().all(axis=None)


def test_min_precision_zero_claims_all() -> None:
    assert fit(kimg=0.032, min_precision=0).summary["unknown_values"] == {}


def test_the_attributes_of_the_nth_sample_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    whole = drawn(untrained(), 1, 20, start=250)[1]
    parts = [drawn(untrained(), 1, 1, start=250 + n)[1] for n in range(20)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    untrained().save(tmp_path)
    loaded = AttributeGan().load(tmp_path, TRAIN.spec)
    pd.testing.assert_frame_equal(drawn(loaded, 1, 20, start=250)[1], whole)


@pytest.mark.parametrize("objective", ["non_saturating", "dragan"])
def test_the_other_objectives_train_save_and_load(tmp_path: Path, objective: str) -> None:
    fitted = fit(objective=objective, kimg=0.2)
    fitted.save(tmp_path)
    loaded = AttributeGan().load(tmp_path, TRAIN.spec)
    np.testing.assert_array_equal(drawn(loaded, 0, 5)[0], drawn(fitted, 0, 5)[0])


class Killed(BaseException):
    pass


@pytest.mark.parametrize("objective", ["relativistic", "dragan"])
def test_a_killed_training_resumes_to_the_same_bytes(tmp_path: Path, objective: str) -> None:
    def kill(tick: Any) -> None:
        if tick.done > 0.4:
            raise Killed

    whole, checkpoint = fit(objective=objective), tmp_path / "state"
    with pytest.raises(Killed):
        fit(run=Run(0, progress=kill, checkpoint=checkpoint), objective=objective)
    assert checkpoint.exists()
    resumed = fit(run=Run(0, checkpoint=checkpoint), objective=objective)
    assert resumed.summary == whole.summary
    for key, value in whole.generator.state_dict().items():
        assert torch.equal(value, resumed.generator.state_dict()[key]), key


def test_a_list_is_what_is_drawn() -> None:
    fitted = fit(kimg=0.032, min_precision=0, combinations=[{"ink": "blue", "paper": "white"}])
    attributes = drawn(fitted, 0, 9)[1]
    assert attributes.drop_duplicates().values.tolist() == [["blue", "white"]]


def test_a_class_without_train_rows_is_not_drawn() -> None:
    own = TRAIN.of_class(1)
    with pytest.raises(MethodError, match="has not learnt the class"):
        drawn(fit(TrainingData(own), kimg=0.032), 0)


def test_validation_rows_with_other_values_do_no_harm() -> None:
    frame = pd.DataFrame(VALIDATION.samples.companions["attributes"]).assign(ink="gold")
    other = replace(VALIDATION, samples=replace(VALIDATION.samples, companions={"attributes": frame}))
    fitted = fit(TrainingData(TRAIN, other), kimg=0.032)
    assert fitted.summary["precision"]["ink"]["red"]["real"] is None


def test_rows_without_attributes_are_refused_with_the_remedy() -> None:
    train, validation = image_toy()
    with pytest.raises(MethodError, match=r"companions: \{attributes: "):
        fit(TrainingData(train, validation))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ([{"ink": ["red", "blue"]}], "group of exclusive values"),
        ([{"ink": None}], "group of exclusive values"),
        ([{}], "one value or more"),
        ([], "one value or more"),
        ("rare", "seen"),
    ],
)
def test_a_list_that_is_none_is_refused_where_params_are_read(wanted: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(combinations=wanted)


@pytest.mark.parametrize("wanted", [{"colour": "red"}, {"ink": "purple"}])
def test_a_combination_that_contradicts_the_columns_is_refused(wanted: dict[str, str]) -> None:
    with pytest.raises(MethodError, match=r"synthesis\.settings\.combinations"):
        fit(combinations=[wanted])


def test_numbers_and_truth_values_in_a_list_are_meant_as_texts() -> None:
    assert config(combinations=[{"age": 3, "hat": True}]).combinations == ({"age": "3", "hat": "True"},)
