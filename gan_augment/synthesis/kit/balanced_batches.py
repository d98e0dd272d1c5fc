"""Batches in which what is rare is practised too; and what is given where drawn rows are compared with real ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.nn.conditions import UNKNOWN
from gan_augment.nn.draws import Draws
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.kit.attributes import Attributes

__all__ = ["BalancedRows", "BalancedValues", "UsualConditions"]

Ints = npt.NDArray[np.int64]


class BalancedRows:
    """A row is drawn for the sake of a group, then of one of the group's sets of rows, each equally likely.

    Rare attributes stay unlearnt where batches hold none of them (STGAN, issue 19). See `Batches`.
    """

    def __init__(self, told: Ints, groups: Sequence[Sequence[Ints]]) -> None:
        """`told` of every train row; of each group its sets of row numbers, one at least, none of them empty."""
        self.told = torch.from_numpy(told)
        rows = [own for group in groups for own in group]
        self.values = torch.tensor([len(group) for group in groups])
        self.firsts = self.values.cumsum(0) - self.values  # of each group, among all sets
        self.counts = torch.tensor([len(own) for own in rows])
        self.ordered = torch.from_numpy(np.concatenate(rows))  # set after set
        self.starts = self.counts.cumsum(0) - self.counts

    def rows(self, size: int, draws: Draws) -> Tensor:
        """See `Batches`."""
        group = draws.randint(0, len(self.values), size)
        value = self.firsts[group] + (draws.rand(size) * self.values[group]).long()
        within = (draws.rand(size) * self.counts[value]).long()
        return self.ordered[self.starts[value] + within]


class BalancedValues(BalancedRows):
    """A row is drawn for the sake of a group of values, then of one of its values: the class is a group."""

    def __init__(self, conditions: Ints) -> None:
        """`conditions` int64 [n, groups] of train rows."""
        groups = [[np.flatnonzero(of == value) for value in np.unique(of) if value != UNKNOWN] for of in conditions.T]
        super().__init__(conditions, [group for group in groups if group])


class UsualConditions:
    """What drawn images are asked for where they are compared with held-out real ones: the same conditions.

    Those are the conditions of held-out rows that train rows have too; where there are none of a class or of a value,
    those of train rows. See `Conditions`.

    Attributes
    ----------
    train, held_out
        int64 [n, groups] of the train rows and of the validation rows (none: 0 rows).
    """

    def __init__(self, attributes: Attributes, data: TrainingData, method: str, seed: int) -> None:
        self.attributes, self.method, self.seed = attributes, method, seed
        self.train = attributes.conditions(data.train, method)
        self.held_out = self.train[:0] if data.validation is None else attributes.conditions(data.validation, method)
        self.usual = self.held_out[_rows_in(self.held_out, self.train)]

    def of_rows(self, view: TrainView | ValidationView) -> Ints:
        """See `Conditions`."""
        return self.attributes.conditions(view, self.method)

    def comparable(self, view: ValidationView) -> npt.NDArray[np.bool_]:
        """bool [n]: which rows have a combination of class and values that some train row has."""
        return _rows_in(self.of_rows(view), self.train)

    def of_classes(self, labels: Ints) -> Ints:
        """See `Conditions`."""
        told = np.empty((len(labels), self.train.shape[1]), dtype=np.int64)
        for index in np.unique(labels):
            places = labels == index
            told[places] = self.of_value(0, int(index) + 1, int(places.sum()))
        return told

    def of_value(self, place: int, value: int, count: int) -> Ints:
        """int64 [count, groups] with this value at this place; always the same ones. Some train row must have it."""
        random = numpy_generator(self.seed, "usual conditions", place, value)
        for rows in (self.usual, self.train):
            if len(own := rows[rows[:, place] == value]):
                break
        return random.choice(own, count)


def _rows_in(rows: Ints, others: Ints) -> npt.NDArray[np.bool_]:
    """bool [n]: which rows are among the others."""
    places = pd.MultiIndex.from_arrays(list(others.T))
    return np.asarray(pd.MultiIndex.from_arrays(list(rows.T)).isin(places), dtype=bool)
