"""Telea's rule paints the mask away, and nothing else; as its settings say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.telea import Telea, TeleaConfig
from tests.toys import mask_toy


@pytest.mark.parametrize("rule", ["telea", "navier_stokes"])
def test_the_marked_spot_goes_and_the_rest_stays(rule: Any) -> None:
    view = mask_toy()[0]
    fitted = Telea().fit(TrainingData(*mask_toy()), TeleaConfig(rule=rule, dilation=0, jitter=0), Run(0))
    (batch,) = fitted.sample(SampleRequest(index=0, count=15, seed=0))
    images, masks = np.asarray(view.samples.payload), np.asarray(view.samples.companions["mask"])
    assert batch.parents is not None
    for made, parent in zip(np.asarray(batch.payload), batch.parents, strict=True):
        place = int(parent.removeprefix("train-"))
        marked = masks[place] > 0
        np.testing.assert_array_equal(made[~marked], images[place][~marked])
        assert made[marked].max() < 255
    assert not np.asarray(batch.companions["mask"]).any()


@pytest.mark.parametrize(("use", "parents"), [("refill", {1}), ("heal", {1, 2})])
def test_other_uses_give_rows_with_their_parents(use: Any, parents: set[int]) -> None:
    fitted = Telea().fit(TrainingData(*mask_toy()), TeleaConfig(use=use), Run(0))
    (batch,) = fitted.sample(SampleRequest(index=1, count=20, seed=0))
    assert np.shape(batch.payload) == (20, 8, 8, 1)
    assert batch.parents is not None
    assert {len(names.split()) for names in batch.parents} == parents
    assert (np.asarray(batch.companions["mask"]).any(axis=(1, 2, 3)) == (use == "heal")).all() or use == "refill"
