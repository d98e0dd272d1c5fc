"""Initial weights of networks in which no normalisation layer repairs a bad start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

from gan_augment.core.seeds import derive_seed

__all__ = ["LEAK", "LINEAR", "keep_variance", "own_weights"]

LEAK = 0.2  # slope of every leaky rectifier here
# Gain of a leaky rectifier: it preserves the variance of the activations.
_GAIN = nn.init.calculate_gain("leaky_relu", LEAK)
LINEAR = 1 / _GAIN  # the factor for a layer without a rectifier after it

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


@contextmanager
def own_weights(seed: int, name: str = "initial weights") -> Iterator[None]:
    """Networks built within get weights from a generator of their own; torch's global one is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, name))
        yield


@torch.no_grad()
def keep_variance(layer: Layer, factor: float = 1.0) -> Layer:
    """Layer with normal weights of standard deviation gain * `factor` / sqrt(fan-in) and zero bias.

    He et al. 2015, arXiv 1502.01852, eq. 14 and 15.
    """
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=_GAIN * factor / fan_in**0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
