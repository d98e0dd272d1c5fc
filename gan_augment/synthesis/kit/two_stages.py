"""Trainings of two stages: nearness to the truth first, then an adversarial term beside it.

What restoring, predicting and painting share: lengths, schedules and the loop. A method adds its losses, its held-out
figures, and the choice of the stage that serves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn

from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, NextStage, Phase
from gan_augment.training.snapshots import Snapshots

__all__ = ["Player", "StagedConfig", "TwoStages", "staged_schedules", "two_stage_loop"]

Remembered = TypeVar("Remembered", bound=Memory)


class StagedConfig(Protocol):
    """Settings that such a method has, whatever else."""

    adversarial_kimg: float
    adversarial_weight: float
    gamma: float
    batch_size: int
    learning_rate: float
    crop: int
    checks: int


@dataclass(frozen=True)
class TwoStages:
    """What a run needs to know. Lengths are in images seen; `first_images` is a multiple of `tick_images`."""

    first_images: int
    adversarial_images: int
    tick_images: int
    batch_size: int
    learning_rate: float
    adversarial_weight: float
    gamma: float
    crop: int

    @classmethod
    def of(cls, config: StagedConfig, first_kimg: float, **more: Any) -> Self:
        """The settings as lengths in images, the first stage in whole steps and whole checks; `more` of a subclass."""
        steps = max(1, round(first_kimg * 1000 / (config.checks * config.batch_size)))
        tick = steps * config.batch_size
        return cls(
            first_images=tick * config.checks,
            adversarial_images=round(config.adversarial_kimg * 1000),
            tick_images=tick,
            batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            adversarial_weight=config.adversarial_weight,
            gamma=config.gamma,
            crop=config.crop,
            **more,
        )

    @property
    def total_images(self) -> int:
        """The length of both stages."""
        return self.first_images + self.adversarial_images

    @property
    def boundary(self) -> float:
        """The share of the run at which the adversarial stage starts."""
        return self.first_images / self.total_images


@dataclass(frozen=True)
class _Staged(AdamSchedule):
    """A cosine a stage: the second one starts again, lower, because its aim is another."""

    boundary: float = 1.0
    second: float = 0.5

    def at(self, progress: float) -> tuple[float, float]:
        """(learning rate, beta2) at `progress` of the whole run."""
        if progress < self.boundary:
            return super().at(progress / self.boundary)
        rate, beta2 = super().at((progress - self.boundary) / max(1 - self.boundary, 1e-9))
        return rate * self.second, beta2


def staged_schedules(settings: TwoStages) -> tuple[AdamSchedule, AdamSchedule]:
    """The schedule of the network, a cosine a stage, and the critic's, which stays as it is."""
    rate = settings.learning_rate
    staged = _Staged(rate, rate / 20, decay=1.0, beta1=0.9, beta2=(0.99, 0.999), boundary=settings.boundary)
    return staged, AdamSchedule(rate / 2, rate / 2, beta1=0.5, beta2=(0.99, 0.99))


class Player(NamedTuple):
    """A network with its name in curve and checkpoint, its loss at a progress from 0 to 1, and its schedule."""

    name: str
    network: nn.Module
    loss: Callable[[float], Tensor]
    schedule: AdamSchedule


def two_stage_loop(
    learner: Player,
    critic: Player,
    settings: TwoStages,
    snapshots: Snapshots[Any],
    memory: Remembered,
    on_tick: Callable[[Loop[Remembered]], str | NextStage | None],
    *,
    generator: torch.Generator,
    checkpoint: Path | None,
) -> Loop[Remembered]:
    """The loop over both: the critic plays from the boundary of the stages on; the learner's average is kept."""
    starts = (0.0, settings.boundary)
    return Loop(
        [
            Phase(one.name, list(one.network.parameters()), one.loss, one.schedule, at)
            for one, at in zip((learner, critic), starts, strict=True)
        ],
        {learner.name: learner.network, critic.name: critic.network, **snapshots.networks},
        ema=Ema(learner.network, cap_images=2_000),
        ema_source=learner.network,
        batch_size=settings.batch_size,
        total_images=settings.total_images,
        tick_images=settings.tick_images,
        on_tick=on_tick,
        memory=memory,
        generator=generator,
        checkpoint=checkpoint,
    )
