"""Exposure of rare values in synthetic rows: a level that one person has identifies that person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import TableSpec

__all__ = ["Exposure", "exposed_values"]

RARE = 2  # rows


@dataclass(frozen=True)
class Exposure:
    """Rare values of one column, and their repetitions in synthetic rows.

    Attributes
    ----------
    column, kind
        `level`: levels that at most 2 train rows have. `extreme`: the smallest and the largest number, where one train
        row has it.
    values
        The number of such values in the train rows.
    repeated
        The number of them that occur in a synthetic row.
    rows
        The number of those synthetic rows.
    """

    column: str
    kind: str
    values: int
    repeated: int
    rows: int


def exposed_values(train: pd.DataFrame, synthetic: pd.DataFrame, table: TableSpec) -> list[Exposure]:
    """Columns of which synthetic rows repeat rare train values, the most rows first."""
    found = [exposure for exposure in _exposures(train, synthetic, table) if exposure.repeated]
    return sorted(found, key=lambda exposure: -exposure.rows)


def _exposures(train: pd.DataFrame, synthetic: pd.DataFrame, table: TableSpec) -> Iterator[Exposure]:
    for column in table.columns:
        here, there = train[column.name].dropna(), synthetic[column.name].dropna()
        if here.empty:
            continue
        counts = here.value_counts()
        if column.kind in ("numeric", "datetime"):
            ends = pd.Index([here.min(), here.max()]).unique()
            rare, kind = ends[(counts.reindex(ends) == 1).to_numpy(dtype=bool)], "extreme"
        else:
            rare, kind = counts.index[(counts > 0) & (counts <= RARE)], "level"
        repeats: npt.NDArray[np.bool_] = there.isin(list(rare)).to_numpy(dtype=bool)
        yield Exposure(column.name, kind, len(rare), int(there[repeats].nunique()), int(repeats.sum()))
