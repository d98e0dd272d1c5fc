"""One training run of `tabular_gan`: batches of encoded rows, and the losses of both networks."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.core.seeds import numpy_generator
from gan_augment.nn.objectives import Game
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.generators.tabular_gan.model import FittedTabularGan
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, Phase

__all__ = ["TabularGanRun"]

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


class TabularGanRun:
    """Train the networks of `fitted` in place on encoded rows [n, width] of classes at `places` [n], for `steps`."""

    def __init__(
        self,
        fitted: FittedTabularGan,
        matrix: npt.NDArray[np.float32],
        places: npt.NDArray[np.int64],
        run: Run,
        *,
        steps: int,
        rate_scale: float,
    ) -> None:
        self.fitted, self.run, self.steps = fitted, run, steps
        self.batches = _Batches(fitted, matrix, places, run.seed)
        self.random = torch.Generator().manual_seed(run.seed)
        self.generator, self.discriminator = copy.deepcopy(fitted.generator), fitted.discriminator
        self.game = Game(penalty_interval=fitted.config.penalty_interval)
        self.loop = self._loop(rate_scale)

    def train(self) -> None:
        """Train to the end: the generator of `fitted` becomes the EMA; its `stats` and `summary` are filled in."""
        stopped, fitted = self.loop.run(), self.fitted
        fitted.generator = self.loop.ema.network.requires_grad_(True)
        fitted.stats = self.loop.history
        fitted.summary |= {"steps": self.steps, "images_seen": self.loop.images_seen, "stopped_by": stopped}

    def _loop(self, rate_scale: float) -> Loop[Memory]:
        config, total = self.fitted.config, self.steps * self.batches.size
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        turns = (
            ("discriminator", self._discriminator_loss, config.rate_d),
            ("generator", self._generator_loss, config.rate_g),
        )
        return Loop(
            [
                Phase(name, list(networks[name].parameters()), loss, _schedule(rate * rate_scale))
                for name, loss, rate in turns
            ],
            networks,
            ema=Ema(self.generator),
            ema_source=self.generator,
            batch_size=self.batches.size,
            total_images=total,
            tick_images=max(self.batches.size, total // TICKS),
            on_tick=self._tick,
            memory=Memory(),
            generator=self.random,
            checkpoint=self.run.checkpoint,
        )

    def _discriminator_loss(self, done: float) -> Tensor:
        reals, starts, classes = self.batches.draw(self.random)
        with torch.no_grad():
            fakes = self.fitted.shape(self.generator(starts, classes))
        both, step, gamma = torch.cat([classes, classes]), round(done * self.steps), self.fitted.config.gamma
        return self.game.discriminator(
            lambda rows: self.discriminator(rows, both), reals, fakes, gamma=gamma, step=step
        ).loss

    def _generator_loss(self, _: float) -> Tensor:
        reals, starts, classes = self.batches.draw(self.random)
        fakes = self.fitted.shape(self.generator(starts, classes))
        return self.game.generator(lambda rows: self.discriminator(rows, classes), reals, fakes)

    def _tick(self, loop: Loop[Memory]) -> None:
        loop.history.append({"kimg": loop.images_seen / 1000, **{f"{k}_loss": v for k, v in loop.losses.items()}})
        self.run.progress(TickReport(loop.images_seen / 1000, loop.total_images / 1000, dict(loop.losses)))


def _schedule(rate: float) -> AdamSchedule:
    return AdamSchedule(start=rate, end=rate / 5, beta2=(0.95, 0.95))
