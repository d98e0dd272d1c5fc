"""Table codec: reversible between table rows and a float32 matrix, fitted on train rows only.

The matrix holds *choice blocks* (one-hot, two or more states) and *value blocks* (one number on a scale); see
`encoding.columns` for the form of each column. `decode(encode(rows))` restores every level, missing entry, boolean and
spike exactly, and every other number to within one step between neighbouring train quantiles.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from gan_augment.core.errors import DataError, ModelError
from gan_augment.core.records import Column, CombinationRule, OrderRule, Record, TableSpec
from gan_augment.encoding.columns import ColumnCodec, CombinedColumn, ScaleName, fit_column
from gan_augment.encoding.dependencies import Dependency, find_dependencies, kept_together
from gan_augment.encoding.rules import check_rules, restore_order

__all__ = ["Block", "Part", "TableCodec", "fill_unobserved"]

Matrix = npt.NDArray[np.float32]
Part = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]


class Block(NamedTuple):
    """Columns `start` to `stop` of the matrix, which belong to the table column `column`.

    `switch`: for a value block whose column also has a choice, the matrix column that is 1 where the value counts.
    `missing`: for a choice block, the matrix column that is 1 where the entry is missing, if a train row had any.
    """

    column: str
    kind: Literal["choice", "value"]
    start: int
    stop: int
    switch: int | None = None
    missing: int | None = None


class TableCodec(Record):
    """Codecs, one per column or combination of columns, with the source's column order and the order rules.

    `scale`: "quantile" makes numbers look normal, for models that assume it; "standard" keeps their distances, for
    neighbour methods.
    """

    columns: tuple[ColumnCodec, ...]
    names: tuple[str, ...]
    orders: tuple[tuple[Column, ...], ...] = ()
    dependencies: tuple[Dependency, ...] = ()

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        table: TableSpec,
        *,
        scale: ScaleName = "quantile",
        max_levels: int = 32,
        keep_dependencies: bool = False,
    ) -> TableCodec:
        """Codec fitted to train rows. At most `max_levels` levels of a column get their own state, the rest share one.

        With `keep_dependencies`, columns that determine others and one-hot groups are one choice over the train rows'
        combinations, like those of a combination rule: every decoded row satisfies them.

        Raises
        ------
        DataError
            There is no row, a column is missing, one holds infinite or non-numeric values, or a row breaks a rule.
        ParamsError
            A rule does not fit its columns.
        """
        names = tuple(column.name for column in table.columns)
        _check_columns(frame, names)
        if frame.empty:
            raise DataError("A table codec cannot be fitted on no rows", expected="at least one train row")
        check_rules(frame, table)
        by_name = {column.name: column for column in table.columns}
        found = find_dependencies(frame, table) if keep_dependencies else ()
        rules = [rule.columns for rule in table.rules if isinstance(rule, CombinationRule)]
        together = kept_together(found, frame, rules)
        groups = [tuple(by_name[name] for name in group) for group in together]
        kept = tuple(one for one in found if any(set(one.columns) <= set(group) for group in together))
        grouped = {column.name for group in groups for column in group}
        single = [fit_column(c, frame[c.name], scale, max_levels) for c in table.columns if c.name not in grouped]
        combined = [CombinedColumn.fit(group, frame, max_levels) for group in groups]
        orders = [tuple(by_name[name] for name in rule.columns) for rule in table.rules if isinstance(rule, OrderRule)]
        return cls(columns=(*single, *combined), names=names, orders=tuple(orders), dependencies=kept)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Blocks of the matrix, left to right."""
        return tuple(block for _, choice, value in self._layout() for block in (choice, value) if block)

    @property
    def width(self) -> int:
        """Number of columns of the matrix."""
        blocks = self.blocks
        return blocks[-1].stop if blocks else 0

    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None = None) -> Matrix:
        """Matrix float32 [n, width] of rows [n]; numbers on the quantile scale lie in [-3, 3], unused ones are 0.

        With a `generator`, rows that share a number are spread over its interval of ranks (see `QuantileNormal`): right
        for fitting a distribution. A value absent from the train rows becomes a block of zeros.

        Raises
        ------
        DataError
            A column is missing, or holds infinite or non-numeric values.
        """
        matrix = np.zeros((len(frame), self.width), dtype=np.float32)
        encoded = self.encode_columns(frame, generator)
        for (_, choice, value), (codes, scaled) in zip(self._layout(), encoded, strict=True):
            if choice:
                known = np.flatnonzero(codes >= 0)
                matrix[known, choice.start + codes[known]] = 1
            if value:
                matrix[:, value.start] = np.nan_to_num(scaled, nan=0.0)
        return matrix

    def decode(self, matrix: npt.NDArray[Any], generator: np.random.Generator | None = None) -> pd.DataFrame:
        """Rows of float [n, width], in the source's dtypes and column order; the largest of a choice block wins.

        With a `generator`, a level of the group of rare ones is drawn by its frequency in the train rows; without,
        it is the most frequent of them.
        """
        count = len(matrix)
        parts: list[Part] = []
        for _, choice, value in self._layout():
            codes = np.zeros(count, dtype=np.int64)
            if choice:
                codes = matrix[:, choice.start : choice.stop].argmax(axis=1).astype(np.int64)
            parts.append((codes, matrix[:, value.start].astype(np.float64) if value else np.zeros(count)))
        return self.decode_columns(parts, generator)

    def encode_columns(self, frame: pd.DataFrame, generator: np.random.Generator | None = None) -> list[Part]:
        """Parts of the matrix of `encode`, for each of `columns`: codes int64 [n] of the choice, -1 where unknown, and
        values float64 [n] on the scale, NaN where there is none. Raises DataError.
        """
        _check_columns(frame, self.names)
        return [codec.encode(frame, generator) for codec in self.columns]

    def decode_columns(self, parts: Sequence[Part], generator: np.random.Generator | None = None) -> pd.DataFrame:
        """Rows of `encode_columns`; the inverse of it, as `decode` is that of `encode`."""
        count = len(parts[0][0]) if parts else 0
        series: dict[str, pd.Series] = {}
        for codec, (codes, scaled) in zip(self.columns, parts, strict=True):
            series |= codec.decode(codes, scaled, generator)
        frame = pd.DataFrame({name: series[name] for name in self.names}, index=pd.RangeIndex(count))
        for _ in self.orders:  # an exchange for one rule can break another: as many rounds as a bubble sort needs
            for order in self.orders:
                frame = restore_order(frame, order)
        return frame

    @property
    def coded(self) -> tuple[bool, ...]:
        """Whether each column of `encode_codes` holds codes of a choice rather than values."""
        kinds = ((True,) * (codec.states > 1) + (False,) * codec.has_value for codec in self.columns)
        return tuple(itertools.chain.from_iterable(kinds))

    def encode_codes(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Array float64 [n, len(coded)] of rows [n]: a column of codes per choice, and one of values, NaN without one.

        Neighbour methods take this form. Raises DataError.
        """
        columns: list[npt.NDArray[np.float64]] = []
        for codec, (codes, scaled) in zip(self.columns, self.encode_columns(frame), strict=True):
            columns += [codes.astype(np.float64)] if codec.states > 1 else []
            columns += [scaled] if codec.has_value else []
        return np.column_stack(columns) if columns else np.zeros((len(frame), 0))

    def decode_codes(
        self, codes: npt.NDArray[np.float64], generator: np.random.Generator | None = None
    ) -> pd.DataFrame:
        """Rows of `encode_codes`; its inverse, as `decode` is that of `encode`; no value may be missing."""
        columns, count = iter(codes.T), len(codes)
        parts: list[Part] = []
        for codec in self.columns:
            chosen = next(columns).round().astype(np.int64) if codec.states > 1 else np.zeros(count, dtype=np.int64)
            parts.append((chosen, next(columns) if codec.has_value else np.zeros(count)))
        return self.decode_columns(parts, generator)

    def to_json(self) -> dict[str, Any]:
        """Plain dict for `json.dump`."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: Any) -> TableCodec:
        """Codec that `to_json` described. Raises ModelError where it is damaged."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise ModelError("A saved table codec is damaged", got=str(error.errors()[0]["msg"])) from None

    def _layout(self) -> Iterator[tuple[ColumnCodec, Block | None, Block | None]]:
        """Codecs with their choice block and value block, where they have one."""
        place = 0
        for codec in self.columns:
            name, choice, value = codec.column.name, None, None
            if codec.states > 1:
                missing = None if codec.missing_code is None else place + codec.missing_code
                choice = Block(name, "choice", place, place + codec.states, missing=missing)
                place = choice.stop
            if codec.has_value:
                value = Block(name, "value", place, place + 1, choice.start if choice else None)
                place = value.stop
            yield codec, choice, value


def fill_unobserved(
    matrix: Matrix, labels: npt.NDArray[np.int64], blocks: Sequence[Block], generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Values float64 [n, d] with each unused number (missing, or a spike) replaced by a used one drawn from its class's
    rows, or from all rows where the class has none. So it changes neither means nor variances.
    """
    filled = matrix.astype(np.float64)
    for block in blocks:
        if block.switch is None:
            continue
        counts = matrix[:, block.switch] > 0
        for c in np.unique(labels):
            own = labels == c
            donors = np.flatnonzero(own & counts)
            donors = donors if len(donors) else np.flatnonzero(counts)
            empty = np.flatnonzero(own & ~counts)
            filled[empty, block.start] = matrix[generator.choice(donors, size=len(empty)), block.start]
    return filled


def _check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise DataError(
            "A table lacks columns it had when the data set was prepared",
            where=f"column {absent[0]!r}",
            got=f"{len(absent)} of {len(names)} columns absent",
            remedy="run `dvc repro`, which prepares the data again",
        )
