"""Two classes that overlap as much as is asked for: tables and images whose balanced Bayes error is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, Modality, TableSpec
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView, make_manifest

__all__ = ["Labels", "draw", "overlapping", "samples", "shuffled", "spec_of"]

Labels = npt.NDArray[np.int64]

_CLASSES = (ClassRecord(key="good", label="good"), ClassRecord(key="bad", label="bad"))
_TABLE = DatasetSpec(
    name="credit",
    modality="table",
    classes=_CLASSES,
    table=TableSpec(columns=tuple(Column(name=name, kind="numeric", dtype="float64") for name in "xyz"), target="risk"),
)
_IMAGES = DatasetSpec(
    name="patches", modality="image", classes=_CLASSES, image=ImageSpec(height=8, width=8, channels=1)
)


def spec_of(modality: Modality) -> DatasetSpec:
    """Of two classes, good (0) and bad (1)."""
    return _TABLE if modality == "table" else _IMAGES


def draw(modality: Modality, labels: Labels, error: float, rng: np.random.Generator) -> Payload:
    """Rows whose balanced Bayes error is `error`; the brightness of an image is all that tells its class."""
    shift = -2 * float(norm.ppf(error)) * labels
    if modality == "table":
        return pd.DataFrame(
            {"x": rng.normal(shift), "y": rng.normal(size=len(labels)), "z": rng.normal(size=len(labels))}
        )
    level = 100 + 20 * rng.normal(shift)
    return np.clip(level[:, None, None, None] + rng.normal(0, 8, (len(labels), 8, 8, 1)), 0, 255).astype(np.uint8)


def shuffled(count: int, sizes: tuple[int, int], rng: np.random.Generator) -> Labels:
    """The classes that rows really are of, where labels were dealt out at random over classes of these sizes."""
    return (rng.random(count) < sizes[1] / sum(sizes)).astype(np.int64)


def samples(spec: DatasetSpec, names: Labels, payload: Payload, split: str, origin: str) -> Samples:
    """Rows with their labels, right or wrong."""
    ids = [f"{origin}-{split}-{place}" for place in range(len(names))]
    labels = [spec.labels[name] for name in names]
    return Samples(make_manifest(len(names), id=ids, label=labels, split=split, origin=origin), payload)


def overlapping(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int], rng: np.random.Generator
) -> tuple[TrainView, ValidationView]:
    """Real rows, so many a class."""
    spec, parts = spec_of(modality), []
    for split, sizes in (("train", train), ("validation", held)):
        labels = np.repeat([0, 1], sizes)
        parts.append(samples(spec, labels, draw(modality, labels, error, rng), split, "real"))
    return TrainView(spec, parts[0]), ValidationView(spec, parts[1])
