"""One training run of `tabular_gan`: batches of encoded rows, and the losses of both networks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.core.seeds import numpy_generator
from gan_augment.nn.objectives import Game
from gan_augment.synthesis.api import Progress, TickReport
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, Phase

if TYPE_CHECKING:
    from gan_augment.synthesis.generators.tabular_gan.method import FittedTabularGan

__all__ = ["train_tabular_gan"]

TICKS = 20


class _Batches:
    """Draws real rows and starts; a class is as likely as it is among the rows.

    Drawing rare classes more often was measured to be worse: the discriminator then learns their few rows by heart.
    Starts are drawn once, `STARTS` a class, because a fresh Gaussian draw costs more than the rest of a step.
    """

    STARTS = 4096

    def __init__(
        self, fitted: FittedTabularGan, matrix: npt.NDArray[np.float32], places: npt.NDArray[np.int64], seed: int
    ) -> None:
        self.pack = fitted.config.pack
        self.size = max(fitted.config.batch_size // self.pack, 1) * self.pack
        self.rows = torch.from_numpy(matrix).to(fitted.device)
        self.classes, self.counts = (torch.from_numpy(part) for part in np.unique(places, return_counts=True))
        self.weights = self.counts.double()
        self.order = torch.from_numpy(np.argsort(places, kind="stable"))  # class after class
        self.offsets = self.counts.cumsum(0) - self.counts
        drawing = numpy_generator(seed, "starts")
        starts = [fitted.copulas.draw(int(c), self.STARTS, drawing) for c in self.classes]
        self.starts = torch.from_numpy(np.concatenate(starts)).to(fitted.device)
        # Noise goes on numbers that count: an unused one is 0 in every row.
        self.noise = torch.zeros(matrix.shape[1])
        for block in fitted.codec.blocks:
            self.noise[block.start] = fitted.config.noise * (block.kind == "value")
        switches = [(b.start, b.switch) for b in fitted.codec.blocks if b.switch is not None]
        self.switched, self.switches = torch.tensor(switches, dtype=torch.long).reshape(-1, 2).T.to(fitted.device)

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Real rows, starts [n, width] and classes [n]: row i of all three is of one class, as is each pack."""
        groups = self.size // self.pack
        which = torch.multinomial(self.weights, groups, replacement=True, generator=generator)
        which = which.repeat_interleave(self.pack) if self.pack > 1 else which
        within = (torch.rand(self.size, generator=generator) * self.counts[which]).long()
        chosen = self.order[self.offsets[which] + within]
        start = which * self.STARTS + torch.randint(self.STARTS, (self.size,), generator=generator)
        device = self.rows.device
        reals = self._blurred(self.rows[chosen.to(device)], generator)
        return reals, self.starts[start.to(device)], self.classes[which].to(device)

    def _blurred(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        # A little noise on the real side: the generator then learns the smoothed train rows, not the rows themselves.
        noise = (torch.randn(rows.shape, generator=generator) * self.noise).to(rows.device)
        if len(self.switched):
            noise[:, self.switched] *= rows[:, self.switches]
        return rows + noise


def train_tabular_gan(
    fitted: FittedTabularGan,
    matrix: npt.NDArray[np.float32],
    places: npt.NDArray[np.int64],
    *,
    steps: int,
    seed: int,
    rate_scale: float,
    progress: Progress,
    checkpoint: Path | None,
) -> None:
    """Train the networks of `fitted` in place on encoded rows [n, width] of classes at `places` [n].

    Its generator ends as the EMA; `stats` and `summary` are filled in.
    """
    config = fitted.config
    batches = _Batches(fitted, matrix, places, seed)
    random = torch.Generator().manual_seed(seed)
    generator, discriminator = copy.deepcopy(fitted.generator), fitted.discriminator
    ema = Ema(generator)
    total = steps * batches.size

    game = Game(penalty_interval=config.penalty_interval)

    def discriminator_loss(done: float) -> Tensor:
        reals, starts, labels = batches.draw(random)
        with torch.no_grad():
            fakes = fitted.shape(generator(starts, labels))
        both = torch.cat([labels, labels])
        step = round(done * steps)
        return game.discriminator(
            lambda rows: discriminator(rows, both), reals, fakes, gamma=config.gamma, step=step
        ).loss

    def generator_loss(done: float) -> Tensor:
        del done
        reals, starts, labels = batches.draw(random)
        fakes = fitted.shape(generator(starts, labels))
        return game.generator(lambda rows: discriminator(rows, labels), reals, fakes)

    def tick(loop: Loop[Memory]) -> None:
        loop.history.append({"kimg": loop.images_seen / 1000, **{f"{k}_loss": v for k, v in loop.losses.items()}})
        progress(TickReport(loop.images_seen / 1000, total / 1000, dict(loop.losses)))

    def schedule(rate: float) -> AdamSchedule:
        return AdamSchedule(start=rate * rate_scale, end=rate * rate_scale / 5, beta2=(0.95, 0.95))

    loop = Loop(
        [
            Phase("discriminator", list(discriminator.parameters()), discriminator_loss, schedule(config.rate_d)),
            Phase("generator", list(generator.parameters()), generator_loss, schedule(config.rate_g)),
        ],
        {"generator": generator, "discriminator": discriminator},
        ema=ema,
        ema_source=generator,
        batch_size=batches.size,
        total_images=total,
        tick_images=max(batches.size, total // TICKS),
        on_tick=tick,
        memory=Memory(),
        generator=random,
        checkpoint=checkpoint,
    )
    stopped = loop.run()
    fitted.generator = ema.network.requires_grad_(True)
    fitted.stats = loop.history
    fitted.summary |= {"steps": steps, "images_seen": loop.images_seen, "stopped_by": stopped}
