"""`conditional`: one GAN told the class, and a copy for each class with its early layers frozen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ImageSpec
from gan_augment.synthesis.api import Run, SampleRequest, TickReport, TrainingData
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig, FittedConditional
from gan_augment.synthesis.health.usual_noise import SHEET_COLUMNS
from tests.synthesis.kit.test_adversarial import TRAIN

SMALL = ConditionalConfig(kimg=0.2, specialise_kimg=0.1, batch_size=16, width=16, latent=4, checks=1)


@cache
def joint() -> FittedConditional:
    return Conditional().fit(TrainingData(TRAIN), SMALL, Run(0))


def specialised(index: int) -> FittedConditional:
    return Conditional().specialise(joint(), TRAIN.of_class(index), SMALL, index, Run(0))


def draw(model: FittedConditional, index: int, count: int = 20) -> Any:
    return np.concatenate([np.asarray(one.payload) for one in model.sample(SampleRequest(index, count, seed=1))])


def layers(network: nn.Module) -> list[torch.Tensor]:
    return [one.weight for one in network.body.modules() if isinstance(one, nn.Linear | nn.Conv2d)]  # type: ignore[union-attr,operator]


@pytest.mark.parametrize(
    ("side", "channels", "kimg"), [(8, 1, 200), (28, 1, 300), (32, 3, 400), (128, 3, 400)]
)  # fmt: skip
def test_how_long_it_trains_follows_from_the_size_unless_it_is_said(side: int, channels: int, kimg: float) -> None:
    image = ImageSpec.model_validate({"height": side, "width": side, "channels": channels})
    assert ConditionalConfig().joint_kimg(image) == kimg
    assert ConditionalConfig(kimg=7).joint_kimg(image) == 7


def test_the_first_half_of_the_layers_stays_as_it_was_and_the_rest_moves() -> None:
    before = [weight.clone() for weight in layers(joint().generator)]
    own = specialised(1)
    after = layers(own.generator)
    half = len(before) // 2
    assert half > 0
    assert all(torch.equal(old, new) for old, new in zip(before[:half], after[:half], strict=True))
    assert not all(torch.equal(old, new) for old, new in zip(before[half:], after[half:], strict=True))
    assert all(torch.equal(old, new) for old, new in zip(before, layers(joint().generator), strict=True))  # untouched


def test_a_specialised_model_draws_its_class_alone() -> None:
    own = specialised(1)
    assert draw(own, 1).shape == (20, 6, 6, 1)
    with pytest.raises(MethodError, match="has not learnt"):
        draw(own, 0)
    with pytest.raises(MethodError, match="number 2"):
        draw(joint(), 2)
    assert not np.array_equal(draw(joint(), 0), draw(joint(), 1))


def test_a_saved_model_knows_its_class_and_draws_the_same(tmp_path: Path) -> None:
    for name, model in (("joint", joint()), ("own", specialised(0))):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
        again = Conditional().load(tmp_path / name, TRAIN.spec)
        assert (again.index, again.summary, again.stats) == (model.index, model.summary, model.stats)
        np.testing.assert_array_equal(draw(again, 0), draw(model, 0))


def test_a_class_that_is_specialised_shows_its_own_samples() -> None:
    method, config = Conditional(), ConditionalConfig(kimg=6.4, specialise_kimg=0.64, checks=1)
    joint = method.fit(TrainingData(TRAIN), config, Run(0))
    ticks: list[TickReport] = []
    own = method.specialise(joint, TRAIN.of_class(1), config, 1, Run(0, progress=ticks.append))
    (shown,) = [tick.pictures for tick in ticks if tick.row is not None]
    assert shown is not None
    assert shown.shape == (1, SHEET_COLUMNS, 6, 6, 1)
    (drawn,) = own.sample(SampleRequest(index=1, count=50, seed=0))
    np.testing.assert_allclose(
        shown[0].mean((0, 2, 3)), np.asarray(drawn.payload).mean((0, 2, 3)), atol=30
    )  # the same class
