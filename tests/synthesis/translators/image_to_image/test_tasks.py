"""Batches: what belongs together is moved and mirrored alike; held-out rows are not trained on; rivals are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gan_augment.synthesis.translators.image_to_image.tasks import Masked, Pairs, Unpaired, Window, encoded
from tests.synthesis.translators.image_to_image.toys import inverted, lit, squares

WINDOW = Window((2, 2), flips=True)
IMAGES, MASKS = squares(40, 1)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_pair_is_moved_and_mirrored_alike() -> None:
    batch = Pairs(IMAGES, inverted(IMAGES), WINDOW, seed=0).batch(32, rng())
    torch.testing.assert_close(batch.truth, -batch.inputs)
    assert batch.shown is batch.inputs
    whole = {bytes(image) for image in encoded(torch.from_numpy(IMAGES)).numpy()}
    assert sum(bytes(image) not in whole for image in batch.inputs.numpy()) > 16


def test_without_crops_and_flips_images_stay_as_they_are() -> None:
    batch = Pairs(IMAGES, IMAGES, Window((0, 0), flips=False), seed=0).batch(32, rng())
    whole = {bytes(image) for image in encoded(torch.from_numpy(IMAGES)).numpy()}
    assert {bytes(image) for image in batch.inputs.numpy()} <= whole


def test_held_out_pairs_are_not_trained_on_and_their_rivals_are_exact() -> None:
    task = Pairs(IMAGES, inverted(IMAGES), WINDOW, seed=0)
    assert len(task.held.batch.inputs) + len(task.sources) == len(IMAGES)
    held = {bytes(image) for image in task.held.batch.inputs.numpy()}
    assert not held & {bytes(image) for image in encoded(task.sources).numpy()}
    copy = (task.held.batch.inputs - task.held.batch.truth).abs().mean((1, 2, 3)) / 2
    np.testing.assert_allclose(task.held.rivals["copy"], copy.numpy(), atol=1e-6)
    near = Pairs(IMAGES, inverted(IMAGES), WINDOW, seed=0, held=(IMAGES[:9], inverted(IMAGES[:9])))
    assert near.held.rivals["nearest_pair"].max() == 0
    assert len(near.sources) == len(IMAGES)


def test_unpaired_sources_may_start_from_the_levels_of_the_pool() -> None:
    pool = lit(IMAGES)
    means: dict[bool, Any] = {}
    for start in (False, True):
        task = Unpaired(IMAGES, pool, WINDOW, held=IMAGES, matched_start=start)
        batch = task.batch(64, rng())
        means[start] = float(batch.inputs.mean())
        assert abs(float(batch.truth.mean()) - (pool.mean() / 127.5 - 1)) < 0.1
        assert batch.shown.shape[1] == batch.told.shape[1] == 0
    assert abs(means[False] - (IMAGES.mean() / 127.5 - 1)) < 0.1
    assert means[True] > means[False] + 0.4


def test_in_masks_the_object_is_hidden_and_the_rest_is_kept() -> None:
    labels = np.arange(40) % 2
    task = Masked(IMAGES, MASKS, labels, 2, WINDOW, held=(IMAGES, MASKS, labels))
    batch = task.batch(32, rng())
    mask, hidden = (batch.shown[:, :1] + 1) / 2, (batch.shown[:, 1:] + 1) / 2
    assert ((mask == 0) | (mask == 1)).all()
    assert (hidden >= mask).all()
    assert (hidden.sum((1, 2, 3)) > mask.sum((1, 2, 3)) + 5).all()
    torch.testing.assert_close(batch.kept, 1 - hidden)
    assert (batch.inputs[:, :1] * hidden == 0).all()
    torch.testing.assert_close(batch.inputs[:, :1], batch.truth * batch.kept)
    assert (batch.truth[mask > 0] > 0).all()  # the object is where its mask says
    assert set(batch.told.sum(1).tolist()) == {1.0}
    assert task.held.rivals["mean_of_the_rest"].min() > 0
