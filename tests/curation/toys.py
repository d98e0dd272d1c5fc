"""Small data sets whose right curation is known beforehand."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView, make_manifest

Split = Literal["train", "validation"]
_CLASSES = tuple(ClassRecord(key=key, label=key.upper()) for key in ("a", "b", "c"))
IMAGES = DatasetSpec(name="bars", modality="image", classes=_CLASSES, image=ImageSpec(height=8, width=8, channels=1))
TABLE = DatasetSpec(
    name="clouds",
    modality="table",
    classes=_CLASSES,
    table=TableSpec(
        columns=(
            Column(name="x", kind="numeric", dtype="float64"),
            Column(name="y", kind="numeric", dtype="float64"),
            Column(name="colour", kind="categorical", dtype="string"),
        ),
        target="kind",
    ),
)


def draw(spec: DatasetSpec, label: int, count: int, seed: int) -> Payload:
    """Fresh rows of one class: a grey bar at one of three heights, or a cloud at one of three places."""
    rng = np.random.default_rng([seed, label])
    return _bars(label, count, rng) if spec.modality == "image" else _cloud(label, count, rng)


def _bars(label: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    images = rng.normal(60, 25, (count, 8, 8, 1))
    images[:, 3 * label : 3 * label + 2] += rng.uniform(80, 140, (count, 1, 1, 1))
    return np.clip(images, 0, 255).astype(np.uint8)


def _cloud(label: int, count: int, rng: np.random.Generator) -> pd.DataFrame:
    colour = np.where(rng.random(count) < 0.8, ("red", "green", "blue")[label], "grey")
    return pd.DataFrame(
        {
            "x": rng.normal(4 * label, 1, count),
            "y": rng.normal(-3 * label, 1, count),
            "colour": pd.Series(colour, dtype="string"),
        }
    )


def real(spec: DatasetSpec, split: Split, count: int, seed: int) -> Samples:
    """`count` real rows a class."""
    return Samples.concat([_part(spec, index, draw(spec, index, count, seed), split, "real") for index in range(3)])


def views(spec: DatasetSpec, count: int = 30) -> tuple[TrainView, ValidationView]:
    """Train and validation rows, `count` a class in each."""
    return (
        TrainView(spec, real(spec, "train", count, seed=1)),
        ValidationView(spec, real(spec, "validation", count, seed=2)),
    )


def synthetic(spec: DatasetSpec, label: int, payload: Payload, name: str = "s") -> Samples:
    """Candidates of one class."""
    return _part(spec, label, payload, "train", "synthetic", name)


def good_candidates(spec: DatasetSpec, count: int = 40) -> Samples:
    """Fresh rows of every class under their own label: nothing here deserves to be rejected."""
    return Samples.concat([synthetic(spec, c, draw(spec, c, count, seed=3)) for c in range(3)])


def _part(spec: DatasetSpec, label: int, payload: Payload, split: Split, origin: str, name: str = "r") -> Samples:
    ids = [f"{name}-{split}-{label}-{i}" for i in range(len(payload))]
    manifest = make_manifest(len(payload), id=ids, label=spec.labels[label], split=split, origin=origin)
    return Samples(manifest, payload)
