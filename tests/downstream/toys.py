"""Samples for the downstream tests: grey images of two brightnesses, and a table with every kind of column."""

from __future__ import annotations

import numpy as np

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, make_manifest
from tests.toys import LABELS, table_frame, table_spec

__all__ = ["IMAGE_SPEC", "TABLE_SPEC", "images", "table"]

_CLASSES = (ClassRecord(key="red", label=LABELS[0]), ClassRecord(key="green-blue", label=LABELS[1]))
IMAGE_SPEC = DatasetSpec(name="toy", modality="image", classes=_CLASSES, image=ImageSpec(height=8, width=8, channels=1))
TABLE_SPEC = DatasetSpec(name="toy", modality="table", classes=_CLASSES, table=table_spec())


def images(dark: int, bright: int, seed: int = 0, prefix: str = "") -> Samples:
    """`dark` images around 90 of the first class, then `bright` ones around 170 of the second."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [dark, bright])
    pixels = rng.normal(90 + 80 * labels[:, None, None, None], 30, (len(labels), 8, 8, 1)).clip(0, 255)
    ids = [f"{prefix}{number}" for number in range(len(labels))]
    manifest = make_manifest(len(labels), id=ids, label=[LABELS[i] for i in labels], split="train", origin="real")
    return Samples(manifest, pixels.astype(np.uint8))


def table(rows: int = 90) -> Samples:
    """Two thirds of the first class, a third of the second."""
    frame, labels = table_frame(rows)
    ids = [str(number) for number in range(rows)]
    return Samples(make_manifest(rows, id=ids, label=labels, split="train", origin="real"), frame)
