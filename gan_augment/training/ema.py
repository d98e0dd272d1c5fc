"""Exponential moving average of a network's weights: samples are drawn from it."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

__all__ = ["Ema"]

Network = TypeVar("Network", bound=nn.Module)


class Ema(Generic[Network]):
    """Frozen copy of `network` that follows it.

    The half-life, counted in images, is `fraction` of the images seen so far, and at most `cap_images`: early on the
    average forgets the untrained weights quickly (Karras et al. 2020, ADA, "ema_rampup").
    """

    def __init__(self, network: Network, *, fraction: float = 0.05, cap_images: float = 20_000) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.fraction = fraction
        self.cap_images = cap_images

    @torch.no_grad()
    def update(self, source: nn.Module, images_seen: int, batch_size: int) -> None:
        """Move toward `source` after a step that used `batch_size` images; `images_seen` includes them."""
        half_life = min(self.fraction * images_seen, self.cap_images)
        keep = 0.5 ** (batch_size / max(half_life, 1e-8))
        mine_all: list[Tensor] = list(self.network.parameters())
        theirs_all: list[Tensor] = list(source.parameters())
        torch._foreach_lerp_(mine_all, theirs_all, 1.0 - keep)  # one call instead of one per tensor
        for mine, theirs in zip(self.network.buffers(), source.buffers(), strict=True):
            mine.copy_(theirs)
