"""Columns related without exception in the train rows: one-hot groups, and determined columns (city -> country).

A model that draws such columns separately makes rows that cannot exist. The dependencies found here are encoded as one
choice over the train rows' combinations (`columns.CombinedColumn`), so they hold in every row of every method.

A few rows are not enough evidence: a determinant needs `ROWS_A_VALUE` rows per value on average and no exception, and
chance must be ruled out, at level `ALPHA` over all pairs of columns examined. Chance is the share of all orders of a
column in which the relation holds too: for a determinant of L values and K values of the other, at most K^L of the n! /
(n_1! ... n_K!) orders; for columns that are never 1 together, it is computed exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln

from gan_augment.core.records import Column, OrderRule, Record, TableSpec

__all__ = ["Dependency", "find_dependencies", "kept_together"]

Codes = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

ROWS_A_VALUE = 5
ALPHA = 1e-3  # the chance that a table of independent columns has any false dependency
FEW_NUMBERS = 10  # a number with more distinct values is drawn as a number, and determines nothing
FIRST_ROWS = 512  # rows of a first look that rules out nearly all pairs
SEPARATOR = re.compile(r"[_=.:\-\s\[]+")  # between the variable and the level in the name of a one-hot column
ZEROS, ONES = {"0", "0.0", "false", "no"}, {"1", "1.0", "true", "yes"}


class Dependency(Record):
    """Columns whose values are related without exception.

    "one_hot": never two of the columns are 1, and where `complete` one always is. "determined": the first column's
    value determines those of the others.
    """

    kind: Literal["one_hot", "determined"]
    columns: tuple[str, ...]
    complete: bool = True

    def __str__(self) -> str:
        if self.kind == "one_hot":
            return f"{'exactly' if self.complete else 'at most'} one of {', '.join(self.columns)}"
        return f"{self.columns[0]} -> {', '.join(self.columns[1:])}"


def find_dependencies(frame: pd.DataFrame, table: TableSpec) -> tuple[Dependency, ...]:
    """Dependencies in a table's train rows. Columns of an order rule are skipped: their values are exchanged."""
    ordered = {name for rule in table.rules if isinstance(rule, OrderRule) for name in rule.columns}
    columns = [column for column in table.columns if column.name not in ordered and column.kind != "datetime"]
    coded = [one for one in (_coded(column, frame[column.name]) for column in columns) if one.values > 1]
    groups = _one_hot_groups([one for one in coded if one.binary is not None])
    return (*groups, *_determined(coded, groups))


def kept_together(
    dependencies: Sequence[Dependency], frame: pd.DataFrame, rules: Iterable[tuple[str, ...]] = ()
) -> list[tuple[str, ...]]:
    """Disjoint groups of columns to encode as one choice: combination rules, and dependencies that share columns.

    Two that share a column become one group where there are enough train rows per combination of the joint group.
    Otherwise the later one is dropped: keeping it would repeat rows of the train part in all these columns.
    """
    groups: list[tuple[str, ...]] = list(rules)
    for dependency in dependencies:
        touched = [group for group in groups if set(group) & set(dependency.columns)]
        merged = tuple(dict.fromkeys([*(name for group in touched for name in group), *dependency.columns]))
        if touched and _combinations(frame, merged) > max(
            len(frame) / ROWS_A_VALUE, *(_combinations(frame, part) for part in (*touched, dependency.columns))
        ):
            continue
        groups = [*(group for group in groups if group not in touched), merged]
    return groups


@dataclass(frozen=True)
class _Coded:
    """Column as int64 codes [n], -1 where missing; `values` distinct ones. `binary`: bool [n] where it is 0 and 1."""

    column: Column
    codes: Codes
    values: int
    binary: Marks | None

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def determines(self) -> bool:
        """Whether it may be a determinant: a category, or a number of few values, with enough rows per value."""
        few = self.column.kind != "numeric" or self.values <= FEW_NUMBERS
        return few and (self.codes >= 0).sum() >= ROWS_A_VALUE * self.values


def _coded(column: Column, series: pd.Series) -> _Coded:
    codes, values = pd.factorize(series, sort=False)
    spelled = [str(value).lower() for value in values] if len(values) == 2 else []
    switch = sorted(spelled, key=ONES.__contains__)
    if len(switch) == 2 and switch[0] in ZEROS and switch[1] in ONES and (codes >= 0).all():
        return _Coded(column, codes.astype(np.int64), 2, codes == spelled.index(switch[1]))
    return _Coded(column, codes.astype(np.int64), len(values), None)


def _one_hot_groups(columns: list[_Coded]) -> list[Dependency]:
    """Exactly-one groups among columns with a common prefix, in a run, or anywhere; then at-most-one groups, which are
    searched only among columns with a common prefix.
    """
    if len(columns) < 2:
        return []
    values = np.stack([one.binary for one in columns if one.binary is not None], axis=1)
    apart, counts = _apart(values), values.sum(axis=0)
    limit = np.log(ALPHA) - 2 * np.log(len(columns))
    free, found = np.ones(len(columns), dtype=bool), list[tuple[list[int], bool]]()
    for first in range(len(columns)):
        for among, complete in _searches([one.name for one in columns], apart, first):
            if not free[first]:
                break
            group = _exclusive(apart, first, among & free)
            whole = complete or len(group) == among.sum()
            if whole and _one_hot(values[:, group], complete) and _by_chance(counts[group], len(values)) < limit:
                found.append((group, complete))
                free[group] = False
    return [
        Dependency(kind="one_hot", columns=tuple(columns[place].name for place in group), complete=complete)
        for group, complete in found
    ]


def _searches(names: list[str], apart: Marks, first: int) -> Iterator[tuple[Marks, bool]]:
    """Sets of columns to search for a group, each with whether a column of the group must always be 1."""
    alike = [np.array([_beginning(name, last) == _beginning(names[first], last) for name in names]) for last in (1, 0)]
    stop = first + 1
    while stop < len(apart) and apart[stop, first:stop].all():
        stop += 1
    run = (np.arange(len(names)) >= first) & (np.arange(len(names)) < stop)
    yield from ((among, True) for among in (*alike, run, np.ones(len(names), dtype=bool)))
    yield from ((among, False) for among in alike)


def _beginning(name: str, last: int) -> str:
    """Prefix of a name, up to its first or its last separator; the whole name where there is none."""
    places = [found.start() for found in SEPARATOR.finditer(name)]
    return name[: places[-last]] if places else f"\0{name}"


def _apart(values: Marks) -> Marks:
    """Mask bool [m, m]: the columns are never 1 in the same row, among the first rows."""
    first = values[: 8 * FIRST_ROWS].astype(np.float32)
    return np.asarray(first.T @ first == 0)


def _exclusive(apart: Marks, first: int, among: Marks) -> list[int]:
    """Column `first` and the later columns that exclude it and one another, taken in turn."""
    group, left = [first], among & apart[first]
    left[: first + 1] = False
    while left.any():
        group.append(int(left.argmax()))
        left = left & apart[group[-1]]
        left[: group[-1] + 1] = False
    return group


def _one_hot(values: Marks, complete: bool) -> bool:
    together = values.sum(axis=1)
    return bool((together == 1).all() if complete else (together <= 1).all())


def _by_chance(counts: Codes, rows: int) -> float:
    """Logarithm of the probability that columns of so many ones, in independent orders, are never 1 together."""
    apart = _log_orders(np.append(counts, rows - counts.sum()))
    free = sum(_log_orders(np.array([count, rows - count])) for count in counts)
    return apart - free


def _determined(columns: list[_Coded], groups: list[Dependency]) -> list[Dependency]:
    """Dependencies, one per determinant that no other determines; of those that determine each other, the first."""
    group_of = {name: number for number, group in enumerate(groups) for name in group.columns}
    by = np.zeros((len(columns), len(columns)), dtype=bool)  # [determinant, determined]
    limit = np.log(ALPHA) - np.log(max(1, len(columns) * (len(columns) - 1)))
    for place, one in enumerate(columns):
        if one.determines:
            for other in _candidates(one, columns):
                same = group_of.get(one.name, -1) == group_of.get(columns[other].name, -2)
                by[place, other] = other != place and not same and _determines(one, columns[other], limit)
    found = []
    for place, one in enumerate(columns):
        above = [o for o in np.flatnonzero(by[:, place]) if not by[place, o] or o < place]
        if by[place].any() and not above:
            others = (columns[other].name for other in np.flatnonzero(by[place]))
            found.append(Dependency(kind="determined", columns=(one.name, *others)))
    return found


def _candidates(one: _Coded, columns: list[_Coded]) -> Codes:
    """Places of the column pairs that the first rows do not rule out."""
    rows = np.flatnonzero(one.codes >= 0)[:FIRST_ROWS]
    order = rows[np.argsort(one.codes[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(one.codes[order], prepend=-1))
    others = np.stack([column.codes[order] for column in columns], axis=1)
    most = np.maximum.reduceat(others, starts, axis=0)
    least = np.minimum.reduceat(np.where(others < 0, np.iinfo(np.int64).max, others), starts, axis=0)
    return np.flatnonzero((least >= most).all(axis=0))


def _determines(one: _Coded, other: _Coded, limit: float) -> bool:
    """Whether each value of `one` goes with a single value of `other` wherever both are present, and not by chance."""
    both = (one.codes >= 0) & (other.codes >= 0)
    codes, others = one.codes[both], other.codes[both]
    partner = np.full(one.values, -1, dtype=np.int64)
    partner[codes] = others
    if not np.array_equal(partner[codes], others):
        return False
    levels, counts = int((partner >= 0).sum()), np.bincount(others)
    kinds = int((counts > 0).sum())
    if kinds < 2 or len(codes) < ROWS_A_VALUE * levels:
        return False
    return bool(levels * np.log(kinds) - _log_orders(counts) < limit)


def _log_orders(counts: npt.NDArray[Any]) -> float:
    """Logarithm of the number of orders of these counts of equal things: n! / (n_1! ... n_K!)."""
    return float(gammaln(counts.sum() + 1) - gammaln(counts + 1).sum())


def _combinations(frame: pd.DataFrame, names: Sequence[str]) -> int:
    codes = np.stack([pd.factorize(frame[name])[0] for name in names], axis=1)
    return len(np.unique(codes, axis=0))
