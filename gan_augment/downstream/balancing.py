"""Cheap ways to even out classes: weights, repeated rows, interpolated images, SMOTE for tables.

SMOTE: Chawla et al. 2002 (arXiv 1106.1813), by imbalanced-learn. Interpolation is its counterpart on pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import DatasetSpec, TableSpec
from gan_augment.core.samples import Payload, Samples, make_manifest
from gan_augment.downstream.arms import Fill

__all__ = ["class_weights", "fill_up", "row_weights"]

_NEIGHBOURS = 5

Labels = npt.NDArray[np.int64]


def class_weights(labels: Labels, classes: int) -> npt.NDArray[np.float32]:
    """float32 [classes]: n / (classes that have rows x n_class), so that every class weighs the same in total.

    The weighted mean over the rows is one. Classes without rows get 0.
    """
    counts = np.bincount(labels, minlength=classes)
    present = counts > 0
    weights = np.zeros(classes, dtype=np.float32)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights


def row_weights(labels: Labels, classes: int) -> npt.NDArray[np.float64]:
    """float64 [n]: each row's class weight."""
    return class_weights(labels, classes)[labels].astype(np.float64)


def fill_up(samples: Samples, spec: DatasetSpec, fill: Fill, generator: np.random.Generator) -> Samples:
    """The rows, then rows made from them until every class that has rows is as large as the largest.

    What is added is labelled with the class it was made from, and its manifest row has origin "real" for repeated rows
    and "synthetic" with method `fill` otherwise. These rows live for one training and are never written.
    """
    labels = samples.label_indices(spec)
    missing = [(index, count) for index, count in _missing(labels, len(spec.classes)) if count]
    if fill == "none" or not missing:
        return samples
    if fill == "oversample":
        return samples.take(np.concatenate([np.arange(len(labels)), *_repeats(labels, missing, generator)]))
    parts = [samples]
    for index, count in missing:
        own = np.flatnonzero(labels == index)
        payload = (
            _interpolated(np.asarray(samples.payload), own, count, generator)
            if spec.image is not None
            else _smote(samples.payload, labels, index, count, spec, generator)
        )
        parts.append(_made(payload, spec.labels[index], fill))
    return Samples.concat(parts)


def _missing(labels: Labels, classes: int) -> Iterator[tuple[int, int]]:
    counts = np.bincount(labels, minlength=classes)
    for index in np.flatnonzero(counts):
        yield int(index), int(counts.max() - counts[index])


def _repeats(
    labels: Labels, missing: list[tuple[int, int]], generator: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    for index, count in missing:
        own = np.flatnonzero(labels == index)
        rounds = [generator.permutation(own) for _ in range(-(-count // len(own)))]
        yield np.concatenate(rounds)[:count]


def _interpolated(
    images: npt.NDArray[np.uint8], own: npt.NDArray[np.int64], count: int, generator: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """uint8 [count, h, w, c]: points on the lines between an image and one of its nearest neighbours of its class."""
    flat = images[own].reshape(len(own), -1).astype(np.float32)
    first = generator.integers(len(own), size=count)
    second = _some_neighbour(flat, first, generator)
    share = generator.random((count, 1), dtype=np.float32)
    mixed = flat[first] + share * (flat[second] - flat[first])
    return mixed.round().clip(0, 255).astype(np.uint8).reshape(count, *images.shape[1:])


def _some_neighbour(
    flat: npt.NDArray[np.float32], first: npt.NDArray[np.int64], generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    neighbours = min(_NEIGHBOURS, len(flat) - 1)
    if neighbours < 1:
        return first
    squared = (flat**2).sum(axis=1)
    distance = squared[:, None] + squared[None, :] - 2 * flat @ flat.T
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :neighbours]
    chosen: npt.NDArray[np.int64] = nearest[first, generator.integers(neighbours, size=len(first))]
    return chosen


def _made(payload: Payload, label: str, method: str) -> Samples:
    return Samples(make_manifest(len(payload), label=label, split="train", origin="synthetic", method=method), payload)


def _smote(
    rows: Payload, labels: Labels, index: int, count: int, spec: DatasetSpec, generator: np.random.Generator
) -> pd.DataFrame:
    """`count` rows of class `index`, in the source's dtypes.

    Distances are between scaled columns with missing values filled in (median, most frequent value); a made row has
    no missing values. A class of one row is repeated: it has no neighbour.
    """
    assert isinstance(rows, pd.DataFrame)
    assert spec.table is not None
    own = np.flatnonzero(labels == index)
    if len(own) < 2:
        return rows.iloc[np.repeat(own, count)].reset_index(drop=True)
    coder = _TableCoder(rows, spec.table)
    coded = coder.encode(rows)
    sampler = _smote_sampler(coder, index, len(own), len(own) + count, generator)
    made, _ = sampler.fit_resample(coded, labels)
    return coder.decode(np.asarray(made)[len(coded) :])


def _smote_sampler(coder: _TableCoder, index: int, have: int, want: int, generator: np.random.Generator) -> Any:
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    settings = {
        "sampling_strategy": {index: want},
        "k_neighbors": min(_NEIGHBOURS, have - 1),
        "random_state": int(generator.integers(2**31)),
    }
    if not coder.categorical:
        return SMOTE(**settings)
    if len(coder.categorical) == len(coder.names):
        return SMOTEN(**settings)
    return SMOTENC(categorical_features=coder.categorical, **settings)


class _TableCoder:
    """Table rows as a float64 matrix without gaps, and back. Fitted on the arm's own training rows."""

    def __init__(self, rows: pd.DataFrame, table: TableSpec) -> None:
        self.table = table
        self.names = [column.name for column in table.columns]
        self.categorical = [
            place for place, column in enumerate(table.columns) if column.kind in ("categorical", "boolean")
        ]
        self._values: dict[str, pd.Index[Any]] = {}
        self._common: dict[str, float] = {}
        self._centre: dict[str, float] = {}
        self._spread: dict[str, float] = {}
        for place, name in enumerate(self.names):
            if place in self.categorical:
                self._values[name] = pd.Index(rows[name].dropna().unique())
                codes = self._values[name].get_indexer(pd.Index(rows[name].dropna()))
                self._common[name] = float(np.bincount(codes).argmax()) if len(codes) else 0.0
            else:
                numbers = _numbers(rows[name])
                known = numbers[np.isfinite(numbers)]
                self._centre[name] = float(np.median(known)) if len(known) else 0.0
                self._spread[name] = float(known.std()) or 1.0 if len(known) else 1.0

    def encode(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        columns = []
        for place, name in enumerate(self.names):
            if place in self.categorical:
                codes = self._values[name].get_indexer(pd.Index(rows[name])).astype(np.float64)
                columns.append(np.where(codes < 0, self._common[name], codes))
            else:
                scaled = (_numbers(rows[name]) - self._centre[name]) / self._spread[name]
                columns.append(np.where(np.isfinite(scaled), scaled, 0.0))
        return np.column_stack(columns)

    def decode(self, coded: npt.NDArray[np.float64]) -> pd.DataFrame:
        frame = {}
        for place, column in enumerate(self.table.columns):
            values = coded[:, place]
            if place in self.categorical:
                known = self._values[column.name]
                plain = known.take(values.round().astype(int)) if len(known) else [pd.NA] * len(values)
                frame[column.name] = pd.Series(plain, dtype=column.dtype)
            else:
                numbers = values * self._spread[column.name] + self._centre[column.name]
                frame[column.name] = _in_dtype(numbers, column.dtype, column.integer, column.decimals)
        return pd.DataFrame(frame)


def _numbers(column: Any) -> npt.NDArray[np.float64]:
    """float64 [n] with NaN where a value is missing; dates as seconds."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds = column.to_numpy(dtype="datetime64[ns]").astype("int64") / 1e9
        return np.where(column.isna().to_numpy(), np.nan, seconds)
    numbers: npt.NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _in_dtype(numbers: npt.NDArray[np.float64], dtype: Any, integer: bool, decimals: int | None) -> Any:
    if dtype.startswith("datetime64"):
        return pd.Series((numbers * 1e9).round().astype("int64").view("datetime64[ns]")).astype(dtype)
    if integer:
        numbers = numbers.round()
    elif decimals is not None:
        numbers = numbers.round(decimals)
    return pd.Series(numbers).astype(dtype)
