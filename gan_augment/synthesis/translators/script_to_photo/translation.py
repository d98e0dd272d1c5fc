"""One translation run: pictures of a script learn to look like photographs of which nothing but the pixels is known.

One-sided, as CUT (Park et al. 2020, arXiv 2007.15651): a critic of patches compares with photographs, patch contrast
holds the place of things, and a reader that was trained on script alone and is frozen holds the string. A reader that
learnt along would agree with the translator on a writing of their own. The critic plays alone first: one that cannot
tell script from photograph teaches nothing, and then nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.nn.objectives import Game
from gan_augment.nn.patch_contrast import PatchContrast
from gan_augment.nn.translation_networks import PatchCritic, UNet
from gan_augment.recognition.reader import TextReader, string_losses
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, Phase
from gan_augment.training.snapshots import Snapshots

__all__ = ["CHUNK", "Sources", "TranslationRun", "TranslationSettings", "facts_of", "translate"]

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

CHUNK = 64  # images computed at once; changing it changes no pixel that matters, but bytes
JUDGED = 128  # pictures that a check looks at
GAME = Game(penalty_interval=4)
HEAD_START = 0.1  # share of the run in which the critic plays alone


@dataclass(frozen=True)
class Sources:
    """What is translated: pictures uint8 [n, h, w, c], and their strings int64 [n, longest], -1 behind the end."""

    pictures: Images
    strings: npt.NDArray[np.int64]
    script: Images  # what the pictures were before they were matched to photographs


@dataclass(frozen=True)
class TranslationSettings:
    """What a run needs to know; lengths are in images seen."""

    total_images: int
    tick_images: int
    batch_size: int
    learning_rate: float
    gamma: float
    contrast_weight: float
    reading_weight: float


class TranslationRun:
    """Trains `translator` and `critic` in place; `served` is the network to use afterwards.

    `loop.history` is the curve, `problem` why there is nothing to use (or None).
    """

    def __init__(
        self,
        translator: UNet,
        critic: PatchCritic,
        contrast: PatchContrast,
        reader: TextReader,
        sources: Sources,
        photographs: Images,
        settings: TranslationSettings,
        run: Run,
    ) -> None:
        self.translator, self.critic, self.contrast = translator, critic, contrast
        self.reader = reader.eval().requires_grad_(False)
        self.sources, self.settings, self.run = sources, settings, run
        self.pictures = torch.from_numpy(encode_images(sources.pictures))
        self.strings = torch.from_numpy(sources.strings)
        self.photographs = torch.from_numpy(encode_images(photographs))
        self.rng = torch.Generator().manual_seed(run.seed)
        self.snapshots = Snapshots(translator, critic)
        self.memory = Memory()
        self.problem: str | None = None
        self.reason = "not trained"
        self.real = self.made = torch.zeros(0)
        self.checked = torch.from_numpy(np.unique(np.linspace(0, len(self.pictures) - 1, JUDGED).astype(int)))
        self.check_noise = torch.randn(len(self.checked), translator.noise, generator=self.rng)
        self.loop = self._build_loop()

    @property
    def served(self) -> UNet:
        """The average of the weights at the last healthy check."""
        return self.snapshots.best

    def _build_loop(self) -> Loop[Memory]:
        settings, rate = self.settings, self.settings.learning_rate
        falling = AdamSchedule(rate, rate / 10, beta1=0.5, beta2=(0.99, 0.99))
        learnt = [*self.translator.parameters(), *self.contrast.parameters()]
        return Loop(
            [
                Phase("critic", list(self.critic.parameters()), self._critic_loss, falling),
                Phase("translator", learnt, self._translator_loss, falling, HEAD_START),
            ],
            {
                "translator": self.translator, "critic": self.critic, "contrast": self.contrast,
                **self.snapshots.networks,
            },
            ema=Ema(self.translator, cap_images=2_000),
            ema_source=self.translator,
            batch_size=settings.batch_size,
            total_images=settings.total_images,
            tick_images=settings.tick_images,
            on_tick=self._tick,
            memory=self.memory,
            generator=self.rng,
            checkpoint=self.run.checkpoint,
        )  # fmt: skip

    def train(self) -> None:
        """Train to the end; resumes from the run's checkpoint where a killed one left it."""
        self.reason = self.loop.run()
        if self.reason.startswith("alarm"):
            self.problem = self.reason

    # ---- batches and losses

    def _drawn(self, count: int) -> Tensor:
        return torch.randint(count, (self.settings.batch_size,), generator=self.rng)

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """(pictures, their strings, noise) of a random draw."""
        rows, device = self._drawn(len(self.pictures)), self.run.device
        noise = torch.randn(len(rows), self.translator.noise, generator=self.rng)
        return self.pictures[rows].to(device), self.strings[rows].to(device), noise.to(device)

    def _critic_loss(self, _: float) -> Tensor:
        pictures, _strings, noise = self._batch()
        with torch.no_grad():
            made = self.translator(pictures, noise)
        real = self.photographs[self._drawn(len(self.photographs))].to(self.run.device)
        step = self.loop.place // self.settings.batch_size
        return GAME.discriminator(self.critic, real, made, gamma=self.settings.gamma, step=step).loss

    def _translator_loss(self, _: float) -> Tensor:
        settings = self.settings
        pictures, strings, noise = self._batch()
        made = self.translator(pictures, noise)
        real = self.photographs[self._drawn(len(self.photographs))].to(self.run.device)
        fooled = GAME.generator(self.critic, real, made)
        still = torch.zeros_like(noise)  # what a picture shows, whatever the noise was
        found, source = self.translator.encode(made, still), self.translator.encode(pictures, still)
        placed: Tensor = self.contrast(found, source, self.rng)
        told = string_losses(self.reader, made, strings).mean()
        return fooled + settings.contrast_weight * placed + settings.reading_weight * told

    # ---- checks

    def _tick(self, loop: Loop[Memory]) -> str | None:
        if loop.broken:
            return None if self.snapshots.roll_back(loop) else "alarm: a loss is not a number"
        self.snapshots.take(loop.ema.network)
        row = {"kimg": loop.images_seen / 1000, **self.figures(loop.ema.network)}
        loop.history.append(row | {f"{name}_loss": value for name, value in loop.losses.items()})
        shown = {"moved": row["moved"], "kept": row["kept"]}
        self.run.progress(TickReport(loop.place / 1000, loop.total_images / 1000, shown, row=row))
        return None

    @torch.no_grad()
    def figures(self, translator: UNet) -> dict[str, float]:
        """How far pictures moved, how well strings are still read, and how often the critic is right about patches."""
        device = self.run.device
        pictures = self.pictures[self.checked].to(device)
        made = translator(pictures, self.check_noise.to(device)).clamp(-1, 1)
        other = torch.roll(pictures, 1, 0)
        unit = (pictures - other).flatten(1).norm(dim=1).mean()
        real = self.photographs[: len(made)].to(device)
        ours, theirs = self.critic(made[: len(real)]), self.critic(real)
        nats = string_losses(self.reader, made, self.strings[self.checked].to(device))
        return {
            "moved": float((made - pictures).flatten(1).norm(dim=1).mean() / unit),
            "kept": float(torch.exp(-nats).mean()),
            "critic_right": float((theirs > ours[: len(theirs)]).float().mean()),
        }


@torch.inference_mode()
def translate(translator: UNet, pictures: Images, noise: Tensor, device: str) -> Images:
    """uint8 [n, h, w, c] of uint8 pictures of the same shape; `noise` float32 [n, noise]."""
    made = translator(torch.from_numpy(encode_images(pictures)).to(device), noise.to(device))
    return decode_images(np.nan_to_num(made.float().cpu().numpy()))


def facts_of(run: TranslationRun) -> dict[str, Any]:
    """JSON-able facts about a run."""
    return {
        "images_seen": run.loop.images_seen,
        "stopped_by": run.reason,
        "retries": run.memory.retries,
        "parameters": sum(p.numel() for p in run.translator.parameters()),
    }
