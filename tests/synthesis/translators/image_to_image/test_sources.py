"""What is learnt from follows from the data: pairs before the pool; the direction of a pair; masks to move."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.translators.image_to_image.sources import Sources, make_task, started, way_of_data
from gan_augment.synthesis.translators.image_to_image.tasks import Window
from tests.synthesis.translators.image_to_image.toys import (
    SIDE,
    inverted,
    pool_rows,
    squares,
    train_rows,
    validation_rows,
    with_masks,
)

STILL = Window((0, 0), flips=False)
IMAGES, MASKS = squares(40, 1)


def test_pairs_go_before_the_pool_unless_the_setting_says_so() -> None:
    paired, plain = (TrainingData(train_rows(), pool=pool_rows(paired=paired)) for paired in (True, False))
    assert way_of_data(paired, "auto", "as_is") == "paired"
    assert way_of_data(paired, "unpaired", "as_is") == "unpaired"
    assert way_of_data(plain, "auto", "as_is") == "unpaired"
    assert way_of_data(TrainingData(train_rows(pair=inverted(IMAGES))), "auto", "as_is") == "paired"
    with pytest.raises(MethodError, match="there are none"):
        way_of_data(plain, "paired", "as_is")


def test_pairs_beside_train_rows_lead_away_from_them_and_those_of_the_pool_come_from_there() -> None:
    for data in (
        TrainingData(train_rows(pair=inverted(IMAGES))),
        TrainingData(train_rows(), pool=pool_rows(paired=True)),
    ):
        batch = make_task("paired", data, STILL, matched_start=False, seed=0).batch(16, _rng())
        assert batch.inputs.mean() < -0.3  # dark paper
        assert batch.truth.mean() > 0.3


def test_validation_pairs_are_the_held_out_ones() -> None:
    held = validation_rows(pair=inverted(squares(20, 2)[0]))
    data = TrainingData(train_rows(pair=inverted(IMAGES)), held)
    assert len(make_task("paired", data, STILL, matched_start=False, seed=0).held.batch.inputs) == 20


@pytest.mark.parametrize("edit", ["moved", "from_other_rows"])
def test_with_edited_masks_images_stay_and_both_objects_are_hidden(edit: str) -> None:
    rows = with_masks(train_rows(), MASKS)
    sources = Sources(rows.samples, rows.labels, edit)  # type: ignore[arg-type]
    chosen = sources.of_class(1)[:10]
    randoms = [np.random.default_rng(number) for number in range(10)]
    start = started(sources, chosen, np.ones(10, np.int64), 3, randoms)
    np.testing.assert_array_equal(start.images, IMAGES[chosen])
    assert start.hidden is not None
    either = (MASKS[chosen] > 0) | (np.asarray(start.beside["mask"]) > 0)
    assert (start.hidden >= either[..., 0]).all()
    assert start.images.shape[1:3] == (SIDE, SIDE)
    assert all((own == other) == (edit == "moved") for own, other in start.parents)


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)
