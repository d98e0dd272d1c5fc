"""Reversible codecs of one table column.

Every column becomes at most one *choice* (one of a few discrete states: a level, missing, a value that many rows share)
and at most one *value* (a number on a scale). A categorical column is a choice only, a plain numeric column a value
only, a numeric column with missing entries or with a spike (many zeros, say) is both: the choice decides whether the
value is used. A constant column is neither. Columns of a combination rule are one choice together.
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
from gan_augment.encoding.times import (
    as_dtype,
    as_integers,
    digits_as_ticks,
    holds_dates,
    holds_numbers,
    pandas_dtype_of,
    plain_times,
    ticks_as_digits,
)

__all__ = [
    "ColumnCodec",
    "CombinedColumn",
    "LevelColumn",
    "NumericColumn",
    "ScaleName",
    "TimeColumn",
    "WholeColumn",
    "fit_column",
]

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Wholes = npt.NDArray[Any]  # int64, or uint64 where a value needs it
Mask = npt.NDArray[np.bool_]
Level = bool | int | float | str
ScaleName = Literal["quantile", "standard"]

EXACT = 2**53  # beyond, some whole numbers are not floats
NO_END_DAYS = ("0001-01-01", "1900-01-01", "2999-12-31", "9999-12-31")
UNKNOWN = -1  # code of a value that the train rows did not hold: all zeros in the one-hot block
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SPIKE_SHARE = 0.2  # a number in this share of the rows becomes a discrete state of its own...
SPIKE_LEVELS = 10  # ...unless the column has at most this many distinct values, where ranks alone suffice


class _Column(Record):
    """Interface of a column codec, as `TableCodec` uses it."""

    column: Column

    @property
    def names(self) -> tuple[str, ...]:
        """Table columns that it encodes."""
        return (self.column.name,)

    @property
    def states(self) -> int:
        """Number of states of the choice, including "value"; fewer than two: there is no choice."""
        raise NotImplementedError

    @property
    def has_value(self) -> bool:
        """Whether there is a value part."""
        raise NotImplementedError

    @property
    def missing_code(self) -> int | None:
        """Code that means missing; None where no train row was."""
        raise NotImplementedError

    def encode(self, frame: pd.DataFrame, generator: np.random.Generator | None) -> tuple[Codes, Floats]:
        """Codes [n] of the choice (-1: unknown), and values [n] with NaN where the code is not "value"."""
        raise NotImplementedError

    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        """Columns in their own dtypes, from codes [n] and values [n]."""
        raise NotImplementedError


class NumericColumn(_Column):
    """Codec of numbers. Choice: value | missing | one state per spike. Value: the number on its scale.

    A column of one or two distinct numbers has no value part: each number is a spike.
    """

    kind: Literal["numeric"] = "numeric"
    missing: bool
    spikes: tuple[float, ...]
    scale: Annotated[QuantileNormal | Standard, Field(discriminator="kind")] | None
    low: float
    high: float

    @classmethod
    def fit(cls, column: Column, values: Floats, scale: ScaleName, more: tuple[float, ...] = ()) -> NumericColumn:
        """Codec fitted to train values [n], NaN where missing; values in `more` become states, however rare."""
        seen = values[~np.isnan(values)]
        spikes = tuple(dict.fromkeys((*_spikes(seen), *more)))
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
        """Codes and values from float64 [n] with NaN where missing."""
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
        """Numbers float64 [n], rounded and clipped to the train range, NaN where missing."""
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


class _SteppedColumn(_Column):
    """Whole numbers (ticks of time, or numbers beyond what a float holds) as steps since the smallest train value.

    The step is the largest that divides all train values. `spikes` holds the exact values of `steps.spikes`.
    """

    origin: int
    step: int
    last: int
    steps: NumericColumn
    spikes: tuple[int, ...] = ()

    @staticmethod
    def in_steps(values: Wholes, absent: Mask, column: Column, scale: ScaleName, more: tuple[int, ...] = ()) -> Any:
        """Values of the fields above, from train values; values in `more` become states however rare they are."""
        seen = values[~absent]
        origin = int(seen.min()) if len(seen) else 0
        offsets = _offsets(seen, origin)[0]
        step = int(np.gcd.reduce(offsets)) or 1 if len(seen) else 1
        counts = np.full(len(values), np.nan)
        counts[~absent] = (offsets // np.uint64(step)).astype(np.float64)
        whole = column.model_copy(update={"integer": True, "decimals": None})
        states = tuple(float((value - origin) // step) for value in more)
        steps = NumericColumn.fit(whole, counts, scale, states)
        spikes = tuple(_commonest(seen[counts[~absent] == spike]) for spike in steps.spikes)
        last = int(offsets.max()) // step if len(seen) else 0
        return {"origin": origin, "step": step, "last": last, "steps": steps, "spikes": spikes}

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
        values, absent = self._read(frame[self.column.name])
        above, below = _offsets(values, self.origin)
        steps = (above.astype(np.float64) - below.astype(np.float64)) / self.step
        return self.steps.encode_numbers(np.where(absent, np.nan, steps), generator)

    @override
    def decode(self, codes: Codes, scaled: Floats, generator: np.random.Generator | None) -> dict[str, pd.Series]:
        steps = self.steps.decode_numbers(codes, scaled)
        absent = np.isnan(steps)
        steps = np.where(absent, 0, steps)
        # A float next to 2^64 may lie beyond the last step.
        exact = np.full(len(steps), self.last, dtype=np.uint64)
        inside = steps < float(self.last)
        exact[inside] = steps[inside].astype(np.uint64)
        values = self._whole(exact)
        for place, spike in enumerate(self.spikes):
            values[codes == self.steps.has_value + self.steps.missing + place] = spike
        return {self.column.name: self._write(values, absent)}

    def _whole(self, steps: npt.NDArray[np.uint64]) -> Wholes:
        wrapped = steps * np.uint64(self.step) + np.uint64(self.origin % 2**64)  # modulo 2^64, as a sum of int64 is
        unsigned = self.origin + self.last * self.step > np.iinfo(np.int64).max
        return wrapped if unsigned else wrapped.view(np.int64)

    def _read(self, series: pd.Series) -> tuple[Wholes, Mask]:
        """Whole numbers [n], and a mask of the missing ones."""
        raise NotImplementedError

    def _write(self, values: Wholes, absent: Mask) -> pd.Series:
        """Column in its own dtype."""
        raise NotImplementedError


class WholeColumn(_SteppedColumn):
    """Codec of whole numbers of which some lie beyond 2^53, where floats have gaps: codes, keys, nanoseconds."""

    kind: Literal["whole"] = "whole"

    @classmethod
    def fit(cls, column: Column, series: pd.Series, scale: ScaleName) -> WholeColumn:
        """Codec fitted to train values."""
        return cls(column=column, **cls.in_steps(*as_integers(series), column, scale))

    @override
    def _read(self, series: pd.Series) -> tuple[Wholes, Mask]:
        return as_integers(series)

    @override
    def _write(self, values: Wholes, absent: Mask) -> pd.Series:
        return as_dtype(pd.Series(pd.arrays.IntegerArray(values, absent), name=self.column.name), self.column.dtype)


class TimeColumn(_SteppedColumn):
    """Codec of dates and times as whole steps since the earliest train value: whole days stay whole days.

    `plain` is the pandas time dtype of the ticks, where `column.dtype` is another form of times; `digits` is the number
    of digits where whole numbers are times (`time_digits`); `dates`: Python dates in an `object` column.
    """

    kind: Literal["datetime"] = "datetime"
    plain: str = ""
    digits: int | None = None
    dates: bool = False

    @classmethod
    def fit(cls, column: Column, series: pd.Series, scale: ScaleName) -> TimeColumn:
        """Codec fitted to train values; the time zone and the unit are those of the column."""
        if holds_numbers(series):
            return cls._fit_digits(column, series, scale)
        times = plain_times(series)
        ticks, absent = _ticks(times)
        seen = ticks[~absent]
        more = _no_ends(seen, _ticks_of(times.dtype, NO_END_DAYS)) if len(seen) else ()
        parts = cls.in_steps(ticks, absent, column, scale, more)
        return cls(column=column, plain=str(times.dtype), dates=holds_dates(series), **parts)

    @classmethod
    def _fit_digits(cls, column: Column, series: pd.Series, scale: ScaleName) -> TimeColumn:
        values, absent = as_integers(series)
        digits = len(str(int(values[~absent].max()))) if (~absent).any() else 8
        ticks, wrong = digits_as_ticks(np.asarray(values, dtype=np.int64), digits)
        return cls(column=column, digits=digits, **cls.in_steps(ticks, absent | wrong, column, scale))

    @override
    def _read(self, series: pd.Series) -> tuple[Wholes, Mask]:
        if self.digits is None:
            return _ticks(plain_times(series).astype(pandas_dtype_of(self.plain or self.column.dtype)))
        values, absent = as_integers(series)
        ticks, wrong = digits_as_ticks(np.asarray(values, dtype=np.int64), self.digits)
        return ticks, absent | wrong

    @override
    def _write(self, values: Wholes, absent: Mask) -> pd.Series:
        ticks = np.asarray(values, dtype=np.int64)
        if self.digits is None:
            times = _from_ticks(ticks, absent, self.plain or self.column.dtype).rename(self.column.name)
            return as_dtype(times, self.column.dtype, dates=self.dates)
        written = pd.arrays.IntegerArray(ticks_as_digits(ticks, self.digits), absent)
        return as_dtype(pd.Series(written, name=self.column.name), self.column.dtype)


class LevelColumn(_Column):
    """Codec of categories and booleans. Choice: one state per level, by frequency; one for all rare levels; missing.

    A level absent from the train rows joins the rare ones, or is unknown where there is no such group. A rare level is
    drawn by its train count; without a generator, the most frequent rare level is taken.

    `categories` and `ordered` restore the pandas dtype `category`, including levels that no train row has.
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
        """Codec fitted to train values: the levels beyond the `max_levels` most frequent share a state."""
        counts = sorted(((int(n), _plain(level)) for level, n in series.value_counts().items() if n), key=_by_frequency)
        # A group of a single level would only hide its name.
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
    """Codec of columns that occur only in the train rows' combinations of values: one choice over the combinations.

    `table` holds one row per combination: the code of each member's level. `counts` are the train rows of each. `group`
    is its state: one of its own or, beyond the most frequent ones, a state shared with others that have the same value
    of the coarsest member. Among those it is drawn by its train count; without a generator, the most frequent one is
    taken.
    """

    kind: Literal["combined"] = "combined"
    members: tuple[LevelColumn, ...]
    table: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    group: tuple[int, ...]

    @classmethod
    def fit(cls, columns: tuple[Column, ...], frame: pd.DataFrame, max_levels: int) -> CombinedColumn:
        """Codec fitted to train rows: the `max_levels` most frequent combinations have states of their own."""
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
        """Rows of the table [n], one for each state."""
        group, counts = np.asarray(self.group), np.asarray(self.counts, dtype=np.float64)
        drawn = np.empty(len(codes), dtype=np.int64)
        for state in np.unique(codes):
            own, asked = np.flatnonzero(group == state), np.flatnonzero(codes == state)
            drawn[asked] = own[counts[own].argmax()]
            if generator is not None and len(own) > 1:
                drawn[asked] = generator.choice(own, size=len(asked), p=counts[own] / counts[own].sum())
        return drawn


def _grouped(rows: Codes, counts: Codes, max_levels: int) -> Codes:
    """State of each combination [n, members], states by frequency; see `CombinedColumn`."""
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


ColumnCodec = Annotated[
    NumericColumn | WholeColumn | TimeColumn | LevelColumn | CombinedColumn, Field(discriminator="kind")
]


def fit_column(column: Column, series: pd.Series, scale: ScaleName, max_levels: int) -> ColumnCodec:
    """Codec for `column.kind`. Raises DataError for values of another kind, or that cannot be restored."""
    pandas_dtype_of(column.dtype)
    if column.kind == "numeric":
        if column.integer and _beyond_floats(series):
            # Such numbers are names rather than amounts: a small number of them become levels.
            few = series.nunique() <= max_levels
            return LevelColumn.fit(column, series, max_levels) if few else WholeColumn.fit(column, series, scale)
        return NumericColumn.fit(column, numbers(series), scale)
    if column.kind == "datetime":
        return TimeColumn.fit(column, series, scale)
    return LevelColumn.fit(column, series, max_levels)


def _beyond_floats(series: pd.Series) -> bool:
    if series.dtype.kind == "f":
        return False
    present = series.dropna()
    return bool(len(present)) and max(-int(present.min()), int(present.max())) > EXACT


def numbers(series: pd.Series) -> Floats:
    """Numbers float64 [n], NaN where missing. Raises DataError for text and for infinite values."""
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
    dtype: Any = pandas_dtype_of(column.dtype)
    series = pd.Series(values, name=column.name)
    if column.dtype == "object" and column.integer:
        return series.astype("Int64").astype(object).where(~np.isnan(values), None)
    # A NaN becomes <NA> in a nullable integer only by way of a nullable float.
    return (series.astype("Float64") if isinstance(dtype, pd.api.extensions.ExtensionDtype) else series).astype(dtype)


def _as_level_dtype(values: pd.Categorical, codec: LevelColumn) -> pd.Series:
    if codec.categories is None:
        dtype: Any = pandas_dtype_of(codec.column.dtype)
    else:
        dtype = pd.CategoricalDtype(list(codec.categories), ordered=codec.ordered)
    return pd.Series(values, name=codec.column.name).astype(dtype)


def _by_frequency(item: tuple[int, Level]) -> tuple[int, str]:
    return -item[0], str(item[1])  # ties are broken by name, so that the order of the rows does not matter


def _plain(level: Any) -> Level:
    plain = level.item() if isinstance(level, np.generic) else level
    if not isinstance(plain, (bool, int, float, str)):
        raise DataError(
            "A category is neither a text, a number nor a truth value",
            got=f"{level!r} ({type(level).__name__})",
            remedy="make the column text, column.astype('string'), or a column of times or numbers",
        )
    return plain


def _offsets(values: Wholes, origin: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Distances uint64 [n] of the values above the origin, and below it."""
    wrapped, zero = values.view(np.uint64), np.uint64(origin % 2**64)
    inside = np.iinfo(values.dtype)
    below = values < origin if inside.min <= origin <= inside.max else np.full(len(values), origin > inside.max)
    return np.where(below, np.uint64(0), wrapped - zero), np.where(below, zero - wrapped, np.uint64(0))


def _commonest(values: Wholes) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])


def _no_ends(seen: Codes, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Train values that stand for "no end" or "never": a conventional one, or an end that several rows share, further
    from all others than these lie apart. As numbers they would move generated times into centuries without data.
    """
    distinct, counts = np.unique(seen, return_counts=True)
    found = {int(value) for value in usual if value in distinct}
    rest = distinct[~np.isin(distinct, list(found))]
    if len(rest) > 3:
        span = [float(value) for value in rest]
        if span[-1] - span[-2] > span[-2] - span[0] and counts[distinct == rest[-1]][0] > 1:
            found.add(int(rest[-1]))
        if span[1] - span[0] > span[-1] - span[1] and counts[distinct == rest[0]][0] > 1:
            found.add(int(rest[0]))
    return tuple(sorted(found & {int(distinct[0]), int(distinct[-1])}))


def _ticks_of(dtype: Any, written: tuple[str, ...]) -> tuple[int, ...]:
    """Days as ticks of a time dtype; those outside its range are left out."""
    unit = dtype.unit if isinstance(dtype, pd.DatetimeTZDtype) else np.datetime_data(dtype)[0]
    ticks = (int(np.datetime64(day, "s").astype(np.int64)) * _PER_SECOND[unit] for day in written)
    return tuple(tick for tick in ticks if abs(tick) < 2**63)


def _ticks(times: pd.Series) -> tuple[Codes, Mask]:
    index = pd.DatetimeIndex(times)
    absent = np.asarray(index.isna(), dtype=bool)
    utc = index if index.tz is None else index.tz_convert("UTC")
    return np.where(absent, 0, utc.asi8), absent


def _from_ticks(ticks: Codes, absent: Mask, name: str) -> pd.Series:
    dtype: Any = pandas_dtype_of(name)
    zoned = isinstance(dtype, pd.DatetimeTZDtype)
    unit = dtype.unit if zoned else np.datetime_data(dtype)[0]
    times = pd.Series(ticks.view(f"datetime64[{unit}]")).mask(absent)
    return times.dt.tz_localize("UTC").dt.tz_convert(dtype.tz) if zoned else times.astype(dtype)
