"""A value is claimed where a judge of real rows reads it from drawn images; see also attribute_gan's tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.balanced_batches import UsualConditions
from gan_augment.synthesis.kit.claimed_values import claimed_values
from tests.toys import attribute_toy

TRAIN, VALIDATION = attribute_toy()
ATTRIBUTES = Attributes.of(TRAIN, "x")
DATA = TrainingData(TRAIN, VALIDATION)
USUAL = UsualConditions(ATTRIBUTES, DATA, "x", 0)


def claims(blind: bool) -> dict[str, Any]:
    """Of a generator that hands out real rows: of the condition, or (`blind`) any."""

    def draw(conditions: torch.Tensor, rng: torch.Generator) -> np.ndarray:
        images, found = np.asarray(TRAIN.samples.payload), []
        for wanted in conditions.numpy():
            own = np.flatnonzero((USUAL.train == wanted).all(axis=1)) if not blind else np.arange(len(images))
            found.append(images[own[int(torch.randint(len(own), (), generator=rng))]])
        return np.stack(found)

    return claimed_values(draw, DATA, USUAL, Run(0), least=0.8, steps=60)


def test_what_is_drawn_as_asked_is_claimed() -> None:
    found = claims(blind=False)
    assert found["unknown_values"] == {}
    assert found["precision"]["ink"]["green"]["drawn"] > 0.9


def test_what_is_drawn_whatever_is_asked_is_not() -> None:
    found = claims(blind=True)
    assert set(found["unknown_values"]) == {"ink", "paper"}
    assert "of held-out real ones" in found["unknown_values"]["ink"]["blue"]
