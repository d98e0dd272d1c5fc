"""One painting run: random parts of images are hidden, and a U-Net learns to paint them, in two stages.

The network starts from what Telea's rule paints and adds to it: untrained, it is Telea's rule. Stage 1 minimises L1 and
L2 in the hidden part (the reconstruction loss of context encoders, Pathak et al. 2016, arXiv 1604.07379). Stage 2 adds
two critics, one of patches and one of the whole image (Iizuka et al. 2017, "Globally and locally consistent image
completion"). What the user's masks mark is never a thing to learn: it is left out of every loss, so that no object of
that kind is painted where one was removed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.fidelity.restoration import hole_errors, hole_sharpness, nearer_sharpness
from gan_augment.nn.objectives import Game
from gan_augment.nn.translation_networks import PatchCritic, PatchField, UNet
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.kit.masks import Marks, painted_over, random_part
from gan_augment.synthesis.kit.two_stages import Player, TwoStages, two_stage_loop
from gan_augment.training.loop import AdamSchedule, Loop, Memory, NextStage
from gan_augment.training.snapshots import Snapshots

__all__ = ["Critics", "Held", "PaintingRun", "chunk_of", "filled_in", "paint"]

Images = npt.NDArray[np.uint8]

GAME = Game(penalty_interval=8)
JUDGED = 256  # held-out images at most on which a snapshot is judged
_PIXELS = 64 * 64 * 64  # painted at once
_HIDDEN = 0.5  # of the rows with marks: these are hidden from the network too; in the others they are seen


class Critics(nn.Module):
    """The critic of patches and the critic of the whole image, both of images beside the hole: [n, c + 1, h, w]."""

    def __init__(self, channels: int, sides: tuple[int, int], *, width: int) -> None:
        super().__init__()
        field: PatchField = 16 if min(sides) >= 16 else 1
        self.local = PatchCritic(channels + 1, field, width=width, sides=sides)
        self.whole = PatchCritic(channels + 1, "whole", width=width, sides=sides)

    @property
    def both(self) -> tuple[PatchCritic, PatchCritic]:
        """Each of them."""
        return self.local, self.whole


@dataclass(frozen=True)
class _Batch:
    """Real images [n, c, h, w], what is hidden of them, where it counts, and the network's input [n, c + 1, h, w]."""

    real: Tensor
    hidden: Tensor
    counted: Tensor
    seen: Tensor


class Held:
    """Held-out images with fixed random holes, on which snapshots are judged; `telea` holds the errors to beat.

    Rows of which the user's mask marks something lose that part too, and are judged outside of it.
    """

    def __init__(self, images: Images, marks: Marks | None) -> None:
        self.chosen = np.unique(np.linspace(0, len(images) - 1, min(len(images), JUDGED)).astype(int))
        self.truth = images[self.chosen]
        marked = np.zeros(self.truth.shape[:3], dtype=bool) if marks is None else marks[self.chosen]
        height, width = images.shape[1:3]
        parts = np.stack([
            random_part(height, width, numpy_generator("held-out holes", int(place))) for place in self.chosen
        ])  # fmt: skip
        self.hidden, self.counted = parts | marked, parts & ~marked
        self.filled = filled_in(self.truth, self.hidden)
        self.telea = hole_errors(self.filled, self.truth, self.counted)

    def errors(self, network: UNet, device: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(L1, L2) of each image in its hole, in % of the range and of its square."""
        return hole_errors(paint(network, self.filled, self.hidden, device), self.truth, self.counted)

    def sharpness(self, network: UNet, device: str) -> float:
        """Gradient energy in the holes over that of the truth: below 1 blurred, above 1 noisy."""
        return hole_sharpness(paint(network, self.filled, self.hidden, device), self.truth, self.counted)


def filled_in(images: Images, hidden: Marks) -> Images:
    """The images with hidden pixels as Telea's rule paints them: what the network gets."""
    return np.stack([
        painted_over(image, hole) if hole.any() else image
        for image, hole in zip(images, hidden, strict=True)
    ])  # fmt: skip


def chunk_of(height: int, width: int) -> int:
    """How many images of this size are painted at once: always the same, so that no sample depends on it."""
    return max(1, min(64, _PIXELS // (height * width)))


@torch.inference_mode()
def paint(network: UNet, filled: Images, hidden: Marks, device: str) -> Images:
    """Images uint8 [n, h, w, c], painted where `hidden` bool [n, h, w]; elsewhere as they are."""
    parts = []
    size = chunk_of(*filled.shape[1:3])
    for first in range(0, len(filled), size):
        images, holes = filled[first : first + size], hidden[first : first + size]
        drawn = network(_seen(torch.from_numpy(encode_images(images)), torch.from_numpy(holes)).to(device))
        painted = decode_images(np.nan_to_num(drawn.float().cpu().numpy()))
        parts.append(np.where(holes[..., None], painted, images))
    return np.concatenate(parts)


def _seen(filled: Tensor, hidden: Tensor) -> Tensor:
    return torch.cat([filled, hidden[:, None].to(filled.dtype) * 2 - 1], dim=1)


@dataclass
class PaintingMemory(Memory):
    """What a run remembers: the first stage's best check."""

    best_l2: float | None = None
    best_kimg: float | None = None


class PaintingRun:
    """Trains `network` and `critics` in place on uint8 images [n, h, w, c] with marks bool [n, h, w], or without.

    After `train()`: `served` is the network to use and `stage` where it comes from, `loop.history` the curve, `problem`
    why there is nothing to use (or None).
    """

    def __init__(
        self,
        network: UNet,
        critics: Critics,
        images: Images,
        marks: Marks | None,
        held: Held,
        settings: TwoStages,
        run: Run,
    ) -> None:
        self.network, self.critics, self.images, self.marks = network, critics, images, marks
        self.held, self.settings, self.run = held, settings, run
        self.rng = torch.Generator().manual_seed(run.seed)
        self.snapshots = Snapshots(network, critics)
        self.memory = PaintingMemory()
        self.batch: _Batch | None = None
        self.painted = torch.zeros(0)
        self.figures: dict[str, float] = {}
        self.served, self.stage, self.reason = self.snapshots.best, "none", "not trained"
        self.problem: str | None = None
        self.loop = self._build_loop()

    def _build_loop(self) -> Loop[PaintingMemory]:
        settings, rate = self.settings, self.settings.learning_rate
        falling = AdamSchedule(rate, rate / 20, decay=1.0, beta1=0.9, beta2=(0.99, 0.999))
        steady = AdamSchedule(rate, rate, beta1=0.0, beta2=(0.99, 0.99))
        return two_stage_loop(
            Player("painter", self.network, self._painter_loss, falling),
            Player("critics", self.critics, self._critics_loss, steady),
            settings,
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

    # ---- losses

    def _draw(self) -> _Batch:
        """Windows of random images, each with a part of its own hidden, and some without what the masks mark."""
        size = self.settings.batch_size
        random = np.random.default_rng(int(torch.randint(2**62, (), generator=self.rng)))
        window = [min(side, self.settings.crop) for side in self.images.shape[1:3]]
        tops, lefts = (random.integers(0, side - own + 1, size)
                       for side, own in zip(self.images.shape[1:3], window, strict=True))  # fmt: skip
        rows = random.integers(0, len(self.images), size)
        cuts = [np.s_[row, top : top + window[0], left : left + window[1]]
                for row, top, left in zip(rows, tops, lefts, strict=True)]  # fmt: skip
        images = np.stack([self.images[cut] for cut in cuts])
        parts = np.stack([random_part(window[0], window[1], random) for _ in cuts])
        marked = np.zeros_like(parts) if self.marks is None else np.stack([self.marks[cut] for cut in cuts])
        hidden = parts | (marked & (random.random(size) < _HIDDEN)[:, None, None])
        counted = torch.from_numpy(parts & ~marked).to(self.run.device)[:, None].float()
        seen = _seen(torch.from_numpy(encode_images(filled_in(images, hidden))), torch.from_numpy(hidden))
        real = torch.from_numpy(encode_images(images)).to(self.run.device)
        covered = torch.from_numpy(hidden).to(self.run.device)[:, None]
        return _Batch(real, covered, counted, seen.to(self.run.device))

    def _painter_loss(self, progress: float) -> Tensor:
        batch = self.batch = self._draw()
        drawn = self.network(batch.seen)
        difference = (drawn - batch.real) * batch.counted
        area = batch.counted.sum().clamp(min=1) * drawn.shape[1]
        loss: Tensor = (difference.abs().sum() + difference.square().sum()) / area
        self.painted = torch.where(batch.hidden, drawn, batch.real)
        if progress >= self.settings.boundary and self.settings.adversarial_weight > 0:
            real, fake = self._judged(self.painted)
            for critic in self.critics.both:
                loss = loss + self.settings.adversarial_weight * GAME.generator(critic, real, fake)
        return loss

    def _judged(self, painted: Tensor) -> tuple[Tensor, Tensor]:
        """Real and painted images beside their holes; they differ in the counted pixels alone."""
        assert self.batch is not None
        counted = self.batch.counted
        real = torch.where(counted.bool(), self.batch.real, painted.detach())
        return torch.cat([real, counted], 1), torch.cat([painted, counted], 1)

    def _critics_loss(self, _: float) -> Tensor:
        """On the pairs of the painter's turn just before."""
        step = self.loop.place // self.settings.batch_size
        real, fake = self._judged(self.painted.detach())
        turns = [GAME.discriminator(critic, real, fake, gamma=self.settings.gamma, step=step)
                 for critic in self.critics.both]  # fmt: skip
        return turns[0].loss + turns[1].loss

    # ---- checks and choice

    def _tick(self, loop: Loop[PaintingMemory]) -> str | NextStage | None:
        if loop.broken:
            return None if self.snapshots.roll_back(loop) else f"alarm: the loss of {loop.broken} is not a number"
        l1, l2 = (float(each.mean()) for each in self.held.errors(loop.ema.network, self.run.device))
        row = {"kimg": loop.images_seen / 1000, "hole_l1": l1, "hole_l2": l2}
        loop.history.append(row | {f"{name}_loss": value for name, value in loop.losses.items()})
        self.run.progress(TickReport(loop.place / 1000, loop.total_images / 1000, {"hole_l2": l2}, row=row))
        memory = self.memory
        first = loop.place <= self.settings.first_images
        if first and (memory.best_l2 is None or l2 < memory.best_l2):
            memory.best_l2, memory.best_kimg = l2, loop.images_seen / 1000
            self.snapshots.take(loop.ema.network, critic=False)  # the critics have not played yet
        return None

    def _choose_stage(self) -> None:
        """The adversarial stage serves where its sharpness is nearer the truth's and its L2 still below Telea's."""
        memory, device = self.memory, self.run.device
        if memory.best_l2 is None:
            self.problem = self.reason
            return
        self.stage = "reconstruction"
        best, last = self.snapshots.best, self.loop.ema.network
        figures = {"reconstruction": (best, self.held.errors(best, device), self.held.sharpness(best, device))}
        if self.settings.adversarial_images and not self.reason.startswith("alarm"):
            figures["adversarial"] = (last, self.held.errors(last, device), self.held.sharpness(last, device))
            (_, _, blurred), (_, (_, l2), sharp) = figures.values()
            if nearer_sharpness(sharp, blurred) and l2.mean() < self.held.telea[1].mean():
                self.served, self.stage = last, "adversarial"
        for name, (_, (l1, l2), sharpness) in figures.items():
            self.figures |= {f"{name}_l1": float(l1.mean()), f"{name}_l2": float(l2.mean())}
            self.figures[f"{name}_sharpness"] = sharpness

    @property
    def summary(self) -> dict[str, float | int | str]:
        """JSON-able facts about the run; errors in % over the held-out images' holes."""
        return {
            "images_seen": self.loop.images_seen,
            "stopped_by": self.reason,
            "served_stage": self.stage,
            "snapshot_kimg": self.memory.best_kimg or 0.0,
            "retries": self.memory.retries,
            "telea_l1": float(self.held.telea[0].mean()),
            "telea_l2": float(self.held.telea[1].mean()),
            **self.figures,
            "parameters": sum(weights.numel() for weights in self.network.parameters()),
        }
