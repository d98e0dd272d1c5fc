"""Which pairs of values the train rows hold: a row with another pair may be one that cannot exist.

What replaces a copy must not leave this support. Among rows that repeat no train row, those that a model made by
mistake are over-represented: to take any of them would select for the mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["RowSupport"]

Hashes = npt.NDArray[np.uint64]
HashColumn = Callable[[pd.DataFrame], Hashes]

MAX_VALUES = 32  # columns of more distinct values take no part: their pairs are mostly new in any fresh row
MAX_NUMBERS = 10  # likewise of numbers, of which one between two others is no mistake
MAX_COLUMNS = 32


@dataclass(frozen=True)
class RowSupport:
    """The columns of few values, their values' hashes, and which of them go together.

    Attributes
    ----------
    columns
        int64 [c]: places among the table's columns.
    ends
        int64 [c]: where each one's values end in `values`.
    values
        uint64 [v]: hashes, ascending within a column.
    pairs
        bool [v, v]: some train row holds both.
    """

    columns: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    values: Hashes
    pairs: npt.NDArray[np.bool_]

    @classmethod
    def fit(cls, frame: pd.DataFrame, hashes: HashColumn) -> RowSupport:
        """Of train rows; `hashes` gives a frame of one column uint64 [n], equal for equal values."""
        chosen, codes, values, end = list[int](), [], [np.empty(0, dtype=np.uint64)], 0
        for place, name in enumerate(frame.columns):
            numbers, distinct = pd.factorize(frame[name], use_na_sentinel=False)
            most = MAX_NUMBERS if frame[name].dtype.kind in "iuf" else MAX_VALUES
            if len(distinct) > most or len(chosen) == MAX_COLUMNS:
                continue
            first = np.unique(numbers, return_index=True)[1]
            own, inverse = np.unique(hashes(frame[[name]].iloc[first]), return_inverse=True)
            chosen.append(place)
            codes.append(end + inverse[numbers])
            values.append(own)
            end += len(own)
        pairs = np.zeros((end, end), dtype=bool)
        for place, left in enumerate(codes):
            for right in codes[: place + 1]:
                pairs[left, right] = True
        ends = np.cumsum([len(own) for own in values[1:]], dtype=np.int64)
        return cls(np.array(chosen, dtype=np.int64), ends, np.concatenate(values), pairs)

    def holds(self, frame: pd.DataFrame, hashes: HashColumn) -> npt.NDArray[np.bool_]:
        """bool [n]: every two values of the row occur together in some train row."""
        held = np.ones(len(frame), dtype=bool)
        codes, start = [], 0
        for place, end in zip(self.columns, self.ends, strict=True):
            own, found = self.values[start:end], hashes(frame.iloc[:, [place]])
            numbers = np.searchsorted(own, found).clip(max=len(own) - 1)
            held &= own[numbers] == found
            codes.append(start + numbers)
            start = end
        for place, left in enumerate(codes):
            for right in codes[:place]:
                held &= self.pairs[left, right]
        return held

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What a safetensors file holds."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
