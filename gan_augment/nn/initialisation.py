"""The start of a network's weights, where no normalisation layer repairs a bad one."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

__all__ = ["LEAK", "LINEAR", "keep_variance"]

LEAK = 0.2  # slope of every leaky rectifier here
# The gain of a leaky rectifier: with it the variance of the activations stays what it was.
_GAIN = nn.init.calculate_gain("leaky_relu", LEAK)
LINEAR = 1 / _GAIN  # the factor for a layer without a rectifier after it

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


@torch.no_grad()
def keep_variance(layer: Layer, factor: float = 1.0) -> Layer:
    """The same layer, its weights normal with a deviation of gain * `factor` / sqrt(fan-in), its bias zero.

    He et al. 2015, arXiv 1502.01852, eq. 14 and 15.
    """
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=_GAIN * factor / fan_in**0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
