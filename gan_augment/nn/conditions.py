"""Networks with several conditions at once: groups of exclusive values, some of which may be unknown.

A condition is a row of value numbers, int64 [groups]; 0 is "unknown" in every group. Adding up one vector per group
lets a network draw a combination that it never saw, from values that it did.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["UNKNOWN", "ConditionEmbedding", "ConditionReader", "condition_loss"]

UNKNOWN = 0


class ConditionEmbedding(nn.Module):
    """Sum of one vector per group: conditions int64 [n, groups] to float32 [n, width].

    `sizes`: values of each group, the unknown one included. `deviation` is the standard deviation of an untrained sum's
    entries.
    """

    starts: Tensor

    def __init__(self, sizes: Sequence[int], width: int, deviation: float = 1.0) -> None:
        super().__init__()
        self.table = nn.Embedding(sum(sizes), width)
        nn.init.normal_(self.table.weight, std=deviation / math.sqrt(len(sizes)))
        starts = [0, *itertools.accumulate(sizes[:-1])]
        self.register_buffer("starts", torch.tensor(starts), persistent=False)

    def forward(self, conditions: Tensor) -> Tensor:
        """Embedding of the conditions; see the class."""
        total: Tensor = self.table(conditions + self.starts).sum(1)
        return total


class ConditionReader(nn.Module):
    """Unconditional D(x), with a head per group that reads its value from the image (Odena et al. 2017).

    `body` maps images [n, c, h, w] to features [n, features]. Its call has the signature of the other discriminators.
    """

    def __init__(self, body: nn.Module, features: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.body, self.sizes = body, tuple(sizes)
        self.linear = nn.Linear(features, 1)
        self.heads = nn.Linear(features, sum(sizes))

    def forward(self, images: Tensor, conditions: Tensor | None = None, label_scale: float = 1.0) -> Tensor:
        """Logits float32 [n]; larger means more like a real image."""
        del conditions, label_scale
        return self.judge(images)[0]

    def judge(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [n] and the logits of all groups' values [n, sum of sizes], in one pass."""
        hidden = self.body(images)
        return self.linear(hidden).squeeze(1), self.heads(hidden)


def condition_loss(read: Tensor, conditions: Tensor, sizes: Sequence[int]) -> Tensor:
    """Cross-entropy of the values read, a scalar: the mean over groups; unknown values are ignored."""
    losses = [
        F.cross_entropy(logits, values, ignore_index=UNKNOWN, reduction="sum") / (values != UNKNOWN).sum().clamp(min=1)
        for logits, values in zip(torch.split(read, list(sizes), dim=1), conditions.unbind(1), strict=True)
    ]
    return torch.stack(losses).mean()
