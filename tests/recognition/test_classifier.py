"""SmallCnn: sizes it takes, features it gives, weights that come from the generator alone."""

from __future__ import annotations

import pytest
import torch

from gan_augment.recognition.classifier import SmallCnn


def build(channels: int = 1, height: int = 8, width_px: int = 8, seed: int = 0) -> SmallCnn:
    return SmallCnn(channels, height, width_px, 5, width=4, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(4, 4), (8, 8), (13, 9), (28, 28), (64, 48)])
def test_takes_grey_and_rgb_of_any_usual_size(channels: int, size: tuple[int, int]) -> None:
    model = build(channels, *size)
    images = torch.zeros(3, channels, *size)
    assert model(images).shape == (3, 5)
    assert model.embed(images).shape == (3, 64)


def test_embedding_is_what_the_head_reads() -> None:
    model = build().eval()
    images = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(model(images), model.head(model.embed(images)))
    assert (model.embed(images) >= 0).all()


def test_weights_depend_on_the_generator_and_not_on_the_global_state() -> None:
    torch.manual_seed(1)
    first = build(seed=3).state_dict()
    torch.manual_seed(2)
    second = build(seed=3).state_dict()
    other = build(seed=4).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_every_parameter_gets_a_gradient() -> None:
    model = build()
    images = torch.randn(16, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    model(images).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for name, p in model.named_parameters())


@pytest.mark.parametrize("side", [4, 5, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 64])
def test_the_last_map_is_small_and_not_tiny(side: int) -> None:
    trunk = build(height=side, width_px=side).trunk
    last = trunk[:-2](torch.zeros(2, 1, side, side))  # without the mean over 2 x 2 and the flattening
    assert 3 <= last.shape[2] <= 5
    assert last.shape[2] == last.shape[3]
