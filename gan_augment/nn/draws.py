"""Random numbers for one process's share of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Draws"]


@dataclass(frozen=True)
class Draws:
    """Random numbers of process `rank` out of `count`, whose generators are in the same state.

    Row i of a share is row i * count + rank of the draw of a single process with the whole batch, so that several
    processes together see exactly the same batch.
    """

    generator: torch.Generator
    rank: int = 0
    count: int = 1

    def rand(self, rows: int, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), float32 [rows, *shape]."""
        return self._share(torch.rand(rows * self.count, *shape, generator=self.generator))

    def randn(self, rows: int, *shape: int) -> Tensor:
        """Standard normal numbers, float32 [rows, *shape]."""
        return self._share(torch.randn(rows * self.count, *shape, generator=self.generator))

    def randint(self, low: int, high: int, rows: int, *shape: int) -> Tensor:
        """Integers in low .. high - 1, int64 [rows, *shape]."""
        return self._share(torch.randint(low, high, (rows * self.count, *shape), generator=self.generator))

    def _share(self, drawn: Tensor) -> Tensor:
        return drawn[self.rank :: self.count]
