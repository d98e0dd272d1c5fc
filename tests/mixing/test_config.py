"""Settings of `cross_fit` and `mix`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from gan_augment.mixing.config import CrossFitConfig, MixConfig


@pytest.mark.parametrize("section", [CrossFitConfig, MixConfig])
def test_the_defaults_are_right_and_an_unknown_key_is_told(section: type[BaseModel]) -> None:
    default = section()
    assert section.model_validate(default.model_dump(mode="json")) == default
    with pytest.raises(ValidationError, match="Extra inputs"):
        section.model_validate({"nonsense": 1})


@pytest.mark.parametrize(
    ("given", "ratios"),
    [
        ([], (0.0,)),
        ([2, 1], (0.0, 1.0, 2.0)),
        ([1, 0, 1.0, 0.5], (0.0, 0.5, 1.0)),
        ([0], (0.0,)),
    ],
)
def test_no_synthetic_rows_are_always_a_candidate_and_ratios_ascend(
    given: list[float], ratios: tuple[float, ...]
) -> None:
    assert MixConfig.model_validate({"ratios": given}).ratios == ratios


def test_thresholds_of_the_judge_ascend_and_stand_once() -> None:
    assert MixConfig.model_validate({"judge_probabilities": [0.9, 0.5, 0.9]}).judge_probabilities == (0.5, 0.9)
    assert MixConfig.model_validate({"judge_probabilities": []}).judge_probabilities == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ratios", [-0.5]),
        ("ratios", [1001]),
        ("ratios", [True]),
        ("ratios", 1),
        ("seeds", 1),
        ("seeds", 101),
        ("judge_probabilities", [0]),
        ("judge_probabilities", [1]),
        ("early_stopping", 3),
    ],
)
def test_what_no_search_can_use_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        MixConfig.model_validate({key: value})


@pytest.mark.parametrize("folds", [0, 2, 20])
def test_numbers_of_folds(folds: int) -> None:
    assert CrossFitConfig(folds=folds).folds == folds


@pytest.mark.parametrize(("folds", "said"), [(1, "leave nothing to fit on"), (-1, "greater"), (21, "less")])
def test_numbers_of_folds_that_cannot_be(folds: int, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CrossFitConfig(folds=folds)
