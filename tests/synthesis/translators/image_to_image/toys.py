"""Domains of squares: bright on dark paper, the same inverted, and in bright light; with masks, or with a pool."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gan_augment.core.records import ArrayField, ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import PoolView, Samples, TrainView, ValidationView, make_manifest

LABELS = ("left", "right")
SIDE = 12


def spec(**more: Any) -> DatasetSpec:
    """The data set's description; `more`: other fields."""
    classes = tuple(ClassRecord(key=label, label=label) for label in LABELS)
    image = ImageSpec(height=SIDE, width=SIDE, channels=1)
    return DatasetSpec(name="squares", modality="image", classes=classes, image=image).model_copy(update=more)


def squares(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and masks uint8 [count, 12, 12, 1]: a square on dark paper, left or right by turns."""
    random = np.random.default_rng(seed)
    images = random.integers(20, 40, (count, SIDE, SIDE, 1)).astype(np.uint8)
    masks = np.zeros_like(images)
    for row in range(count):
        top, left = random.integers(1, 8), random.integers(1, 3) + 6 * (row % 2)
        images[row, top : top + 3, left : left + 3] = random.integers(150, 180)
        masks[row, top : top + 3, left : left + 3] = 1
    return images, masks


def inverted(images: np.ndarray) -> np.ndarray:
    """The other domain."""
    return (255 - images).astype(np.uint8)


def lit(images: np.ndarray) -> np.ndarray:
    """A domain that is nearer: the same squares in a bright light."""
    return (130 + images // 2).astype(np.uint8)


def view(kind: type[Any], images: np.ndarray, split: str, own: DatasetSpec | None = None, **beside: np.ndarray) -> Any:
    """Rows of a split."""
    count = len(images)
    labels = None if split == "pool" else [LABELS[row % 2] for row in range(count)]
    ids = [f"{split}-{row}" for row in range(count)]
    extra = {} if labels is None else {"label": labels}
    manifest = make_manifest(count, id=ids, split=split, origin="real", **extra)
    return kind(own or spec(), Samples(manifest, images, beside))  # type: ignore[arg-type]


def train_rows(**beside: np.ndarray) -> TrainView:
    """40 train rows."""
    found: TrainView = view(TrainView, squares(40, 1)[0], "train", **beside)
    return found


def validation_rows(**beside: np.ndarray) -> ValidationView:
    """20 validation rows."""
    found: ValidationView = view(ValidationView, squares(20, 2)[0], "validation", **beside)
    return found


def pool_rows(count: int = 40, *, paired: bool = False) -> PoolView:
    """Squares that no train row has, in bright light; `paired`: inverted, with the plain ones beside them."""
    images = squares(count, 3)[0]
    found: PoolView = view(PoolView, inverted(images), "pool", pair=images) if paired else _lit_pool(images)
    return found


def _lit_pool(images: np.ndarray) -> PoolView:
    found: PoolView = view(PoolView, lit(images), "pool")
    return found


def with_masks(rows: Any, masks: np.ndarray) -> Any:
    """Rows with masks beside them."""
    own = rows.spec.model_copy(update={"companions": {"mask": ArrayField(shape=(SIDE, SIDE, 1))}})
    return replace(rows, spec=own, samples=replace(rows.samples, companions={"mask": masks}))
