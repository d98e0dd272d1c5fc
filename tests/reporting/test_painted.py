"""Before, what changed, and after: of rows made from real ones that differ in a part."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gan_augment.core.samples import Samples, make_manifest
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.painted import painted
from gan_augment.reporting.pictures import data_uri
from tests.toys import LABELS, image_toy

TRAIN = image_toy()[0]
IMAGES = np.asarray(TRAIN.samples.payload)


def evidence(images: np.ndarray, parents: list[str]) -> Evidence:
    manifest = make_manifest(
        len(images), id=[f"made-{n}" for n in range(len(images))], label=LABELS[0], split="train", origin="synthetic",
        parents=parents,
    )  # fmt: skip
    return Evidence(
        TRAIN.spec, TRAIN.samples, Samples(manifest, images), TRAIN.samples.take(slice(0, 0)), pd.DataFrame(), {}, {}
    )


def test_a_triple_is_the_source_the_changed_pixels_and_the_row() -> None:
    made = IMAGES[[3, 4]].copy()
    made[:, 2:4, 2:6] = 250
    (found,) = painted(evidence(made, ["train-3", "train-4 train-9"]))
    assert found.label == LABELS[0]
    assert 10 <= found.share <= 13  # 8 of 64 pixels, where they were not 250 before
    before, changed, after = found.triples[1]
    assert (before, after) == (data_uri(IMAGES[4]), data_uri(made[1]))
    white = np.where((made[1] != IMAGES[4]).any(axis=2), 255, 0).astype(np.uint8)[..., None]
    assert changed == data_uri(white)


def test_rows_of_no_source_or_other_everywhere_show_none() -> None:
    assert painted(evidence(IMAGES[:3], ["", "", "gone"])) == []
    assert painted(evidence(255 - IMAGES[:3], ["train-0", "train-1", "train-2"])) == []
    assert painted(evidence(IMAGES[:0], [])) == []
