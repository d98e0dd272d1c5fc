"""Rare values that synthetic rows repeat: a level that one person has names that person, whatever else is made up."""

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
    """Rare values of one column, and what synthetic rows repeat of them.

    Attributes
    ----------
    column, kind
        `level`: levels that at most 2 train rows have. `extreme`: the smallest and the largest number, where one train
        row alone has it.
    values
        How many such values the train rows have.
    repeated
        How many of them stand in some synthetic row.
    rows
        In how many synthetic rows.
    """

    column: str
    kind: str
    values: int
    repeated: int
    rows: int


def exposed_values(train: pd.DataFrame, synthetic: pd.DataFrame, table: TableSpec) -> list[Exposure]:
    """Every column of which synthetic rows repeat rare train values, the most rows first."""
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
