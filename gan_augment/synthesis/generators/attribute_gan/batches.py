"""Batches in which every value of every attribute is practised, however rare, and the conditions of train rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.nn.conditions import UNKNOWN
from gan_augment.nn.draws import Draws
from gan_augment.synthesis.kit.attributes import Attributes

__all__ = ["BalancedValues", "UsualConditions"]

Ints = npt.NDArray[np.int64]


class BalancedValues:
    """A row is drawn for the sake of a group, then of one of its values, each equally likely: the class is a group.

    Rare attributes stay unlearnt where batches hold none of them (STGAN, issue 19). See `Batches`.
    """

    def __init__(self, conditions: Ints) -> None:
        """`conditions` int64 [n, groups] of train rows."""
        self.told = torch.from_numpy(conditions)
        rows, firsts, values = list[Ints](), [], []
        for numbers in conditions.T:
            known = [np.flatnonzero(numbers == value) for value in np.unique(numbers) if value != UNKNOWN]
            firsts.append(len(rows))
            values.append(len(known))
            rows += known
        self.firsts, self.values = torch.tensor(firsts), torch.tensor(values)  # of each group, among all values
        self.counts = torch.tensor([len(own) for own in rows])
        self.ordered = torch.from_numpy(np.concatenate(rows))  # value after value
        self.starts = self.counts.cumsum(0) - self.counts

    def rows(self, size: int, draws: Draws) -> Tensor:
        """See `Batches`."""
        group = draws.randint(0, len(self.values), size)
        value = self.firsts[group] + (draws.rand(size) * self.values[group]).long()
        within = (draws.rand(size) * self.counts[value]).long()
        return self.ordered[self.starts[value] + within]


class UsualConditions:
    """What the monitor tells the networks: the conditions of real rows, and those of the class's train rows for others.

    See `Conditions`.
    """

    def __init__(self, attributes: Attributes, train: TrainView, method: str, seed: int) -> None:
        self.attributes, self.method, self.seed = attributes, method, seed
        self.train, self.labels = attributes.conditions(train, method), train.labels

    def of_rows(self, view: TrainView | ValidationView) -> Ints:
        """See `Conditions`."""
        return self.attributes.conditions(view, self.method)

    def of_classes(self, labels: Ints) -> Ints:
        """See `Conditions`."""
        told = np.empty((len(labels), self.train.shape[1]), dtype=np.int64)
        for index in np.unique(labels):
            own, places = np.flatnonzero(self.labels == index), labels == index
            chosen = numpy_generator(self.seed, "usual conditions", int(index)).choice(own, int(places.sum()))
            told[places] = self.train[chosen]
        return told
