"""The training loop: phases take turns; the loop owns backward, optimisers, schedules, EMA, ticks and checkpoints.

An objective provides phases and never uses an optimiser. Length is counted in images seen, so that the batch size can
change without changing the schedule.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from gan_augment.nn.adam import Adam
from gan_augment.training.checkpoint import load_state, save_state
from gan_augment.training.ema import Ema
from gan_augment.training.replicas import Replicas

__all__ = ["ALONE", "AdamSchedule", "Loop", "Memory", "NextStage", "Phase", "Stop"]


ALONE = Replicas()


@dataclass(frozen=True)
class AdamSchedule:
    """Adam whose learning rate and second beta follow a cosine over the first `decay` share of the run.

    R3GAN (Huang et al. 2024, table of settings): beta1 0, beta2 0.9 -> 0.99, no weight decay.
    """

    start: float
    end: float
    decay: float = 0.8
    beta1: float = 0.0
    beta2: tuple[float, float] = (0.9, 0.99)

    def at(self, progress: float) -> tuple[float, float]:
        """Learning rate and beta2 at `progress` in [0, 1] of the run."""
        mixed = 0.5 * (1 + math.cos(math.pi * min(progress / self.decay, 1.0)))
        return (
            self.end + (self.start - self.end) * mixed,
            self.beta2[1] + (self.beta2[0] - self.beta2[1]) * mixed,
        )


@dataclass
class Phase:
    """Turn of one optimiser in a step: `loss(progress)` gives a scalar to minimise over `parameters`.

    It is skipped until the share `starts_at` of the run, for a discriminator that only a later stage needs.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[float], Tensor]
    schedule: AdamSchedule
    starts_at: float = 0.0
    optimiser: Adam = field(init=False)

    def __post_init__(self) -> None:
        rate, beta2 = self.schedule.at(0.0)
        self.optimiser = Adam(self.parameters, lr=rate, betas=(self.schedule.beta1, beta2), eps=1e-8)

    def step(self, progress: float, rate_scale: float = 1.0, replicas: Replicas = ALONE) -> Tensor:
        """Update once and return the detached loss. `rate_scale` multiplies the scheduled learning rate."""
        for group in self.optimiser.param_groups:
            rate, beta2 = self.schedule.at(progress)
            group["lr"], group["betas"] = rate * rate_scale, (self.schedule.beta1, beta2)
        loss = self.loss(progress)
        self.optimiser.zero_grad()
        # Gradients flow through the other network too; only this phase's own parameters keep theirs.
        gradients = torch.autograd.grad(loss, list(self.parameters))
        for parameter, gradient in zip(self.parameters, replicas.average(gradients), strict=True):
            parameter.grad = gradient
        self.optimiser.step()
        return loss.detach()


SAVE_APART = 50.0  # so that saving takes at most a fiftieth of the time

Stop = str  # reason for which a tick callback ends the run


@dataclass(frozen=True)
class NextStage:
    """Result of a tick that moves the schedule: training goes on as if `at` images had been seen."""

    at: int


@dataclass
class Memory:
    """Figures that a run must remember across a kill, besides networks and curve; a subclass adds the run's own.

    Every field is a JSON number or null. `rate_scale` multiplies every learning rate; `retries`: roll-backs so far.
    """

    rate_scale: float = 1.0
    retries: int = 0


Remembered = TypeVar("Remembered", bound=Memory)


class Loop(Generic[Remembered]):
    """Training loop: runs phases in turn until `total_images` were seen or a tick ends the run.

    Parameters
    ----------
    networks
        Every module whose state belongs in a checkpoint, by name (the EMA is added as "ema").
    on_tick
        Called every `tick_images`; returns a reason to stop, a `NextStage`, or None. State that must survive a kill
        belongs in `memory`, `history` and the networks.
    memory
        The run's own record; a checkpoint holds it.
    generator
        The only source of randomness of the phases; its state is part of a checkpoint.
    replicas
        The processes that train together. All resume from the checkpoint, the first one writes it.
    checkpoint
        Where to save, and to resume from if something is there. None: never. It is saved at the first tick and then at
        every tick before which training has gone on for `SAVE_APART` times as long as the last saving took.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        networks: Mapping[str, nn.Module],
        *,
        ema: Ema[Any],
        ema_source: nn.Module,
        batch_size: int,
        total_images: int,
        tick_images: int,
        on_tick: Callable[[Loop[Remembered]], Stop | NextStage | None],
        memory: Remembered,
        generator: torch.Generator,
        checkpoint: Path | None = None,
        replicas: Replicas = ALONE,
    ) -> None:
        self.phases = phases
        self.networks = {**networks, "ema": ema.network}
        self.ema, self.ema_source = ema, ema_source
        self.batch_size, self.total_images, self.tick_images = batch_size, total_images, tick_images
        self.on_tick = on_tick
        self.generator = generator
        self.checkpoint = checkpoint
        self.replicas = replicas
        self.memory = memory
        self.images_seen = 0  # images really seen
        self.skipped = 0  # images of the schedule skipped by stages that ended early
        self.history: list[dict[str, float]] = []
        self.losses: dict[str, float] = {}
        self._save_after = 0.0  # seconds of the monotonic clock

    @property
    def place(self) -> int:
        """Position in the schedule, in images: those seen, and those skipped by stages that ended early."""
        return self.images_seen + self.skipped

    @property
    def broken(self) -> str | None:
        """Name of a phase whose mean loss up to this tick is not a number; None where all are."""
        return next((name for name, loss in self.losses.items() if not math.isfinite(loss)), None)

    def run(self) -> Stop:
        """Train, and return the reason of the end (`length` when all images were seen)."""
        self._resume()
        # Losses stay on the device: fetching one at every step would make a GPU wait for the host.
        totals: dict[str, Tensor] = {}
        steps = 0
        while self.place < self.total_images:
            progress = self.place / self.total_images
            for phase in self.phases:
                if progress < phase.starts_at:
                    continue
                loss = phase.step(progress, self.memory.rate_scale, self.replicas)
                totals[phase.name] = totals[phase.name] + loss if phase.name in totals else loss
            self.images_seen += self.batch_size
            self.ema.update(self.ema_source, self.place, self.batch_size)
            steps += 1
            if self._tick_due():
                self.losses = self._mean_losses(totals, steps)
                totals, steps = {}, 0
                said = self.on_tick(self)
                if isinstance(said, NextStage):
                    self.skipped = said.at - self.images_seen
                elif said:
                    return said
                self._save()
        return "length"

    def _mean_losses(self, totals: dict[str, Tensor], steps: int) -> dict[str, float]:
        """Mean losses over all processes; 0 for a phase that has not started."""
        summed = dict(zip(totals, self.replicas.average(list(totals.values())), strict=True))
        return {phase.name: float(summed.get(phase.name, 0.0)) / steps for phase in self.phases}

    def _tick_due(self) -> bool:
        before = self.place - self.batch_size
        return self.place // self.tick_images > before // self.tick_images or self.place >= self.total_images

    def _save(self) -> None:
        started = time.monotonic()
        if self.checkpoint is None or not self.replicas.first or started < self._save_after:
            return
        save_state(self.checkpoint, self)
        ended = time.monotonic()
        self._save_after = ended + SAVE_APART * (ended - started)

    def _resume(self) -> None:
        if self.checkpoint is not None and self.checkpoint.exists():
            load_state(self.checkpoint, self)
