"""The run: which snapshot is served, the critic's turn, roll-back of a loss that is no number, what is kept exactly."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.translators.image_to_image.method import ImageToImageConfig, prepare_run
from gan_augment.synthesis.translators.image_to_image.training import TranslationRun, forward, noise_of
from tests.synthesis.translators.image_to_image.toys import pool_rows, squares, train_rows, with_masks


def run_of(way: str = "paired", **settings: Any) -> TranslationRun:
    small: dict[str, Any] = {"kimg": 0.048, "batch_size": 8, "width": 4, "critic_width": 4, "checks": 3}
    if way == "masks":
        data, small = TrainingData(with_masks(train_rows(), squares(40, 1)[1])), small | {"masks": "moved"}
    else:
        data = TrainingData(train_rows(), pool=pool_rows(paired=way == "paired"))
    return prepare_run(data, ImageToImageConfig(**(small | settings)), Run(0))[1]


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def weights_with_gradient(run: TranslationRun) -> torch.Tensor:
    return torch.stack([parameter.sum() for parameter in run.network.parameters()]).sum()


@pytest.mark.parametrize(("errors", "served"), [([0.4, 0.3, 0.31], 0.048), ([0.4, 0.3, 0.33], 0.032)])
def test_a_later_snapshot_may_be_a_little_further_from_the_truth(
    errors: list[float], served: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, found = run_of(), iter(errors)
    monkeypatch.setattr(run, "figures", lambda _: {"l1": next(found)})
    run.loop.run()
    assert run.memory.served_kimg == pytest.approx(served)


def test_with_pairs_the_critic_joins_after_a_third_and_without_from_the_start() -> None:
    for way, joins in (("paired", 2), ("unpaired", 0)):
        run = run_of(way)
        before, turns = weights(run.critic), list[bool]()
        run.loop.phases[0].loss = _watched(run, before, turns)
        run.loop.run()
        assert turns.index(True) == joins + 1


def _watched(run: TranslationRun, before: torch.Tensor, turns: list[bool]) -> Any:
    """The translator's loss, which notes whether the critic has learnt anything yet."""
    original = run.loop.phases[0].loss

    def watched(progress: float) -> torch.Tensor:
        turns.append(bool((weights(run.critic) != before).any()))
        return original(progress)

    return watched


def test_without_a_critic_there_is_none() -> None:
    run = run_of(adversarial_weight=0)
    before = weights(run.critic)
    run.train()
    assert torch.equal(weights(run.critic), before)
    assert [phase.name for phase in run.loop.phases] == ["translator"]


def test_a_loss_that_is_no_number_is_rolled_back_and_then_given_up() -> None:
    run = run_of(learning_rate=1.0, kimg=0.4, checks=10)
    run.loop.phases[0].loss = lambda _: weights_with_gradient(run) * float("nan")
    run.train()
    assert run.memory.retries == 2
    assert run.problem is not None
    assert "not a number" in run.problem


def test_what_is_not_to_be_drawn_is_the_truth_exactly() -> None:
    run = run_of("masks")
    batch = run.task.batch(8, torch.Generator().manual_seed(0))
    made = forward(run.network, batch, noise_of(batch, torch.Generator().manual_seed(0)))
    kept = batch.kept.expand_as(made) > 0
    assert torch.equal(made[kept], batch.truth[kept])
    assert (made[~kept] != batch.truth[~kept]).float().mean() > 0.9
