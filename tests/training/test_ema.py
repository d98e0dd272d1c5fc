"""The average of the weights: how fast it follows, and that it is frozen."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gan_augment.training.ema import Ema


def test_the_average_follows_and_forgets_the_start() -> None:
    network = nn.Linear(1, 1, bias=False)
    ema = Ema(network)
    with torch.no_grad():
        network.weight.fill_(5.0)
    for step in range(1, 101):
        ema.update(network, step * 10, 10)
    assert ema.network.weight.item() == pytest.approx(5.0, abs=1e-3)
    assert not ema.network.weight.requires_grad


def test_the_half_life_is_a_share_of_the_images_seen() -> None:
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(0.0)
    ema = Ema(network, fraction=0.05)
    with torch.no_grad():
        network.weight.fill_(1.0)
    ema.update(network, images_seen=2000, batch_size=100)  # half-life 100 images, one batch of 100
    assert ema.network.weight.item() == pytest.approx(0.5)
