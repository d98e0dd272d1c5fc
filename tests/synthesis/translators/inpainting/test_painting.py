"""Training: untrained it is Telea's rule, holes are painted better with it, and what masks mark is never learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.fidelity.restoration import hole_errors
from gan_augment.nn.translation_networks import UNet
from gan_augment.synthesis.api import Run
from gan_augment.synthesis.kit.masks import painted_over, random_part
from gan_augment.synthesis.kit.two_stages import TwoStages
from gan_augment.synthesis.translators.inpainting.painting import (
    Critics,
    Held,
    PaintingRun,
    filled_in,
    paint,
)

SETTINGS = TwoStages(
    first_images=640, adversarial_images=0, tick_images=320, batch_size=16, learning_rate=4e-3,
    adversarial_weight=0.1, gamma=0.1, crop=64,
)  # fmt: skip


def stripes(rows: int, seed: int = 0) -> np.ndarray:
    """12 x 12 grey images of stripes, 2 px wide, which Telea's rule smears and a network can go on with."""
    shift = np.random.default_rng(seed).integers(0, 4, (rows, 1))
    level = np.where((np.arange(12) + shift) % 4 < 2, 220, 40).astype(np.uint8)
    return np.broadcast_to(level[:, None, :, None], (rows, 12, 12, 1)).copy()


def prepared(images: np.ndarray, marks: Any = None, **changes: Any) -> PaintingRun:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        channels = images.shape[3]
        network = UNet(channels + 1, channels, width=8, levels=1, residual=True)
        critics = Critics(channels, (12, 12), width=4)
    held = Held(stripes(40, 9) if channels == 1 else images, None)
    return PaintingRun(network, critics, images, marks, held, replace(SETTINGS, **changes), Run(0))


@pytest.fixture(scope="module")
def trained() -> PaintingRun:
    run = prepared(stripes(60))
    run.train()
    return run


def test_the_network_starts_near_teleas_rule() -> None:
    run = prepared(stripes(8))
    before = run.held.errors(run.network, "cpu")[1].mean()
    assert abs(before - run.held.telea[1].mean()) < 0.25 * run.held.telea[1].mean()


def test_held_out_holes_are_painted_better_than_by_teleas_rule(trained: PaintingRun) -> None:
    l1, l2 = trained.held.errors(trained.served, "cpu")
    assert l2.mean() < 0.5 * trained.held.telea[1].mean()
    assert l1.mean() < trained.held.telea[0].mean()
    assert trained.stage == "reconstruction"
    assert [row["hole_l2"] for row in trained.loop.history] == sorted(
        (row["hole_l2"] for row in trained.loop.history), reverse=True
    )


def test_pixels_outside_the_hole_stay_as_they_are(trained: PaintingRun) -> None:
    images = stripes(5, 3)
    holes = np.stack([random_part(12, 12, np.random.default_rng(n)) for n in range(5)])
    made = paint(trained.served, filled_in(images, holes), holes, "cpu")
    np.testing.assert_array_equal(made[~holes], images[~holes])


def test_no_grey_hole_and_no_shift_of_colour(trained: PaintingRun) -> None:
    """The two controls: a hole filled with the mean, and one whose colours are shifted, read as worse than ours."""
    held = trained.held
    holes = held.counted
    made = paint(trained.served, held.filled, held.hidden, "cpu")
    grey = np.where(held.hidden[..., None], 128, held.truth).astype(np.uint8)
    shifted = np.where(held.hidden[..., None], made.astype(int) + 60, made).clip(0, 255).astype(np.uint8)
    ours, of_grey, of_shift = (hole_errors(images, held.truth, holes)[1].mean() for images in (made, grey, shifted))
    assert ours < 0.5 * min(of_grey, of_shift)
    # Inside, what is painted has the truth's mean and the truth's spread; a grey hole has neither.
    inside, real = made[held.counted].astype(float), held.truth[held.counted].astype(float)
    assert abs(inside.mean() - real.mean()) < 10
    assert inside.std() > 0.7 * real.std()


def test_what_masks_mark_is_neither_painted_nor_learnt() -> None:
    """Each train image has a white bar, marked; in a hole there, the network paints ground: a flat grey."""
    images = np.full((60, 12, 12, 1), 60, np.uint8)
    places = np.random.default_rng(1).integers(1, 10, 60)
    marks = np.zeros((60, 12, 12), dtype=bool)
    for row, left in enumerate(places):
        images[row, :, left : left + 2] = 250
        marks[row, :, left : left + 2] = True
    painted = []
    for own in (marks, None):
        run = prepared(images, own, first_images=320)
        run.train()
        ends = np.zeros((60, 12, 12), dtype=bool)
        ends[:, 3:9] = marks[:, 3:9]  # the bar goes on above and below the hole: who has learnt bars, joins them
        seen = np.where(marks[..., None] & ~ends[..., None], 250, 60).astype(np.uint8)
        made = paint(run.served, filled_in(seen, ends), ends, "cpu")
        painted.append(made[:, 5:7][marks[:, 5:7]].mean())
    assert painted[0] < 80 < painted[1] - 20


@pytest.mark.parametrize("sides", [(8, 8), (16, 24)])
def test_critics_judge_patches_and_the_whole(sides: tuple[int, int]) -> None:
    critics = Critics(3, sides, width=4)
    images = torch.zeros(2, 4, *sides)
    assert critics.local(images)[0].numel() > 1
    assert critics.whole(images).numel() == 2


def test_the_adversarial_stage_trains_the_critics_and_serves_only_where_it_may() -> None:
    run = prepared(stripes(20), first_images=64, adversarial_images=64, tick_images=64)
    before = [weights.clone() for weights in run.critics.parameters()]
    run.train()
    assert any(not torch.equal(a, b) for a, b in zip(before, run.critics.parameters(), strict=True))
    assert {"adversarial_l2", "reconstruction_l2", "adversarial_sharpness"} <= run.summary.keys()


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Any) -> None:
    whole = prepared(stripes(20), first_images=192, adversarial_images=64, tick_images=64)
    whole.train()
    checkpoint = tmp_path / "state"

    class Killed(Exception):
        pass

    def kill(_: Any) -> None:
        if checkpoint.exists():
            raise Killed

    again = []
    for progress in (kill, lambda _: None):
        run = prepared(stripes(20), first_images=192, adversarial_images=64, tick_images=64)
        run.run = Run(0, progress=progress, checkpoint=checkpoint)
        run.loop.checkpoint = checkpoint
        again.append(run)
    with pytest.raises(Killed):
        again[0].train()
    again[1].train()
    for own, other in zip(whole.served.parameters(), again[1].served.parameters(), strict=True):
        assert torch.equal(own, other)


def test_a_telea_fill_is_what_the_network_gets() -> None:
    images = stripes(2)
    holes = np.zeros((2, 12, 12), dtype=bool)
    holes[0, 4:8, 4:8] = True
    found = filled_in(images, holes)
    np.testing.assert_array_equal(found[0], painted_over(images[0], holes[0]))
    np.testing.assert_array_equal(found[1], images[1])
