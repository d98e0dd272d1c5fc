"""One restoration run: images are reduced, and a network learns to give them back, in two stages.

Stage 1 minimises the L1 distance to the truth, which blurs what cannot be known. Stage 2 goes on with L1 plus a small
adversarial term (SRGAN, Ledig et al. 2017, arXiv 1609.04802; relativistic pairs as in ESRGAN, Wang et al. 2018, arXiv
1809.00219), which draws sharper edges and costs a little PSNR. Pairs are natural here: an image and its restoration.
"""

from __future__ import annotations

import copy
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
from gan_augment.nn.objectives import (
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    zero_centred_penalty,
)
from gan_augment.nn.resampling import Kernel, resample, resampling_matrix, resize
from gan_augment.nn.super_resolution_networks import PatchDiscriminator, Restorer
from gan_augment.synthesis.api import Progress, TickReport
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Phase

__all__ = ["Degradation", "Held", "RestorationRun", "RestorationSettings", "Variation", "enlarge", "padded"]

Images = npt.NDArray[np.uint8]

CHUNK = 64  # images computed at once
JUDGED = 256  # images at most on which a snapshot is judged
MAX_RETRIES = 2
PENALTY_INTERVAL = 8


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


class RestorationRun:
    """Trains `restorer` and `discriminator` in place on uint8 images [n, h, w, c].

    After `train()`: `best` is the first stage's best network, `served` the one to use and `stage` where it comes from,
    `loop.history` the curve, `problem` why there is nothing to use (or None).
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
        self.best = copy.deepcopy(restorer).eval().requires_grad_(False)
        self.sharp = torch.zeros(0)
        self.restored = torch.zeros(0)
        self.served = self.best
        self.untrained = copy.deepcopy(discriminator.state_dict())
        self.stage = "none"
        self.reason = "not trained"
        self.problem: str | None = None
        self.loop = self._build_loop()

    def _build_loop(self) -> Loop:
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
            {"restorer": self.restorer, "discriminator": self.discriminator, "best": self.best},
            ema=Ema(self.restorer, cap_images=2_000),
            ema_source=self.restorer,
            batch_size=settings.batch_size,
            total_images=total,
            tick_images=settings.tick_images,
            on_tick=self._tick,
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
            with torch.no_grad():
                real_logits = self.discriminator(self.sharp)
            adversarial = relativistic_generator_loss(real_logits, self.discriminator(restored))
            loss = loss + self.settings.adversarial_weight * adversarial
        return loss

    def _discriminator_loss(self, _: float) -> Tensor:
        """On the pairs of the restorer's turn just before: no second forward pass, no second draw."""
        step = self.loop.images_seen // self.settings.batch_size  # from what a checkpoint holds
        penalised = self.settings.gamma > 0 and step % PENALTY_INTERVAL == 0
        both = torch.cat([self.sharp, self.restored]).requires_grad_(penalised)
        logits = self.discriminator(both)
        real_logits, fake_logits = logits.chunk(2)
        loss = relativistic_discriminator_loss(real_logits, fake_logits)
        if penalised:
            # A patch's logit has a gradient of its own: their number must not decide how strong the penalty is.
            weight = self.settings.gamma * PENALTY_INTERVAL / logits[0].numel()
            loss = loss + weight * zero_centred_penalty(logits, both)
        return loss

    # ---- checks, rollback, choice

    def _tick(self, loop: Loop) -> str | None:
        if problem := _not_a_number(loop.losses):
            return None if self._roll_back(loop) else f"alarm: {problem}"
        each, sharpness = self.held.figures(loop.ema.network)
        decibel = float(each.mean())
        row = {"kimg": loop.images_seen / 1000, "psnr": decibel, "sharpness": sharpness}
        loop.history.append(row | {f"{name}_loss": value for name, value in loop.losses.items()})
        self.progress(TickReport(loop.images_seen / 1000, loop.total_images / 1000, {"psnr": decibel}, row=row))
        if loop.images_seen > self.settings.l1_images:
            return None
        if decibel > loop.scalars.get("best_psnr", -math.inf):
            loop.scalars |= {"best_psnr": decibel, "best_kimg": row["kimg"], "waited": 0.0}
            self.best.load_state_dict(loop.ema.network.state_dict())
            return None
        loop.scalars["waited"] += 1
        return self._end_of_patience(loop) if loop.scalars["waited"] >= self.settings.patience else None

    def _end_of_patience(self, loop: Loop) -> str | None:
        """PSNR has stopped rising: on to the adversarial stage, or where there is none, the end."""
        if not self.settings.adversarial_images:
            return "PSNR stopped rising"
        loop.images_seen = self.settings.l1_images
        return None

    def _roll_back(self, loop: Loop) -> bool:
        """Back to the best snapshot at half the learning rate. False: that was tried twice."""
        retries = loop.scalars.get("retries", 0.0)
        if retries >= MAX_RETRIES:
            return False
        loop.scalars |= {"retries": retries + 1, "rate_scale": 0.5 * loop.scalars.get("rate_scale", 1.0)}
        self.restorer.load_state_dict(self.best.state_dict())
        loop.ema.network.load_state_dict(self.best.state_dict())
        self.discriminator.load_state_dict(self.untrained)
        for phase in loop.phases:
            phase.optimiser.state.clear()
        return True

    def _choose_stage(self) -> None:
        """The adversarial stage serves where it is the sharper one and still beats bicubic; else the L1 stage."""
        settings, scalars = self.settings, self.loop.scalars
        self.stage = "l1"
        l1, l1_sharpness = self.held.figures(self.best)
        last, sharpness = self.held.figures(self.loop.ema.network)
        scalars |= {"l1_psnr": float(l1.mean()), "l1_sharpness": l1_sharpness}
        if settings.adversarial_images and not self.reason.startswith("alarm"):
            scalars |= {"adversarial_psnr": float(last.mean()), "adversarial_sharpness": sharpness}
            sharper = abs(math.log(max(sharpness, 1e-9))) < abs(math.log(max(l1_sharpness, 1e-9)))
            if sharper and last.mean() > self.held.bicubic.mean():
                self.stage, self.served = "adversarial", self.loop.ema.network
        elif "best_psnr" not in scalars:
            self.problem = self.reason

    @property
    def summary(self) -> dict[str, Any]:
        """JSON-able facts about the run; figures in dB, over the held-out images."""
        scalars = self.loop.scalars
        return {
            "images_seen": self.loop.images_seen,
            "stopped_by": self.reason,
            "served_stage": self.stage,
            "l1_snapshot_kimg": scalars.get("best_kimg", 0.0),
            "retries": int(scalars.get("retries", 0)),
            "bicubic_psnr": float(self.held.bicubic.mean()),
            **{name: value for name, value in scalars.items() if name.endswith(("_psnr", "_sharpness"))},
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
