"""The start of weights: the variance of what goes through a layer stays."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.nn.initialisation import LEAK, LINEAR, keep_variance, own_weights


def started(layer: nn.Linear | nn.Conv2d, factor: float = 1.0) -> nn.Linear | nn.Conv2d:
    torch.manual_seed(0)
    return keep_variance(layer, factor)


def test_the_size_of_activations_survives_ten_layers() -> None:
    values = torch.randn(500, 256, generator=torch.Generator().manual_seed(1))
    for _ in range(10):
        values = F.leaky_relu(started(nn.Linear(256, 256))(values), LEAK)
    assert 0.7 < values.square().mean() < 1.4  # of 1 at the start; torch's own start leaves less than a thousandth


@pytest.mark.parametrize(
    "layer", [nn.Linear(200, 300), nn.Conv2d(24, 32, 3, padding=1), nn.Conv2d(16, 8, 4, stride=2, bias=False)]
)
def test_a_layer_without_a_rectifier_keeps_the_variance_too(layer: nn.Linear | nn.Conv2d) -> None:
    shape = (400, 200) if isinstance(layer, nn.Linear) else (20, layer.in_channels, 16, 16)
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    out = started(layer, LINEAR)(values)
    if isinstance(layer, nn.Conv2d):
        out = out[:, :, 1:-1, 1:-1]  # at the edge the padding's zeros count in
    assert 0.8 < out.var() < 1.25


def test_it_is_the_same_layer_with_no_bias() -> None:
    layer = nn.Linear(3, 2)
    assert keep_variance(layer) is layer
    assert layer.bias.abs().sum() == 0
    assert layer.weight.requires_grad


def test_weights_of_their_own_leave_the_global_generator_as_it_was() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    drawn = []
    for seed, name in ((1, "a"), (1, "a"), (2, "a"), (1, "b")):
        with own_weights(seed, name):
            drawn.append(nn.Linear(4, 4).weight)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[3])
