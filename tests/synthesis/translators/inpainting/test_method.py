"""The method on whole rows: what is removed is gone, the label is right, and who is painted badly is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ArrayField, ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, make_manifest
from gan_augment.curation.counting import count_blobs_and_holes
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.inpainting.method import (
    FittedInpainting,
    Inpainting,
    InpaintingConfig,
)
from tests.toys import image_toy, mask_toy

QUICK: dict[str, Any] = {
    "first_kimg": 0.3, "adversarial_kimg": 0, "batch_size": 10, "width": 8, "critic_width": 4, "checks": 2,
    "learning_rate": 4e-3,
}  # fmt: skip


def fitted(rows: int = 40, **settings: Any) -> FittedInpainting:
    return Inpainting().fit(TrainingData(*mask_toy(rows)), InpaintingConfig(**QUICK | settings), Run(0))


def test_a_spot_is_removed_with_its_mask_and_the_rest_of_the_image_stays() -> None:
    view = mask_toy()[0]
    (batch,) = fitted(dilation=0, jitter=0).sample(SampleRequest(index=1, count=15, seed=0))
    images, masks = np.asarray(view.samples.payload), np.asarray(view.samples.companions["mask"])
    assert batch.parents is not None
    for made, parent in zip(np.asarray(batch.payload), batch.parents, strict=True):
        place = int(parent.removeprefix("train-"))
        marked = masks[place] > 0
        np.testing.assert_array_equal(made[~marked], images[place][~marked])
        assert made[marked].max() < 255
    assert not np.asarray(batch.companions["mask"]).any()


def discs(rows: int = 60) -> TrainView:
    """24 x 24 images of two or three discs on a flat ground, all marked; the class is their number."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[:24, :24]
    images, masks, labels = [], [], []
    for row in range(rows):
        count = 2 + row % 2
        middles = random.permutation([(5, 5), (5, 18), (18, 5), (18, 18)])[:count] + random.integers(-1, 2, (count, 2))
        marks = np.any([(y - a) ** 2 + (x - b) ** 2 <= 9 for a, b in middles], axis=0)
        images.append(np.where(marks, 220, 40 + random.integers(0, 12, (24, 24))))
        masks.append(marks * 255)
        labels.append("two" if count == 2 else "three")
    spec = DatasetSpec(
        name="discs", modality="image", image=ImageSpec(height=24, width=24, channels=1),
        classes=(ClassRecord(key="two", label="two"), ClassRecord(key="three", label="three")),
        companions={"mask": ArrayField(shape=(24, 24, 1))},
    )  # fmt: skip
    manifest = make_manifest(rows, id=[f"d{n}" for n in range(rows)], label=labels, split="train", origin="real")
    payload, beside = (np.stack(part)[..., None].astype(np.uint8) for part in (images, masks))
    return TrainView(spec, Samples(manifest, payload, {"mask": beside}))


def test_an_object_erased_lowers_the_count_by_one_and_the_row_gets_the_lower_class() -> None:
    view = discs()
    config = InpaintingConfig(**QUICK, use="edit", becomes={"three": "two"}, parts="one")
    found = Inpainting().fit(TrainingData(view), config, Run(0))
    (batch,) = found.sample(SampleRequest(index=0, count=40, seed=1))
    assert batch.parents is not None
    places = [int(parent.removeprefix("d")) for parent in batch.parents]
    assert (view.labels[places] == 1).all()
    before = count_blobs_and_holes(np.asarray(view.samples.payload)[places])[:, 0]
    after = count_blobs_and_holes(np.asarray(batch.payload))[:, 0]
    assert (before == 3).all()
    assert np.mean(after == 2) >= 0.95
    assert "1" in found.summary["refused_classes"]
    with pytest.raises(MethodError, match="no class becomes it"):
        next(found.sample(SampleRequest(index=1, count=1, seed=0)))


def test_images_and_holes_of_a_users_own_are_painted_or_refused() -> None:
    model = fitted()
    images = np.asarray(mask_toy()[1].samples.payload)
    holes = np.zeros(images.shape[:3], dtype=bool)
    holes[:, 3:5, 3:5] = True
    made = model.paint(images, holes)
    np.testing.assert_array_equal(made[~holes], images[~holes])
    assert len(model.paint(images[:0], holes[:0])) == 0
    with pytest.raises(MethodError, match="cannot be painted"):
        model.paint(np.repeat(images, 3, axis=3), holes)
    with pytest.raises(MethodError, match="do not belong"):
        model.paint(images, holes[:, :4])


def test_images_that_are_too_small_are_refused() -> None:
    spec = image_toy()[0].spec.model_copy(update={"image": ImageSpec(height=4, width=30, channels=1)})
    with pytest.raises(MethodError, match="too small"):
        InpaintingConfig(use="refill").check(spec)


def test_a_class_is_refused_where_telea_is_surely_better() -> None:
    model = fitted(rows=160, learning_rate=0.5, first_kimg=0.05)  # which destroys the network
    assert set(model.summary["refused_classes"]) == {"0", "1"}
    assert "synthesis.method: telea" in model.summary["refused_classes"]["0"]
