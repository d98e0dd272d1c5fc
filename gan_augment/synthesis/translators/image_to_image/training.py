"""One run of a translator: against the truth and a critic of patches, or against a critic and the contrast of patches.

With pairs (pix2pix, Isola et al. 2017, arXiv 1611.07004) the translator first learns to be near the truth (L1), which
blurs what cannot be known; then a critic that sees input and output joins, and the blur goes. Without pairs (CUT, Park
et al. 2020, arXiv 2007.15651) the critic compares with images of the pool, and each patch must be found by its source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from gan_augment.nn.objectives import Game
from gan_augment.nn.patch_contrast import PatchContrast
from gan_augment.nn.texture_statistics import RandomFilters
from gan_augment.nn.translation_networks import PatchCritic, UNet
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.translators.image_to_image.tasks import Batch, Task
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, Phase
from gan_augment.training.snapshots import Snapshots

__all__ = ["GRAIN", "NOISE", "TranslationRun", "TranslationSettings", "forward", "noise_of"]

NOISE = 8  # length of the vector that varies the whole image
GRAIN = 1  # channels of noise beside the input, a number a pixel: what textures are made of
GAME = Game(penalty_interval=4)
CRITIC_FROM = 1 / 3  # of a run with pairs
WORSE = 1.05  # times the best held-out error that a later snapshot may have: sharper ones cost a little
_PATCHES = 64


@dataclass(frozen=True)
class TranslationSettings:
    """What a run needs to know; lengths are in images seen."""

    total_images: int
    batch_size: int
    learning_rate: float
    adversarial_weight: float
    contrast_weight: float
    gamma: float
    checks: int


@dataclass
class TranslationMemory(Memory):
    """What a run remembers: the least held-out figure, and when the served snapshot was taken."""

    best: float | None = None
    served_kimg: float | None = None


class TranslationRun:
    """Trains a U-Net, its critic and, without pairs, the heads of the contrast, in place.

    After `train()`: `best` is the network to serve, `loop.history` the curve, `problem` why there is nothing to use.
    """

    def __init__(
        self,
        network: UNet,
        critic: PatchCritic,
        contrast: PatchContrast,
        task: Task,
        settings: TranslationSettings,
        run: Run,
    ) -> None:
        self.network, self.critic, self.contrast = network, critic, contrast
        self.task, self.settings, self.run = task, settings, run
        self.rng = torch.Generator().manual_seed(run.seed)
        self.held = task.held.batch.to(run.device)
        self.reader = RandomFilters(self.held.truth.shape[1], generator=torch.Generator().manual_seed(1)).to(run.device)
        self.snapshots = Snapshots(network, critic)
        self.memory = TranslationMemory()
        self.batch: Batch | None = None
        self.made: Tensor | None = None
        self.problem: str | None = None
        self.reason = "not trained"
        self.loop = self._build_loop()

    @property
    def best(self) -> UNet:
        """The snapshot to serve."""
        return self.snapshots.best

    def _build_loop(self) -> Loop[TranslationMemory]:
        settings, matched = self.settings, self.task.matched
        rate = settings.learning_rate
        schedule = AdamSchedule(rate, rate / 10, beta1=0.5, beta2=(0.99, 0.999))
        learners = list(self.network.parameters()) + ([] if matched else list(self.contrast.parameters()))
        phases = [Phase("translator", learners, self._translator_loss, schedule)]
        if settings.adversarial_weight > 0:
            starts = CRITIC_FROM if matched else 0.0
            phases.append(Phase("critic", list(self.critic.parameters()), self._critic_loss, schedule, starts))
        networks = {"network": self.network, "critic": self.critic, "contrast": self.contrast}
        return Loop(
            phases,
            networks | self.snapshots.networks,
            ema=Ema(self.network, cap_images=2_000),
            ema_source=self.network,
            batch_size=settings.batch_size,
            total_images=settings.total_images,
            tick_images=max(settings.batch_size, settings.total_images // settings.checks),
            on_tick=self._tick,
            memory=self.memory,
            generator=self.rng,
            checkpoint=self.run.checkpoint,
        )

    def train(self) -> None:
        """Train to the end; resumes from the run's checkpoint where a killed one left it."""
        self.reason = self.loop.run()
        if self.memory.served_kimg is None:
            self.problem = self.reason if self.reason.startswith("alarm") else "no check was reached"

    # ---- losses

    def _translator_loss(self, progress: float) -> Tensor:
        batch = self.task.batch(self.settings.batch_size, self.rng).to(self.run.device)
        made = forward(self.network, batch, noise_of(batch, self.rng))
        self.batch, self.made = batch, made.detach()
        loss = (made - batch.truth).abs().mean() if self.task.matched else self._contrast_loss(batch, made)
        if self.settings.adversarial_weight > 0 and (not self.task.matched or progress >= CRITIC_FROM):
            real, fake = (torch.cat([batch.shown, images], 1) for images in (batch.truth, made))
            loss = loss + self.settings.adversarial_weight * GAME.generator(self.critic, real, fake)
        return loss

    def _contrast_loss(self, batch: Batch, made: Tensor) -> Tensor:
        """Of the outputs to their sources and, as published, of images of the pool to themselves: these are to stay."""
        same = forward(self.network, replace(batch, inputs=batch.truth), noise_of(batch, self.rng))
        found, asked = (self._maps(torch.cat(pair)) for pair in ((made, same), (batch.inputs, batch.truth)))
        loss: Tensor = self.settings.contrast_weight * self.contrast(found, asked, self.rng)
        return loss

    def _maps(self, images: Tensor) -> list[Tensor]:
        """What the translator's own way down makes of images, without any noise."""
        still = images.new_zeros(len(images), GRAIN, *images.shape[2:])
        maps = self.network.encode(torch.cat([images, still], 1), images.new_zeros(len(images), self.network.noise))
        return [maps[0][:, : images.shape[1]], *maps[1:]]

    def _critic_loss(self, _: float) -> Tensor:
        """On the images of the translator's turn just before: no second forward pass, no second draw."""
        assert self.batch is not None
        assert self.made is not None
        real, fake = (torch.cat([self.batch.shown, images], 1) for images in (self.batch.truth, self.made))
        step = self.loop.images_seen // self.settings.batch_size
        return GAME.discriminator(self.critic, real, fake, gamma=self.settings.gamma, step=step).loss

    # ---- checks

    def _tick(self, loop: Loop[TranslationMemory]) -> str | None:
        if loop.broken:
            return None if self.snapshots.roll_back(loop) else f"alarm: the {loop.broken}'s loss is not a number"
        figures, kimg = self.figures(loop.ema.network), loop.images_seen / 1000
        row = {"kimg": kimg, **figures} | {f"{name}_loss": value for name, value in loop.losses.items()}
        loop.history.append(row)
        self._keep(loop, figures, kimg)
        self.run.progress(TickReport(kimg, loop.total_images / 1000, figures, row=row))
        return None

    def _keep(self, loop: Loop[TranslationMemory], figures: dict[str, float], kimg: float) -> None:
        """With truths the latest snapshot that is hardly further from them than the nearest one; else the latest."""
        memory, found = self.memory, figures.get("l1", 0.0)
        if memory.best is None or found <= WORSE * memory.best:
            memory.best = found if memory.best is None else min(memory.best, found)
            memory.served_kimg = kimg
            self.snapshots.take(loop.ema.network)

    @torch.no_grad()
    def figures(self, network: UNet) -> dict[str, float]:
        """Held-out figures of a network: `l1` to the truth, in [0, 1], where there is one; how far images `moved` (as
        a share of the distance of two inputs), and the share of the way to the domain's texture that is `left`.
        """
        batch, made = self.held, self._on_held(network)
        if self.task.matched:
            return {"l1": float((made.clamp(-1, 1) - batch.truth).abs().mean()) / 2}
        apart = _distance(batch.inputs, batch.inputs.roll(1, 0))
        left = self._texture_distance(made, batch.truth) / self._texture_distance(batch.inputs, batch.truth)
        return {"moved": _distance(made, batch.inputs) / max(apart, 1e-6), "left": left}

    @torch.no_grad()
    def _on_held(self, network: UNet) -> Tensor:
        return forward(network, self.held, noise_of(self.held, torch.Generator().manual_seed(0)))

    def errors(self) -> npt.NDArray[np.float64]:
        """float64 [n]: the mean absolute error of each held-out image, in levels of [0, 1]."""
        apart = (self._on_held(self.best).clamp(-1, 1) - self.held.truth).abs() / 2
        return apart.mean((1, 2, 3)).double().cpu().numpy()

    def _texture_distance(self, images: Tensor, others: Tensor) -> float:
        one, other = (torch.cat([_statistics(maps) for maps in self.reader(part)], 1) for part in (images, others))
        scale = other.std(0).clamp(min=1e-3)
        return max(float((((one.mean(0) - other.mean(0)) / scale) ** 2).mean()), 1e-6)

    @property
    def summary(self) -> dict[str, Any]:
        """JSON-able facts about the run."""
        return {
            "images_seen": self.loop.images_seen,
            "stopped_by": self.reason,
            "served_kimg": self.memory.served_kimg or 0.0,
            "retries": self.memory.retries,
            **self.figures(self.best),
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
        }


def noise_of(batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """(grain, noise) for a batch, standard normal: [n, GRAIN, h, w] and [n, NOISE]."""
    count, _, *sides = batch.inputs.shape
    grain, noise = (torch.randn(shape, generator=rng) for shape in ((count, GRAIN, *sides), (count, NOISE)))
    return grain.to(batch.inputs.device), noise.to(batch.inputs.device)


def forward(network: UNet, batch: Batch, noise: tuple[Tensor, Tensor]) -> Tensor:
    """Images float32 [n, c, h, w] of a batch, not clipped; what is kept is the truth's, exactly."""
    drawn: Tensor = network(torch.cat([batch.inputs, noise[0]], 1), torch.cat([noise[1], batch.told], 1))
    return torch.where(batch.kept > 0, batch.truth, drawn)


def _distance(images: Tensor, others: Tensor) -> float:
    return float(F.mse_loss(images, others, reduction="none").mean((1, 2, 3)).sqrt().mean())


def _statistics(maps: Tensor) -> Tensor:
    """Mean and spread of each map of each image."""
    return torch.cat([maps.mean((2, 3)), maps.std((2, 3))], 1)
