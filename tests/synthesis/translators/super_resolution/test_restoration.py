"""One restoration run: how images are reduced, how the stages follow one another, faults, exact resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.translators.super_resolution.method import prepare_run
from gan_augment.synthesis.translators.super_resolution.restoration import Degradation, Variation, enlarge, padded
from tests.synthesis.translators.super_resolution.test_method import (
    SMALL,
    TRAIN,
    TRAINED,
    pillow,
    rectangles,
    run_of,
    weights,
)


def test_images_are_reduced_as_image_programs_do_it() -> None:
    images = rectangles(5, 0)
    low = Degradation(2, ("bicubic",)).plain(torch.from_numpy(encode_images(images)))
    np.testing.assert_allclose(decode_images(low.numpy()).astype(int), pillow(images, 8), atol=1)


def test_without_a_shift_or_a_wider_kernel_the_varied_reduction_is_the_plain_one() -> None:
    how, images = Degradation(2, ("bicubic",)), torch.from_numpy(encode_images(rectangles(3, 0)))
    still, one = torch.zeros(6), torch.zeros(6, dtype=torch.long)
    same = how.varied(images, Variation(still, still, torch.ones(6), one))
    torch.testing.assert_close(same, how.plain(images), atol=1e-5, rtol=0)
    wide = how.varied(images, Variation(still, still, torch.linspace(1, 2, 6), one))
    assert torch.allclose(wide[0], same[0], atol=1e-5)
    assert not torch.allclose(wide[5], same[5], atol=0.05)


@pytest.mark.parametrize(("sides", "wanted"), [((6, 9), (8, 12)), ((8, 8), (8, 8)), ((1, 5), (4, 8))])
def test_sides_become_multiples_by_repeating_the_last_row_and_column(
    sides: tuple[int, int], wanted: tuple[int, int]
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, *sides, 3), dtype=np.uint8)
    grown = padded(images, 4)
    assert grown.shape == (2, *wanted, 3)
    np.testing.assert_array_equal(grown[:, : sides[0], : sides[1]], images)
    assert (grown[:, sides[0] :] == grown[:, sides[0] - 1 : sides[0]]).all()
    assert (grown[:, :, sides[1] :] == grown[:, :, sides[1] - 1 : sides[1]]).all()


def test_images_are_enlarged_alike_in_whatever_company() -> None:
    run, low = run_of(), torch.rand(70, 1, 4, 4) * 2 - 1  # more than are computed at once
    whole = enlarge(run.restorer, low)
    np.testing.assert_allclose(whole[66].astype(int), enlarge(run.restorer, low[66:67])[0].astype(int), atol=1)
    assert whole.dtype == np.uint8


def test_the_best_snapshot_of_the_first_stage_is_kept() -> None:
    run = run_of(TRAINED.model_copy(update={"l1_kimg": 1.0}))
    figures = iter([20.0, 25.0, 21.0, 22.0])
    kept = {}

    def judged(network: torch.nn.Module) -> tuple[Any, float]:
        decibel = next(figures, 0.0)
        kept[decibel] = weights(network)
        return np.array([decibel]), 1.0

    run.held.figures = judged  # type: ignore[method-assign, assignment]
    run.train()
    assert torch.equal(weights(run.served), kept[25.0])
    assert run.summary["l1_snapshot_kimg"] == 0.496


def test_a_weight_of_0_leaves_the_second_stage_continued_l1() -> None:
    config = SMALL.model_copy(update={"adversarial_weight": 0.0})
    alone = run_of(config)
    alone.loop.phases = alone.loop.phases[:1]  # no discriminator at all
    beside, weighted = run_of(config), run_of(SMALL)
    for run in (alone, beside, weighted):
        run.train()
    assert torch.equal(weights(alone.restorer), weights(beside.restorer))
    assert not torch.equal(weights(alone.restorer), weights(weighted.restorer))
    assert not torch.equal(weights(alone.discriminator), weights(beside.discriminator))


def test_the_discriminator_sits_out_the_first_stage() -> None:
    run = run_of(SMALL.model_copy(update={"adversarial_kimg": 0.0}))
    before = weights(run.discriminator)
    run.train()
    assert torch.equal(weights(run.discriminator), before)
    assert run.summary["images_seen"] == 320


@pytest.mark.parametrize(
    ("sharpness", "decibel", "stage"),
    [(0.9, 30.0, "adversarial"), (0.5, 99.0, "l1"), (3.0, 99.0, "l1"), (0.9, 1.0, "l1")],
    ids=["sharper", "blurrier", "noisier", "worse than bicubic"],
)
def test_the_adversarial_stage_serves_only_where_it_is_sharper(sharpness: float, decibel: float, stage: str) -> None:
    run = run_of()
    run.train()
    first, last = run.best, run.loop.ema.network
    figures = {id(first): (np.array([35.0]), 0.6), id(last): (np.array([decibel]), sharpness)}
    run.held.figures = lambda network: figures[id(network)]  # type: ignore[method-assign, assignment, index]
    run.held.bicubic = np.array([20.0])
    run.served = first
    run._choose_stage()
    assert run.stage == stage
    assert run.served is (last if stage == "adversarial" else first)


def test_patience_ends_the_first_stage() -> None:
    idle = SMALL.model_copy(update={"learning_rate": 1e-30, "l1_kimg": 2.0, "checks": 10, "patience": 2})
    alone = run_of(idle.model_copy(update={"adversarial_kimg": 0.0}))
    alone.train()
    assert alone.reason == "PSNR stopped rising"
    assert len(alone.loop.history) == 3
    both = run_of(idle)
    both.train()
    assert both.reason == "length"
    # What the first stage left out was not drawn, and is not counted; the schedule goes on as if it had been.
    assert [row["kimg"] for row in both.loop.history] == [0.2, 0.4, 0.6, pytest.approx(0.76)]
    assert both.summary["images_seen"] == 760
    assert both.summary["l1_stopped_by"] == "PSNR stopped rising"
    assert both.loop.place == both.loop.total_images
    assert both.loop.history[-1]["discriminator_loss"] > 0


def test_not_a_number_is_rolled_back_and_then_given_up() -> None:
    run = run_of()
    run.loop.phases[0].loss = lambda _: weights_sum(run.restorer) * float("nan")
    run.train()
    assert run.reason == "alarm: the restorer's loss is not a number"
    assert run.summary["retries"] == 2
    assert run.problem == run.reason
    assert torch.isfinite(weights(run.served)).all()


def test_one_not_a_number_is_survived_at_half_the_rate() -> None:
    run = run_of()
    honest, faults = run._restorer_loss, iter([1])

    def once(progress: float) -> torch.Tensor:
        loss = honest(progress)
        return loss * float("nan") if run.loop.images_seen == 200 and next(faults, 0) else loss

    run.loop.phases[0].loss = once
    run.train()
    assert run.reason == "length"
    assert run.problem is None
    assert run.summary["retries"] == 1
    assert run.memory.rate_scale == 0.5
    assert torch.isfinite(weights(run.loop.ema.network)).all()


def test_a_broken_discriminator_starts_afresh() -> None:
    run = run_of(SMALL.model_copy(update={"adversarial_kimg": 0.32}))
    honest, faults = run._discriminator_loss, iter([1])
    run.loop.phases[1].loss = lambda progress: honest(progress) * (float("nan") if next(faults, 0) else 1.0)
    run.train()
    assert run.summary["retries"] == 1
    assert torch.isfinite(weights(run.discriminator)).all()
    assert run.loop.history[-1]["discriminator_loss"] > 0
    assert torch.isfinite(weights(run.loop.ema.network)).all()


def weights_sum(module: torch.nn.Module) -> torch.Tensor:
    return torch.stack([parameter.sum() for parameter in module.parameters()]).sum()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", [0.16, 0.32, 0.4, 0.48], ids=["first stage", "boundary", "second stage", "end"])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path, kill_at: float) -> None:
    def kill(tick: Any) -> None:
        if tick.done >= kill_at:
            raise Killed

    whole = run_of()
    whole.train()
    with pytest.raises(Killed):
        run_of(progress=kill, checkpoint=tmp_path / "state").train()
    resumed = run_of(checkpoint=tmp_path / "state")
    resumed.train()
    for name, module in whole.loop.networks.items():
        assert torch.equal(weights(module), weights(resumed.loop.networks[name])), name
    assert resumed.loop.history == whole.loop.history
    assert resumed.summary == whole.summary


def test_validation_rows_give_no_gradient() -> None:
    """Another validation part, the same network: with one check there is no choice to make."""
    config = SMALL.model_copy(update={"checks": 1, "adversarial_kimg": 0.0})
    first, second = run_of(config), prepare_run(TrainingData(TRAIN), config, Run(3))
    first.train()
    second.train()
    assert torch.equal(weights(first.served), weights(second.served))
