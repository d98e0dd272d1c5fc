"""Networks for encoded table rows, without normalisation layers: a row never depends on the others of its batch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ChoiceBlocks", "PackedDiscriminator", "ResidualGenerator"]

LEAK = 0.2


class ResidualGenerator(nn.Module):
    """Generator G(u, y) = u + f(u, y): small changes of starts u [n, width] of class y [n]. At first f is 0."""

    def __init__(self, width: int, classes: int, hidden: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(classes, min(hidden, 16))
        inputs = width + self.embed.embedding_dim
        self.body = nn.Sequential(
            nn.Linear(inputs, hidden), nn.LeakyReLU(LEAK), nn.Linear(hidden, hidden), nn.LeakyReLU(LEAK)
        )
        self.last = nn.Linear(hidden, width)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, start: Tensor, labels: Tensor) -> Tensor:
        """Scores float32 [n, width]."""
        moved: Tensor = start + self.last(self.body(torch.cat([start, self.embed(labels)], dim=1)))
        return moved


class PackedDiscriminator(nn.Module):
    """Projection discriminator (Miyato & Koyama 2018, arXiv 1802.05637) that judges `pack` rows of a class together.

    Several rows at once can reveal a missing mode, which a single row cannot (PacGAN, Lin et al. 2018, arXiv
    1712.04086).
    """

    def __init__(self, width: int, classes: int, hidden: int, pack: int) -> None:
        super().__init__()
        self.pack = pack
        self.body = nn.Sequential(
            nn.Linear(width * pack, hidden), nn.LeakyReLU(LEAK), nn.Linear(hidden, hidden), nn.LeakyReLU(LEAK)
        )
        self.linear = nn.Linear(hidden, 1)
        self.embed = nn.Embedding(classes, hidden)
        nn.init.normal_(self.embed.weight, std=1 / math.sqrt(hidden))

    def forward(self, rows: Tensor, labels: Tensor) -> Tensor:
        """Logits float32 [n / pack]: rows [n, width]; the `pack` rows of a group are consecutive and of one class."""
        hidden = self.body(rows.reshape(len(rows) // self.pack, -1))
        projection = (hidden * self.embed(labels[:: self.pack])).sum(1)
        logits: Tensor = self.linear(hidden).squeeze(1) + projection
        return logits


class ChoiceBlocks(nn.Module):
    """Scores to one-hot rows that still pass a gradient (straight-through softmax, Jang et al. 2017, arXiv 1611.01144).

    The start's scores are random already (a Gaussian sample), so no Gumbel noise is added to them: the largest score
    is a draw. A number whose switch is off becomes 0, as in an encoded real row.

    Parameters
    ----------
    blocks
        (start, stop) of each choice block.
    switches
        (value column, switch column) of each number that has one.
    """

    def __init__(
        self,
        width: int,
        blocks: Sequence[tuple[int, int]],
        switches: Sequence[tuple[int, int]],
        temperature: float,
        bound: float,
    ) -> None:
        super().__init__()
        self.temperature, self.bound = temperature, bound
        longest = max((stop - start for start, stop in blocks), default=0)
        # Blocks of unequal length are padded to one rectangle: one softmax for all of them instead of one each.
        places = torch.zeros(len(blocks), longest, dtype=torch.long)
        padding = torch.ones(len(blocks), longest, dtype=torch.bool)
        for row, (start, stop) in enumerate(blocks):
            places[row, : stop - start] = torch.arange(start, stop)
            padding[row, : stop - start] = False
        numbers = sorted(set(range(width)) - {place for start, stop in blocks for place in range(start, stop)})
        inside = places[~padding]
        # A row is assembled as (numbers, choices) and then reordered.
        order = torch.argsort(torch.cat([torch.tensor(numbers, dtype=torch.long), inside]))
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("inside", (~padding).flatten().nonzero().squeeze(1), persistent=False)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("padding", padding, persistent=False)
        self.register_buffer("numbers", torch.tensor(numbers, dtype=torch.long), persistent=False)
        self.register_buffer("gated", torch.tensor([v for v, _ in switches], dtype=torch.long), persistent=False)
        self.register_buffer("gates", torch.tensor([s for _, s in switches], dtype=torch.long), persistent=False)

    order: Tensor
    inside: Tensor
    places: Tensor
    padding: Tensor
    numbers: Tensor
    gated: Tensor
    gates: Tensor

    def forward(self, scores: Tensor) -> Tensor:
        """Rows float32 [n, width] from scores of the same shape: one-hot blocks, numbers within the codec's bound."""
        rows = scores[:, self.numbers].clamp(-self.bound, self.bound)
        if self.places.numel():
            padded = scores[:, self.places].masked_fill(self.padding, -torch.inf)
            choice = torch.zeros_like(padded).scatter_(2, padded.argmax(dim=2, keepdim=True), 1.0)
            if scores.requires_grad:
                soft = F.softmax(padded / self.temperature, dim=2)
                choice = choice + soft - soft.detach()
            rows = torch.cat([rows, choice.flatten(1).index_select(1, self.inside)], dim=1)
            rows = rows.index_select(1, self.order)
        if self.gated.numel():
            rows = rows.index_copy(1, self.gated, rows[:, self.gated] * rows[:, self.gates])
        return rows
