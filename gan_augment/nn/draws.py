"""Random numbers for one process's share of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Draws"]


@dataclass(frozen=True)
class Draws:
    """Draws for `count` processes whose generators stand at the same place, and keeps what falls to process `rank`.

    Row i of a share is row i * count + rank of what a single process with the whole batch would have drawn, so that
    several processes together see the very same batch.
    """

    generator: torch.Generator
    rank: int = 0
    count: int = 1

    def rand(self, rows: int, *shape: int) -> Tensor:
        """float32 [rows, *shape], uniform in [0, 1)."""
        return self._share(torch.rand(rows * self.count, *shape, generator=self.generator))

    def randn(self, rows: int, *shape: int) -> Tensor:
        """float32 [rows, *shape], standard normal."""
        return self._share(torch.randn(rows * self.count, *shape, generator=self.generator))

    def randint(self, low: int, high: int, rows: int, *shape: int) -> Tensor:
        """int64 [rows, *shape] in low .. high - 1."""
        return self._share(torch.randint(low, high, (rows * self.count, *shape), generator=self.generator))

    def _share(self, drawn: Tensor) -> Tensor:
        return drawn[self.rank :: self.count]
