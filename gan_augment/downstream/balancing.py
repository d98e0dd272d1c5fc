"""Cheap ways to even out classes: weights, repeated rows, interpolated images, SMOTE for tables.

SMOTE: Chawla et al. 2002 (arXiv 1106.1813), by imbalanced-learn. Interpolation is its counterpart on pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import frame_of, take
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples, make_manifest
from gan_augment.downstream.arms import Fill
from gan_augment.encoding.table import TableCodec

__all__ = ["class_weights", "fill_up", "row_weights"]

_NEIGHBOURS = 5
_HALF = 0.5
_LEVELS = 250  # of a column, as many as the classifiers see apart

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
    and "synthetic" with method `fill` otherwise. Beside an interpolated image lies what lies beside the nearer of its
    two parents. These rows live for one training and are never written.
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
        if fill == "interpolate":
            payload, nearer = _interpolated(np.asarray(samples.payload), own, count, generator)
            beside = {role: take(values, nearer) for role, values in samples.companions.items()}
        else:
            payload, beside = _smote(frame_of(samples.payload), labels, index, count, spec, generator), {}
        parts.append(replace(_made(payload, spec.labels[index], fill), companions=beside))
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
) -> tuple[Payload, npt.NDArray[np.int64]]:
    """uint8 [count, h, w, c]: points on the lines between an image and one of its nearest neighbours of its class.

    And int64 [count]: which of the two is nearer, as a place in `images`.
    """
    flat = images[own].reshape(len(own), -1).astype(np.float32)
    first = generator.integers(len(own), size=count)
    second = _some_neighbour(flat, first, generator)
    share = generator.random((count, 1), dtype=np.float32)
    mixed = flat[first] + share * (flat[second] - flat[first])
    made = mixed.round().clip(0, 255).astype(np.uint8).reshape(count, *images.shape[1:])
    return made, own[np.where(share[:, 0] < _HALF, first, second)]


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
    rows: pd.DataFrame, labels: Labels, index: int, count: int, spec: DatasetSpec, generator: np.random.Generator
) -> pd.DataFrame:
    """`count` rows of class `index`, in the source's dtypes.

    Distances are between standardised numbers; that a value is missing counts as a category. A class of one row is
    repeated: it has no neighbour.
    """
    own = np.flatnonzero(labels == index)
    if len(own) < 2:
        return rows.iloc[np.repeat(own, count)].reset_index(drop=True)
    codec = TableCodec.fit(rows, spec.tables, scale="standard", max_levels=_LEVELS)
    if not codec.coded:
        return rows.iloc[generator.choice(own, size=count)].reset_index(drop=True)  # constants only
    matrix = codec.encode_codes(rows)
    for column in np.flatnonzero(~np.array(codec.coded)):
        matrix[:, column] = _without_gaps(matrix[:, column], labels)
    sampler = _smote_sampler(codec.coded, index, len(own), len(own) + count, generator)
    made, _ = sampler.fit_resample(matrix, labels)
    return codec.decode_codes(np.asarray(made, dtype=np.float64)[len(rows) :], generator)


def _smote_sampler(coded: Sequence[bool], index: int, have: int, want: int, generator: np.random.Generator) -> Any:
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    settings = {
        "sampling_strategy": {index: want},
        "k_neighbors": min(_NEIGHBOURS, have - 1),
        "random_state": int(generator.integers(2**31)),
    }
    if not any(coded):
        return SMOTE(**settings)
    if all(coded):
        return SMOTEN(**settings)
    return SMOTENC(categorical_features=list(np.flatnonzero(coded)), **settings)


def _without_gaps(scaled: npt.NDArray[np.float64], labels: Labels) -> npt.NDArray[np.float64]:
    """Where a row has no value, its class's mean (that of all rows where the class has none): no distance by itself."""
    filled, known = scaled.copy(), ~np.isnan(scaled)
    for label in np.unique(labels):
        own = labels == label
        donors = own & known if (own & known).any() else known
        filled[own & ~known] = scaled[donors].mean() if donors.any() else 0.0
    return filled
