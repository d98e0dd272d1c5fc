"""One restoration run: images are reduced, and a network learns to give them back, in two stages.

Stage 1 minimises the L1 distance to the truth, which blurs what cannot be known. Stage 2 goes on with L1 plus a small
adversarial term (SRGAN, Ledig et al. 2017, arXiv 1609.04802; relativistic pairs as in ESRGAN, Wang et al. 2018, arXiv
1809.00219), which draws sharper edges and costs a little PSNR. Pairs are natural here: an image and its restoration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.fidelity.restoration import psnr, sharpness_ratio
from gan_augment.nn.objectives import Game
from gan_augment.nn.resampling import Kernel, resample, resampling_matrix, resize
from gan_augment.nn.super_resolution_networks import PatchDiscriminator, Restorer
from gan_augment.synthesis.api import Progress, TickReport
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, NextStage, Phase
from gan_augment.training.snapshots import Snapshots

__all__ = ["Degradation", "Held", "RestorationRun", "RestorationSettings", "Variation", "enlarge", "padded"]

Images = npt.NDArray[np.uint8]

CHUNK = 64  # images computed at once
JUDGED = 256  # images at most on which a snapshot is judged
GAME = Game(penalty_interval=8)


@dataclass(frozen=True)
class Variation:
    """How each image of a batch is reduced: shifts in its own pixels, kernel widths, places in `kernels`; all [n]."""

    down: Tensor
    right: Tensor
    width: Tensor
    kernel: Tensor


@dataclass(frozen=True)
class Degradation:
    """Antialiased reduction by `factor`, rounded to 256 levels as a stored image is."""

    factor: int
    kernels: tuple[Kernel, ...]

    def plain(self, images: Tensor) -> Tensor:
        """By the bicubic kernel, as image programs reduce: [n, c, h, w] in [-1, 1] to [n, c, h / f, w / f]."""
        return _rounded(resize(images, images.shape[2] // self.factor, images.shape[3] // self.factor))

    def varied(self, images: Tensor, variation: Variation) -> Tensor:
        """Each image by its own kernel: the same shapes as `plain`."""
        rows, columns = (
            self._matrices(side, shift, variation)
            for side, shift in zip(images.shape[2:], (variation.down, variation.right), strict=True)
        )
        return _rounded(resample(images, rows.to(images.device), columns.to(images.device)))

    def _matrices(self, side: int, shift: Tensor, variation: Variation) -> Tensor:
        each = [
            resampling_matrix(side, side // self.factor, kernel=name, shift=shift, width=variation.width)
            for name in self.kernels
        ]
        return torch.stack(each)[variation.kernel, torch.arange(len(shift))]


@dataclass(frozen=True)
class RestorationSettings:
    """What a run needs to know. Lengths are in images seen; `l1_images` is a multiple of `tick_images`."""

    l1_images: int
    adversarial_images: int
    tick_images: int
    batch_size: int
    learning_rate: float
    adversarial_weight: float
    gamma: float
    blur: float
    crop: int
    patience: int

    @property
    def boundary(self) -> float:
        """The share of the run at which the adversarial stage starts."""
        return self.l1_images / (self.l1_images + self.adversarial_images)


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


class Held:
    """Real images with what they are reduced to, on which snapshots are judged; `bicubic` is the figure to beat."""

    def __init__(self, images: Images, degradation: Degradation, device: str) -> None:
        self.chosen = np.unique(np.linspace(0, len(images) - 1, min(len(images), JUDGED)).astype(int))
        self.truth = padded(images[self.chosen], degradation.factor)
        self.low = degradation.plain(torch.from_numpy(encode_images(self.truth))).to(device)
        height, width = self.truth.shape[1:3]
        self.bicubic = psnr(decode_images(resize(self.low, height, width).cpu().numpy()), self.truth)

    def figures(self, restorer: Restorer) -> tuple[npt.NDArray[np.float64], float]:
        """(PSNR of each image in dB float64 [n], sharpness ratio of all)."""
        images = enlarge(restorer, self.low)
        return psnr(images, self.truth), sharpness_ratio(images, self.truth)


@dataclass
class RestorationMemory(Memory):
    """What a restoration run remembers: the first stage's best check, how it ended, and checks without a better one."""

    best_psnr: float | None = None
    best_kimg: float | None = None
    waited: int = 0
    l1_stopped_by: str = "length"


class RestorationRun:
    """Trains `restorer` and `discriminator` in place on uint8 images [n, h, w, c].

    After `train()`: `best` is the first stage's best network, `served` the one to use and `stage` where it comes from,
    `loop.history` the curve, `figures` what both stages reached, `problem` why there is nothing to use (or None).
    """

    def __init__(
        self,
        restorer: Restorer,
        discriminator: PatchDiscriminator,
        images: Images,
        held: Held,
        degradation: Degradation,
        settings: RestorationSettings,
        *,
        seed: int,
        device: str,
        progress: Progress,
    ) -> None:
        self.restorer, self.discriminator = restorer, discriminator
        self.held, self.degradation, self.settings, self.progress = held, degradation, settings, progress
        self.device = device
        factor = degradation.factor
        # A margin of one factor: windows start anywhere, so every phase of the reduction's grid is practised.
        whole = padded(images, factor)
        self.images = torch.from_numpy(np.pad(whole, ((0, 0), (factor, factor), (factor, factor), (0, 0)), mode="edge"))
        self.window = [min(side, settings.crop - settings.crop % factor) for side in whole.shape[1:3]]
        self.rng = torch.Generator().manual_seed(seed)
        self.snapshots = Snapshots(restorer, discriminator)
        self.memory = RestorationMemory()
        self.figures: dict[str, float] = {}
        self.sharp = torch.zeros(0)
        self.restored = torch.zeros(0)
        self.served = self.best
        self.stage = "none"
        self.reason = "not trained"
        self.problem: str | None = None
        self.loop = self._build_loop()

    @property
    def best(self) -> Restorer:
        """The first stage's best network."""
        return self.snapshots.best

    def _build_loop(self) -> Loop[RestorationMemory]:
        settings = self.settings
        total = settings.l1_images + settings.adversarial_images
        rate = settings.learning_rate
        staged = _Staged(rate, rate / 20, decay=1.0, beta1=0.9, beta2=(0.99, 0.999), boundary=settings.boundary)
        steady = AdamSchedule(rate / 2, rate / 2, beta1=0.5, beta2=(0.99, 0.99))
        return Loop(
            [
                Phase("restorer", list(self.restorer.parameters()), self._restorer_loss, staged),
                Phase(
                    "discriminator",
                    list(self.discriminator.parameters()),
                    self._discriminator_loss,
                    steady,
                    settings.boundary,
                ),
            ],
            {"restorer": self.restorer, "discriminator": self.discriminator, **self.snapshots.networks},
            ema=Ema(self.restorer, cap_images=2_000),
            ema_source=self.restorer,
            batch_size=settings.batch_size,
            total_images=total,
            tick_images=settings.tick_images,
            on_tick=self._tick,
            memory=self.memory,
            generator=self.rng,
        )

    def train(self, checkpoint: Path | None) -> None:
        """Run to the end; resumes from `checkpoint` where a killed run left one. Then choose what to serve."""
        self.loop.checkpoint = checkpoint
        self.reason = self.loop.run()
        self._choose_stage()

    # ---- batches and losses

    def _batch(self) -> tuple[Tensor, Tensor]:
        """(sharp, low): windows of random images, and those reduced."""
        size, margin = self.settings.batch_size, self.images.shape[1:3]
        which = torch.randint(len(self.images), (size, 1, 1), generator=self.rng)
        tops, lefts = (
            torch.randint(side - window + 1, (size, 1), generator=self.rng)
            for side, window in zip(margin, self.window, strict=True)
        )
        rows = (tops + torch.arange(self.window[0]))[:, :, None]
        columns = (lefts + torch.arange(self.window[1]))[:, None, :]
        pixels = self.images[which, rows, columns].to(self.device)
        sharp = pixels.permute(0, 3, 1, 2).float().contiguous() / 127.5 - 1
        variation = Variation(
            # No shift: the window's place has moved the grid already, and exactly.
            down=torch.zeros(size),
            right=torch.zeros(size),
            width=1 + self.settings.blur * torch.rand(size, generator=self.rng),
            kernel=torch.randint(len(self.degradation.kernels), (size,), generator=self.rng),
        )
        return sharp, self.degradation.varied(sharp, variation)

    def _restorer_loss(self, progress: float) -> Tensor:
        self.sharp, low = self._batch()
        restored = self.restorer(low)
        self.restored = restored.detach()
        loss: Tensor = (restored - self.sharp).abs().mean()
        if progress >= self.settings.boundary and self.settings.adversarial_weight > 0:
            loss = loss + self.settings.adversarial_weight * GAME.generator(self.discriminator, self.sharp, restored)
        return loss

    def _discriminator_loss(self, _: float) -> Tensor:
        """On the pairs of the restorer's turn just before: no second forward pass, no second draw."""
        step = self.loop.place // self.settings.batch_size
        return GAME.discriminator(
            self.discriminator, self.sharp, self.restored, gamma=self.settings.gamma, step=step
        ).loss

    # ---- checks, rollback, choice

    def _tick(self, loop: Loop[RestorationMemory]) -> str | NextStage | None:
        if problem := _not_a_number(loop.losses):
            return None if self.snapshots.roll_back(loop) else f"alarm: {problem}"
        each, sharpness = self.held.figures(loop.ema.network)
        decibel = float(each.mean())
        row = {"kimg": loop.images_seen / 1000, "psnr": decibel, "sharpness": sharpness}
        loop.history.append(row | {f"{name}_loss": value for name, value in loop.losses.items()})
        self.progress(TickReport(loop.place / 1000, loop.total_images / 1000, {"psnr": decibel}, row=row))
        return self._judge_l1(loop, decibel) if loop.place <= self.settings.l1_images else None

    def _judge_l1(self, loop: Loop[RestorationMemory], decibel: float) -> str | NextStage | None:
        """Keep the network where it is the first stage's best; where PSNR has stopped rising, end that stage."""
        memory = self.memory
        if memory.best_psnr is None or decibel > memory.best_psnr:
            memory.best_psnr, memory.best_kimg, memory.waited = decibel, loop.images_seen / 1000, 0
            self.snapshots.take(loop.ema.network, critic=False)  # the critic has not played yet
            return None
        memory.waited += 1
        if memory.waited < self.settings.patience:
            return None
        memory.l1_stopped_by = "PSNR stopped rising"
        return NextStage(self.settings.l1_images) if self.settings.adversarial_images else memory.l1_stopped_by

    def _choose_stage(self) -> None:
        """The adversarial stage serves where it is the sharper one and still beats bicubic; else the L1 stage."""
        settings, memory = self.settings, self.memory
        self.stage = "l1"
        l1, l1_sharpness = self.held.figures(self.best)
        last, sharpness = self.held.figures(self.loop.ema.network)
        best = {} if memory.best_psnr is None else {"best_psnr": memory.best_psnr}
        self.figures = {**best, "l1_psnr": float(l1.mean()), "l1_sharpness": l1_sharpness}
        if settings.adversarial_images and not self.reason.startswith("alarm"):
            self.figures |= {"adversarial_psnr": float(last.mean()), "adversarial_sharpness": sharpness}
            sharper = abs(math.log(max(sharpness, 1e-9))) < abs(math.log(max(l1_sharpness, 1e-9)))
            if sharper and last.mean() > self.held.bicubic.mean():
                self.stage, self.served = "adversarial", self.loop.ema.network
        elif memory.best_psnr is None:
            self.problem = self.reason

    @property
    def summary(self) -> dict[str, Any]:
        """JSON-able facts about the run; figures in dB, over the held-out images."""
        return {
            "images_seen": self.loop.images_seen,
            "stopped_by": self.reason,
            "l1_stopped_by": self.memory.l1_stopped_by,
            "served_stage": self.stage,
            "l1_snapshot_kimg": self.memory.best_kimg or 0.0,
            "retries": self.memory.retries,
            "bicubic_psnr": float(self.held.bicubic.mean()),
            **self.figures,
            "parameters": sum(p.numel() for p in self.restorer.parameters()),
        }


@torch.inference_mode()
def enlarge(restorer: Restorer, low: Tensor) -> Images:
    """Low-resolution images [n, c, h, w] in [-1, 1] on the network's device to uint8 [n, h * factor, w * factor, c]."""
    parts = [decode_images(np.nan_to_num(restorer(chunk).float().cpu().numpy())) for chunk in torch.split(low, CHUNK)]
    return np.concatenate(parts)


def padded(images: Images, factor: int) -> Images:
    """Images uint8 [n, h, w, c] whose sides are multiples of `factor`: the last row and column are repeated."""
    down, right = (-side % factor for side in images.shape[1:3])
    return np.pad(images, ((0, 0), (0, down), (0, right), (0, 0)), mode="edge")


def _rounded(images: Tensor) -> Tensor:
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def _not_a_number(losses: dict[str, float]) -> str | None:
    # A discriminator that wins is no alarm here: L1 goes on teaching the restorer.
    return next(
        (f"the {name}'s loss is not a number" for name, loss in losses.items() if not math.isfinite(loss)), None
    )
