"""Arms as data: what each may use, and that all of them train equally long."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Modality
from gan_augment.downstream import networks
from gan_augment.downstream.arms import Treatment, known_arm, search_recipe, uses_synthetic, variants_of
from gan_augment.downstream.config import ARMS, Arm, ClassicalConfig, CnnConfig
from gan_augment.downstream.experiment import Sources, train_recipe
from gan_augment.downstream.networks import CnnClassifier
from gan_augment.scoring.tasks import task_of
from tests.downstream.toys import IMAGE_SPEC, images

MODALITIES: list[Modality] = ["image", "table"]


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_uses_what_its_name_says(arm: Arm, modality: Modality) -> None:
    for recipe in variants_of(arm, modality):
        assert ("synthetic" in recipe.rows) == uses_synthetic(arm) == ("synthetic" in arm)
        assert ("real" in recipe.rows) == (arm != "synthetic")
        assert recipe.treatment.classical == ("classical" in arm and modality == "image")
        assert recipe.fill != "smote" or modality == "table"


@pytest.mark.parametrize("modality", MODALITIES)
def test_real_alone_is_untouched(modality: Modality) -> None:
    (recipe,) = variants_of("real", modality)
    assert recipe.fill == "none"
    assert recipe.treatment == Treatment()


def test_what_synthetic_data_is_compared_with_may_balance_too() -> None:
    for modality in MODALITIES:
        for pair in (("real_classical", "real_classical_synthetic"), ("cheap", "real_synthetic")):
            without, with_ = (variants_of(arm, modality) for arm in pair)  # type: ignore[arg-type]
            evens = [any(r.fill != "none" or r.treatment.balanced or r.treatment.class_weight for r in rs)
                     for rs in (without, with_)]  # fmt: skip
            assert evens[0] or not evens[1]


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_ratio_search_evens_out_classes_at_every_ratio(modality: Modality) -> None:
    treatment = search_recipe(modality).treatment
    assert treatment.balanced or treatment.class_weight


def test_an_unknown_arm_is_named_with_the_known_ones() -> None:
    with pytest.raises(ParamsError, match="real_classical"):
        known_arm("reel", ARMS)


@given(added=st.integers(0, 30), dark=st.integers(2, 20), bright=st.integers(2, 20))
@settings(max_examples=8)
def test_every_variant_of_every_arm_takes_equal_steps(added: int, dark: int, bright: int) -> None:
    real = images(dark, bright)
    extra = images(0, added, seed=1, prefix="s")
    sources = Sources(task_of(IMAGE_SPEC), IMAGE_SPEC, real, extra, images(dark, bright, seed=2, prefix="a"))
    config = CnnConfig(steps=3, batch_size=8, width=2)
    classifier = CnnClassifier(config, ClassicalConfig(views=2), train_rows=len(real))
    asked: list[dict[str, Any]] = []
    original = networks.fit_classifier

    def spy(pixels: torch.Tensor, labels: torch.Tensor, classes: int, **settings_: Any) -> Any:
        asked.append({name: settings_[name] for name in ("steps", "batch_size", "learning_rate", "width", "seed")})
        return original(pixels, labels, classes, **settings_)

    networks.fit_classifier = spy  # type: ignore[assignment]
    try:
        for arm in ARMS:
            for recipe in variants_of(arm, "image"):
                train_recipe(classifier, recipe, sources, [11, 12])
    finally:
        networks.fit_classifier = original
    assert len(asked) == 2 * 11
    wanted = [{"steps": 3, "batch_size": 8, "learning_rate": config.learning_rate, "width": 2, "seed": seed}
              for seed in (11, 12)]  # fmt: skip
    assert asked == wanted * 11


def test_default_steps_follow_the_real_rows_alone() -> None:
    assert CnnConfig().steps_for(10) == 200
    assert CnnConfig().steps_for(1000) == round(30 * 1000 / 64)
    assert CnnConfig().steps_for(10**6) == 3000
    assert CnnConfig(steps=7).steps_for(10**6) == 7


def _predictions(sources: Sources, recipe_arm: Arm, seeds: list[int]) -> list[npt.NDArray[np.float32]]:
    classifier = CnnClassifier(CnnConfig(steps=4, batch_size=8, width=2), ClassicalConfig(), train_rows=20)
    predictors = train_recipe(classifier, variants_of(recipe_arm, "image")[-1], sources, seeds)
    return [predictor.predict_probabilities(images(3, 3, seed=9).payload) for predictor in predictors]


@pytest.mark.parametrize("arm", ["real_classical", "cheap"])
def test_same_seed_same_predictions(arm: Arm) -> None:
    sources = Sources(task_of(IMAGE_SPEC), IMAGE_SPEC, images(12, 6), images(0, 0), images(0, 0))
    first, second = _predictions(sources, arm, [1, 2]), _predictions(sources, arm, [1, 2])
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).any()


def test_fine_tuning_is_tried_in_every_arm_that_adds_rows_and_nowhere_else() -> None:
    tried = {}
    for arm in ARMS:
        pooled, both = variants_of(arm, "image"), variants_of(arm, "image", ("pooled", "fine_tuned"))
        assert both[: len(pooled)] == pooled
        tried[arm] = [recipe.name for recipe in both[len(pooled) :]]
        assert all(recipe.treatment.fine_tuned for recipe in both[len(pooled) :])
    assert tried == {
        "real": [],
        "real_classical": [],
        "cheap": ["interpolation, fine-tuned"],
        "real_synthetic": ["natural, fine-tuned", "balanced, fine-tuned"],
        "real_classical_synthetic": ["classical, fine-tuned", "classical, balanced, fine-tuned"],
        "synthetic": [],
    }


def test_a_fine_tuned_variant_sees_each_phase_of_its_own_rows() -> None:
    extra = images(12, 12, seed=2, prefix="made").relabelled(origin="synthetic")
    sources = Sources(task_of(IMAGE_SPEC), IMAGE_SPEC, images(12, 6), extra, images(0, 0))
    classifier = CnnClassifier(CnnConfig(steps=20, batch_size=8, width=2), ClassicalConfig(), train_rows=18)
    pooled, tuned = (
        train_recipe(classifier, recipe, sources, [1])[0].predict_probabilities(sources.real.payload)
        for recipe in variants_of("real_synthetic", "image", ("pooled", "fine_tuned"))[::2]
    )
    assert (pooled != tuned).any()
