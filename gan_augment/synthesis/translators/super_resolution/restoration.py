"""One restoration run: images are reduced, and a network learns to give them back, in two stages.

Stage 1 minimises the L1 distance to the truth, which blurs what cannot be known. Stage 2 goes on with L1 plus a small
adversarial term (SRGAN, Ledig et al. 2017, arXiv 1609.04802; relativistic pairs as in ESRGAN, Wang et al. 2018, arXiv
1809.00219), which draws sharper edges and costs a little PSNR. Pairs are natural here: an image and its restoration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.fidelity.restoration import nearer_sharpness, psnr, sharpness_ratio
from gan_augment.nn.objectives import Game
from gan_augment.nn.resampling import Kernel, resample, resampling_matrix, resize
from gan_augment.nn.super_resolution_networks import PatchDiscriminator, Restorer
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.kit.two_stages import Player, TwoStages, staged_schedules, two_stage_loop
from gan_augment.training.loop import Loop, Memory, NextStage
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
class RestorationSettings(TwoStages):
    """What a run needs to know; the first stage minimises L1."""

    blur: float
    patience: int


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
        run: Run,
    ) -> None:
        self.restorer, self.discriminator = restorer, discriminator
        self.held, self.degradation, self.settings, self.run = held, degradation, settings, run
        factor = degradation.factor
        # A margin of one factor: windows start anywhere, so every phase of the reduction's grid is practised.
        whole = padded(images, factor)
        self.images = torch.from_numpy(np.pad(whole, ((0, 0), (factor, factor), (factor, factor), (0, 0)), mode="edge"))
        self.window = [min(side, settings.crop - settings.crop % factor) for side in whole.shape[1:3]]
        self.rng = torch.Generator().manual_seed(run.seed)
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
        staged, steady = staged_schedules(self.settings)
        return two_stage_loop(
            Player("restorer", self.restorer, self._restorer_loss, staged),
            Player("discriminator", self.discriminator, self._discriminator_loss, steady),
            self.settings,
            self.snapshots,
            self.memory,
            self._tick,
            generator=self.rng,
            checkpoint=self.run.checkpoint,
        )

    def train(self) -> None:
        """Train to the end; resumes from the run's checkpoint where a killed one left it. Then choose what to serve."""
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
        pixels = self.images[which, rows, columns].to(self.run.device)
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
        if loop.broken:  # a discriminator that wins is no alarm here: L1 goes on teaching the restorer
            return None if self.snapshots.roll_back(loop) else f"alarm: the {loop.broken}'s loss is not a number"
        each, sharpness = self.held.figures(loop.ema.network)
        decibel = float(each.mean())
        row = {"kimg": loop.images_seen / 1000, "psnr": decibel, "sharpness": sharpness}
        loop.history.append(row | {f"{name}_loss": value for name, value in loop.losses.items()})
        self.run.progress(TickReport(loop.place / 1000, loop.total_images / 1000, {"psnr": decibel}, row=row))
        return self._judge_l1(loop, decibel) if loop.place <= self.settings.first_images else None

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
        return NextStage(self.settings.first_images) if self.settings.adversarial_images else memory.l1_stopped_by

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
            if nearer_sharpness(sharpness, l1_sharpness) and last.mean() > self.held.bicubic.mean():
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
