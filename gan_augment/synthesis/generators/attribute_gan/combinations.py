"""Which combination of attributes a synthetic row gets: as train rows have them, or ones that no train row has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.nn.conditions import UNKNOWN
from gan_augment.synthesis.kit.attributes import Attributes

__all__ = ["Choice", "Combinations"]

Ints = npt.NDArray[np.int64]
Choice = Literal["seen", "balanced", "all"] | tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Combinations:
    """The combinations of the train rows, and what is to be drawn.

    Attributes
    ----------
    sizes
        How many numbers each part of a condition may be, the unknown one included.
    seen
        int64 [k, groups]: the different conditions of the train rows.
    counts
        int64 [k]: how many train rows have each.
    choice
        `seen`: as often as the class's train rows have them; `balanced`: each of these equally often; `all`: each
        combination of values equally often, also those that no train row has.
    listed
        int64 [m, groups] of a list: each row equally often, parts that are unknown drawn as in `all`; else None.
    """

    sizes: tuple[int, ...]
    seen: Ints
    counts: Ints
    choice: Literal["seen", "balanced", "all"]
    listed: Ints | None

    @classmethod
    def of(cls, attributes: Attributes, conditions: Ints, choice: Choice) -> Combinations:
        """From the conditions [n, groups] of train rows. Raises MethodError for a value that none of them has."""
        seen, counts = np.unique(conditions, axis=0, return_counts=True)
        return cls.restored(attributes, seen, counts, choice)

    @classmethod
    def restored(cls, attributes: Attributes, seen: Ints, counts: Ints, choice: Choice) -> Combinations:
        """From what a saved model holds."""
        if isinstance(choice, str):
            return cls(attributes.sizes, seen, counts, choice, None)
        return cls(attributes.sizes, seen, counts, "all", _listed(attributes, choice))

    def draw(self, index: int, count: int, rng: torch.Generator) -> Tensor:
        """int64 [count, groups]: conditions of class `index`, drawn from `rng` alone."""
        if self.choice != "all":
            return self._of_train(index, count, rng)
        drawn = [torch.full((count,), index + 1)]
        drawn += [torch.randint(1, size, (count,), generator=rng) for size in self.sizes[1:]]
        every = torch.stack(drawn, dim=1)
        if self.listed is None:
            return every
        named = torch.from_numpy(self.listed)[torch.randint(len(self.listed), (count,), generator=rng)]
        return torch.where(named == UNKNOWN, every, named)

    def _of_train(self, index: int, count: int, rng: torch.Generator) -> Tensor:
        own = self.seen[:, 0] == index + 1
        rows, weights = self.seen[own], self.counts[own].astype(np.float64)
        if self.choice == "balanced":
            whole = (rows != UNKNOWN).all(axis=1)
            weights = (whole if whole.any() else np.ones(len(rows))).astype(np.float64)
        # Not torch.multinomial: it takes 2^24 weights at most, and a cumulated sum is as quick.
        ends = torch.from_numpy(np.cumsum(weights))
        places = torch.searchsorted(ends, torch.rand(count, generator=rng, dtype=torch.float64) * ends[-1], right=True)
        return torch.from_numpy(rows)[places.clamp(max=len(rows) - 1)]


def _listed(attributes: Attributes, wanted: Sequence[Mapping[str, str]]) -> Ints:
    rows = np.full((len(wanted), len(attributes.sizes)), UNKNOWN, dtype=np.int64)
    for row, combination in zip(rows, wanted, strict=True):
        for place, number in attributes.numbers_of(combination).items():
            row[place] = number
    return rows
