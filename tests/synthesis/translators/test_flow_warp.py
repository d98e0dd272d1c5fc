"""`flow_warp`: a shifted texture goes on, its mask and its place in the clip with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.records import ArrayField, ImageSpec
from gan_augment.core.samples import Samples
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.rivals import rivals_of
from gan_augment.synthesis.translators.flow_warp import FlowWarp, FlowWarpConfig
from gan_augment.synthesis.translators.next_frame.method import NextFrame, NextFrameConfig
from tests.synthesis.kit.test_optical_flow import inner_error, texture
from tests.toys import clip_toy


def sliding() -> Any:
    """Clips of two frames of a texture that slides to the right."""
    view = clip_toy(4, 2)
    images = np.stack([texture(number % 2) for number in range(8)])
    masks = np.where(images > 128, 9, 2).astype(np.uint8)
    image, beside = ImageSpec(height=24, width=24, channels=1), view.spec.companions
    spec = view.spec.model_copy(
        update={"image": image, "companions": {**beside, "mask": ArrayField(shape=(24, 24, 1))}}
    )
    samples = Samples(view.samples.manifest, images, {**view.samples.companions, "mask": masks})
    return replace(view, spec=spec, samples=samples)


@pytest.mark.parametrize("flow", ["farneback", "dis"])
def test_a_texture_that_slides_goes_on_sliding(flow: Any) -> None:
    fitted = FlowWarp().fit(TrainingData(sliding()), FlowWarpConfig(flow=flow), Run(0))
    (batch,) = fitted.sample(SampleRequest(index=0, count=6, seed=1))
    frames = frame_of(batch.companions["sequence"])["frame"]
    assert sorted(frames) == [3, 3, 4, 4, 5, 5]
    last = texture(1)
    for image, mask, number in zip(images_of(batch.payload), images_of(batch.companions["mask"]), frames, strict=True):
        truth = texture(int(number) - 1)
        assert inner_error(image, truth) < 0.2 * inner_error(last, truth)
        assert (mask == np.where(truth > 128, 9, 2))[:, 6:-6].mean() > 0.95


def test_it_is_the_rival_of_next_frame_with_the_same_starts_and_steps() -> None:
    assert [rival.name for rival in rivals_of(NextFrame())] == ["flow_warp"]
    ours, theirs = NextFrameConfig(), FlowWarpConfig()
    assert (ours.steps, ours.start) == (theirs.steps, theirs.start)
