"""Reversible codecs of one table column.

Every column becomes at most one *choice* (which of a few discrete states: a level, missing, a value that many
rows share) and at most one *value* (a number on a scale). A categorical column is a choice only, a plain numeric
column a value only, a numeric column with missing entries or with a spike (many zeros, say) is both: the choice says
whether the value is to be used. A constant column is neither. Columns of a combination rule are one choice together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from typing_extensions import override

from gan_augment.core.errors import DataError
from gan_augment.core.records import Column, Record
from gan_augment.encoding.scales import QuantileNormal, Standard

__all__ = ["ColumnCodec", "CombinedColumn", "LevelColumn", "NumericColumn", "ScaleName", "TimeColumn", "fit_column"]

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Level = bool | int | float | str
ScaleName = Literal["quantile", "standard"]

UNKNOWN = -1  # a code for what the train rows never held: all zeros in the one-hot block
SPIKE_SHARE = 0.2  # a single number in this share of the rows becomes a discrete state of its own...
SPIKE_LEVELS = 10  # ...unless the column has no more distinct values than this, when ranks alone do well


class _Column(Record):
    """What every column codec offers to `TableCodec`."""

    column: Column

    @property
    def names(self) -> tuple[str, ...]:
        """The table columns it encodes."""
        return (self.column.name,)

    @property
    def states(self) -> int:
        """How many states the choice has, the state "value" among them; fewer than two: there is no choice."""
        raise NotImplementedError

    @property
    def has_value(self) -> bool:
        """Whether there is a value part."""
        raise NotImplementedError

    @property
    def missing_code(self) -> int | None:
        """The code that means missing; None where no train row was."""
        raise NotImplementedError

    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        """Codes [n] of the choice (-1: unknown), and values [n] with NaN where the code is not "value"."""
        raise NotImplementedError

    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        """The columns in their own dtypes, from codes [n] and values [n]."""
        raise NotImplementedError


class NumericColumn(_Column):
    """Numbers. Choice: value | missing | one state a spike. Value: the number on its scale.

    A column of one or two distinct numbers has no value part: each number is a spike.
    """

    kind: Literal["numeric"] = "numeric"
    missing: bool
    spikes: tuple[float, ...]
    scale: Annotated[QuantileNormal | Standard, Field(discriminator="kind")] | None
    low: float
    high: float

    @classmethod
    def fit(cls, column: Column, values: Floats, scale: ScaleName) -> NumericColumn:
        """From train values [n] with NaN where missing."""
        seen = values[~np.isnan(values)]
        spikes = _spikes(seen)
        rest = seen[~np.isin(seen, spikes)]
        fitted = (QuantileNormal if scale == "quantile" else Standard).fit(rest) if len(rest) else None
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 0.0)
        missing = len(seen) < len(values)
        return cls(column=column, missing=missing, spikes=spikes, scale=fitted, low=low, high=high)

    @property
    @override
    def states(self) -> int:
        return self.has_value + self.missing + len(self.spikes)

    @property
    @override
    def has_value(self) -> bool:
        return self.scale is not None

    @property
    @override
    def missing_code(self) -> int | None:
        return int(self.has_value) if self.missing else None

    @override
    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        return self.encode_numbers(numbers(frame[self.column.name]), generator)

    def encode_numbers(self, values: Floats, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        """From float64 values with NaN where missing."""
        absent = np.isnan(values)
        codes = np.full(len(values), 0 if self.has_value else UNKNOWN, dtype=np.int64)
        codes[absent] = UNKNOWN if self.missing_code is None else self.missing_code
        for offset, spike in enumerate(self.spikes):
            codes[values == spike] = self.has_value + self.missing + offset
        scaled = np.full(len(values), np.nan)
        if self.scale is not None:
            use = (codes == 0) & ~absent
            scaled[use] = self.scale.forward(values[use], generator)
        return codes, scaled

    @override
    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        return {self.column.name: _as_number_dtype(self.decode_numbers(codes, scaled), self.column)}

    def decode_numbers(self, codes: Codes, scaled: Floats) -> Floats:
        """float64 values [n], rounded and clipped to the train range, NaN where missing."""
        values = np.zeros(len(codes)) if self.scale is None else self.scale.backward(scaled)
        if self.column.integer:
            values = np.rint(values)
        elif self.column.decimals is not None:
            values = np.round(values, self.column.decimals)
        values = np.clip(values, self.low, self.high)
        if self.missing:
            values[codes == self.missing_code] = np.nan
        for offset, spike in enumerate(self.spikes):
            values[codes == self.has_value + self.missing + offset] = spike
        return values


class TimeColumn(_Column):
    """Dates and times as whole steps (the largest that divides all train values) since the earliest train value."""

    kind: Literal["datetime"] = "datetime"
    origin: int
    step: int
    steps: NumericColumn

    @classmethod
    def fit(cls, column: Column, series: pd.Series, scale: ScaleName) -> TimeColumn:
        """From train values; the time zone and the unit are those of `column.dtype`."""
        ticks, absent = _ticks(series, column)
        seen = ticks[~absent]
        origin = int(seen.min()) if len(seen) else 0
        step = int(np.gcd.reduce(seen - origin)) or 1 if len(seen) else 1
        steps = np.where(absent, np.nan, (ticks - origin) // step)
        whole = column.model_copy(update={"integer": True, "decimals": None})
        return cls(column=column, origin=origin, step=step, steps=NumericColumn.fit(whole, steps, scale))

    @property
    @override
    def states(self) -> int:
        return self.steps.states

    @property
    @override
    def has_value(self) -> bool:
        return self.steps.has_value

    @property
    @override
    def missing_code(self) -> int | None:
        return self.steps.missing_code

    @override
    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        ticks, absent = _ticks(frame[self.column.name], self.column)
        steps = np.where(absent, np.nan, (ticks - self.origin) / self.step)
        return self.steps.encode_numbers(steps, generator)

    @override
    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        steps = self.steps.decode_numbers(codes, scaled)
        absent = np.isnan(steps)
        ticks = self.origin + np.where(absent, 0, steps).astype(np.int64) * self.step
        return {self.column.name: _from_ticks(ticks, absent, self.column)}


class LevelColumn(_Column):
    """Categories and booleans. Choice: one state a level, by frequency; one for all rare levels together; missing.

    A level that the train rows never held joins the rare ones, or is unknown where there is no such group. A rare
    level is drawn by its train count, or, without a generator, is the most frequent rare one.

    `categories` and `ordered` restore the pandas dtype `category`, levels that no train row has included.
    """

    kind: Literal["level"] = "level"
    levels: tuple[Level, ...]
    rare: tuple[Level, ...] = ()
    rare_counts: tuple[int, ...] = ()
    missing: bool
    categories: tuple[Level, ...] | None = None
    ordered: bool = False

    @classmethod
    def fit(cls, column: Column, series: pd.Series, max_levels: int) -> LevelColumn:
        """From train values: the levels beyond the `max_levels` most frequent share a state."""
        counts = sorted(((int(n), _plain(level)) for level, n in series.value_counts().items() if n), key=_by_frequency)
        # A group of one would only hide its level's name.
        kept = counts if len(counts) == max_levels + 1 else counts[:max_levels]
        others = counts[len(kept) :]
        dtype: Any = series.dtype
        listed = isinstance(dtype, pd.CategoricalDtype)
        return cls(
            column=column,
            levels=tuple(level for _, level in kept),
            rare=tuple(level for _, level in others),
            rare_counts=tuple(n for n, _ in others),
            missing=bool(series.isna().any()),
            categories=tuple(_plain(level) for level in dtype.categories) if listed else None,
            ordered=bool(dtype.ordered) if listed else False,
        )

    @property
    @override
    def states(self) -> int:
        return len(self.levels) + bool(self.rare) + self.missing

    @property
    @override
    def has_value(self) -> bool:
        return False

    @property
    @override
    def missing_code(self) -> int | None:
        return self.states - 1 if self.missing else None

    @override
    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        series = frame[self.column.name]
        values = pd.Index(series.astype(object))
        codes = pd.Index(self.levels, dtype=object).get_indexer(values).astype(np.int64)
        absent = series.isna().to_numpy(dtype=bool)
        if self.rare:
            codes[(codes == UNKNOWN) & ~absent] = len(self.levels)
        if self.missing_code is not None:
            codes[absent] = self.missing_code
        return codes, np.full(len(codes), np.nan)

    @override
    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        places = codes.copy()
        if self.missing:
            places[codes == self.missing_code] = -1
        if self.rare:
            grouped = np.flatnonzero(codes == len(self.levels))
            places[grouped] = len(self.levels) + self._draw_rare(len(grouped), generator)
        every = (*self.levels, *self.rare)
        values = pd.Categorical.from_codes(places, pd.Index(every, dtype=object))
        return {self.column.name: _as_level_dtype(values, self)}

    def _draw_rare(self, count: int, generator: np.random.Generator | None) -> Codes:
        if generator is None:
            return np.zeros(count, dtype=np.int64)
        weights = np.asarray(self.rare_counts, dtype=np.float64)
        return generator.choice(len(weights), size=count, p=weights / weights.sum())


class CombinedColumn(_Column):
    """Columns that only occur in the train rows' combinations of values: one choice over the combinations.

    `table` holds one row a combination: the code of each member's level. `counts` are the train rows of each, `group`
    is the state that it belongs to: one of its own, or, beyond the most frequent, one with others that share the value
    of the coarsest member. Among those it is drawn by its train count, or, without a generator, the most frequent one.
    """

    kind: Literal["combined"] = "combined"
    members: tuple[LevelColumn, ...]
    table: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    group: tuple[int, ...]

    @classmethod
    def fit(cls, columns: tuple[Column, ...], frame: pd.DataFrame, max_levels: int) -> CombinedColumn:
        """From train rows: the `max_levels` most frequent combinations have states of their own."""
        members = tuple(LevelColumn.fit(column, frame[column.name], len(frame)) for column in columns)
        codes = pd.MultiIndex.from_arrays([member.encode(frame, None)[0] for member in members])
        table = codes.unique().sort_values()
        column = Column(name=" + ".join(c.name for c in columns), kind="categorical", dtype="int64")
        rows = np.array([[int(code) for code in row] for row in table], dtype=np.int64)
        counts = np.bincount(table.get_indexer(codes), minlength=len(table))
        return cls(
            column=column,
            members=members,
            table=tuple(map(tuple, rows.tolist())),
            counts=tuple(counts.tolist()),
            group=tuple(_grouped(rows, counts, max_levels).tolist()),
        )

    @property
    @override
    def names(self) -> tuple[str, ...]:
        return tuple(member.column.name for member in self.members)

    @property
    @override
    def states(self) -> int:
        return max(self.group) + 1

    @property
    @override
    def has_value(self) -> bool:
        return False

    @property
    @override
    def missing_code(self) -> int | None:
        return None  # a missing member is part of a combination

    @override
    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        codes = pd.MultiIndex.from_arrays([member.encode(frame, None)[0] for member in self.members])
        rows = pd.MultiIndex.from_tuples(self.table).get_indexer(codes)
        states = np.array([*self.group, UNKNOWN], dtype=np.int64)[rows]
        return states, np.full(len(states), np.nan)

    @override
    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        table = np.asarray(self.table, dtype=np.int64)[self._drawn(codes, generator)]
        decoded: dict[str, pd.Series] = {}
        for place, member in enumerate(self.members):
            decoded |= member.decode(table[:, place], scaled, None)
        return decoded

    def _drawn(self, codes: Codes, generator: np.random.Generator | None) -> Codes:
        """Rows of the table [n], one of each state."""
        group, counts = np.asarray(self.group), np.asarray(self.counts, dtype=np.float64)
        drawn = np.empty(len(codes), dtype=np.int64)
        for state in np.unique(codes):
            own, asked = np.flatnonzero(group == state), np.flatnonzero(codes == state)
            drawn[asked] = own[counts[own].argmax()]
            if generator is not None and len(own) > 1:
                drawn[asked] = generator.choice(own, size=len(asked), p=counts[own] / counts[own].sum())
        return drawn


def _grouped(rows: Codes, counts: Codes, max_levels: int) -> Codes:
    """The state of each combination [n, members], states by frequency; see `CombinedColumn`."""
    order = np.lexsort((np.arange(len(counts)), -counts))
    kept = len(order) if len(order) == max_levels + 1 else min(max_levels, len(order))
    group = np.empty(len(order), dtype=np.int64)
    group[order[:kept]] = np.arange(kept)
    rest = np.sort(order[kept:])
    if len(rest):
        kinds = [np.unique(member, return_inverse=True) for member in rows[rest].T]
        values, inverse = min(kinds, key=lambda kind: (len(kind[0]) < 2, len(kind[0])))
        group[rest] = kept + (inverse if len(values) <= max_levels else 0)
    return group


ColumnCodec = Annotated[NumericColumn | TimeColumn | LevelColumn | CombinedColumn, Field(discriminator="kind")]


def fit_column(column: Column, series: pd.Series, scale: ScaleName, max_levels: int) -> ColumnCodec:
    """The codec that fits `column.kind`. Raises DataError for values that are not of this kind."""
    if column.kind == "numeric":
        return NumericColumn.fit(column, numbers(series), scale)
    if column.kind == "datetime":
        return TimeColumn.fit(column, series, scale)
    return LevelColumn.fit(column, series, max_levels)


def numbers(series: pd.Series) -> Floats:
    """float64 [n], NaN where missing. Raises DataError for text and for infinite values."""
    try:
        values = np.asarray(series.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "A numeric column holds something that is not a number",
            where=f"column {series.name!r}",
            got=f"dtype {series.dtype}",
            remedy="declare the column categorical, or clean it",
        ) from None
    if np.isinf(values).any():
        raise DataError(
            "A numeric column holds infinite values",
            where=f"column {series.name!r}",
            expected="finite numbers or missing",
            remedy="replace them by missing values or by a number",
        )
    return values


def _spikes(seen: Floats) -> tuple[float, ...]:
    distinct, counts = np.unique(seen, return_counts=True)
    if len(distinct) <= 2:
        return tuple(distinct.tolist())
    if len(distinct) <= SPIKE_LEVELS:
        return ()
    return tuple(distinct[counts >= SPIKE_SHARE * len(seen)].tolist())


def _as_number_dtype(values: Floats, column: Column) -> pd.Series:
    dtype: Any = column.dtype
    # A NaN becomes <NA> on the way to a nullable integer only by way of a nullable float.
    return pd.Series(values, name=column.name).astype("Float64" if dtype[:1].isupper() else dtype).astype(dtype)


def _as_level_dtype(values: pd.Categorical, codec: LevelColumn) -> pd.Series:
    dtype: Any = codec.column.dtype
    if codec.categories is not None:
        dtype = pd.CategoricalDtype(list(codec.categories), ordered=codec.ordered)
    return pd.Series(values, name=codec.column.name).astype(dtype)


def _by_frequency(item: tuple[int, Level]) -> tuple[int, str]:
    return -item[0], str(item[1])  # ties by name, so that the order of the rows does not matter


def _plain(level: Any) -> Level:
    plain: Level = level.item() if isinstance(level, np.generic) else level
    return plain


def _ticks(series: pd.Series, column: Column) -> tuple[Codes, npt.NDArray[np.bool_]]:
    dtype: Any = column.dtype
    index = pd.DatetimeIndex(series.astype(dtype))
    absent = np.asarray(index.isna(), dtype=bool)
    utc = index if index.tz is None else index.tz_convert("UTC")
    return np.where(absent, 0, utc.asi8), absent


def _from_ticks(ticks: Codes, absent: npt.NDArray[np.bool_], column: Column) -> pd.Series:
    dtype: Any = pd.api.types.pandas_dtype(column.dtype)
    zoned = isinstance(dtype, pd.DatetimeTZDtype)
    unit = dtype.unit if zoned else np.datetime_data(dtype)[0]
    times = pd.Series(ticks.view(f"datetime64[{unit}]"), name=column.name).mask(absent)
    return times.dt.tz_localize("UTC").dt.tz_convert(dtype.tz) if zoned else times.astype(dtype)
