"""The object arrives, with its exact mask; thin objects and those at the edge too; rows without masks are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.copy_paste import CopyPaste, CopyPasteConfig, pasted
from tests.toys import bar_toy, image_toy


def drawn(train: Any, count: int = 40, index: int = 0, **settings: Any) -> Any:
    fitted = CopyPaste().fit(TrainingData(train), CopyPasteConfig(**settings), Run(0))
    return list(fitted.sample(SampleRequest(index=index, count=count, seed=1)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("top", "left", "high", "wide"), [(0, 0, 1, 1), (5, 5, 1, 1), (0, 3, 2, 9), (9, 9, 3, 3)])
@pytest.mark.parametrize("blend", ["gradients", "cut"])
def test_an_object_of_any_size_anywhere_arrives(
    channels: int, top: int, left: int, high: int, wide: int, blend: str
) -> None:
    ground = np.full((12, 12, channels), 60, np.uint8)
    image, where = ground.copy(), np.zeros((12, 12), bool)
    where[top : top + high, left : left + wide] = True
    image[where] = 200
    found = pasted(ground, image, where, blend).astype(int)
    assert found.shape == ground.shape
    assert found[where].mean() > 150
    assert abs(found[~where].mean() - 60) < 15


@pytest.mark.parametrize("blend", ["gradients", "cut"])
def test_the_mask_says_where_the_objects_are(blend: str) -> None:
    train, _ = bar_toy()
    (batch,) = drawn(train, blend=blend)
    masks = batch.companions["mask"]
    bright = np.asarray(batch.payload) > 120
    assert (bright & (masks > 0)).sum() > 0.75 * (masks > 0).sum()
    assert (bright & (masks == 0)).mean() < 0.05
    own = {bytes(mask) for mask in np.asarray(train.samples.companions["mask"])}
    assert sum(bytes(mask) in own for mask in masks) < 5  # new ones
    assert all(1 <= len(parents.split()) <= 2 for parents in batch.parents)


def test_rows_without_masks_and_classes_without_objects_are_refused() -> None:
    with pytest.raises(MethodError, match="without masks"):
        drawn(image_toy()[0])
    train, _ = bar_toy()
    masks = np.asarray(train.samples.companions["mask"]).copy()
    masks[20:] = 0
    half = replace(train, samples=replace(train.samples, companions={"mask": masks}))
    fitted = CopyPaste().fit(TrainingData(half), CopyPasteConfig(), Run(0))
    assert set(fitted.summary["refused_classes"]) == {"1"}
    with pytest.raises(MethodError, match="something in it"):
        list(fitted.sample(SampleRequest(index=1, count=1, seed=0)))
