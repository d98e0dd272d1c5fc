"""Two stages: lengths in whole checks, a schedule that starts again, and a critic that waits for its stage."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from gan_augment.synthesis.kit.two_stages import Player, TwoStages, staged_schedules, two_stage_loop
from gan_augment.training.loop import Memory
from gan_augment.training.snapshots import Snapshots

CONFIG = SimpleNamespace(
    adversarial_kimg=0.2, adversarial_weight=0.1, gamma=0.01, batch_size=8, learning_rate=1e-2, crop=16, checks=3
)


def test_the_first_stage_ends_at_a_check_and_a_step() -> None:
    settings = TwoStages.of(CONFIG, 0.5)
    assert settings.tick_images % 8 == 0
    assert settings.first_images == 3 * settings.tick_images
    assert abs(settings.first_images - 500) <= 3 * 8
    assert settings.adversarial_images == 200
    assert settings.boundary == pytest.approx(settings.first_images / settings.total_images)
    assert TwoStages.of(CONFIG, 1e-9).first_images == 3 * 8  # never none


def test_the_rate_falls_in_each_stage_and_starts_again_at_half() -> None:
    settings = TwoStages.of(CONFIG, 0.5)
    staged, steady = staged_schedules(settings)
    start, late, again, end = (staged.at(p)[0] for p in (0.0, settings.boundary - 1e-9, settings.boundary, 1.0))
    assert start == pytest.approx(1e-2)
    assert late < start / 10
    assert again == pytest.approx(start / 2)
    assert end < again / 10
    assert len({steady.at(p)[0] for p in (0.0, 0.5, 1.0)}) == 1


def test_the_critic_plays_from_the_second_stage_on() -> None:
    settings = TwoStages.of(CONFIG, 0.5)
    learner, critic, played = nn.Linear(1, 1), nn.Linear(1, 1), dict[str, list[float]](learner=[], critic=[])

    def loss(name: str, network: nn.Linear) -> Any:
        def of(progress: float) -> torch.Tensor:
            played[name].append(progress)
            return network.weight.square().sum() + network.bias.square().sum()

        return of

    schedules = staged_schedules(settings)
    loop = two_stage_loop(
        Player("learner", learner, loss("learner", learner), schedules[0]),
        Player("critic", critic, loss("critic", critic), schedules[1]),
        settings, Snapshots(learner, critic), Memory(), lambda _: None,
        generator=torch.Generator(), checkpoint=None,
    )  # fmt: skip
    assert loop.run() == "length"
    assert len(played["learner"]) == settings.total_images // 8
    assert min(played["critic"]) >= settings.boundary
    assert len(played["critic"]) == settings.adversarial_images // 8
