"""One adversarial training run on images: the data on its device, the two phases, what happens at a tick.

Shared by the image GANs. It knows classes and objectives; optimisers, schedules, EMA and checkpoints are the loop's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_augment.core.samples import PoolView, TrainView
from gan_augment.encoding.image import encode_images
from gan_augment.nn.diff_augment import AugmentOperation, augment
from gan_augment.nn.draws import Draws
from gan_augment.nn.image_networks import Generator
from gan_augment.nn.objectives import Game, Objective
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.health.alarms import Ranking, run_alarm
from gan_augment.synthesis.health.monitor import LEAST_KID, Monitor
from gan_augment.synthesis.health.stop_rule import Check, stop_reason
from gan_augment.synthesis.health.usual_noise import UsualNoise
from gan_augment.training.ema import Ema
from gan_augment.training.loop import ALONE, AdamSchedule, Loop, Memory, Phase
from gan_augment.training.replicas import Replicas
from gan_augment.training.snapshots import Snapshots

__all__ = [
    "AdversarialMemory",
    "AdversarialRun",
    "BalancedClasses",
    "Batches",
    "DrawBatch",
    "PlainTerms",
    "RunSettings",
    "Terms",
]

SETTLED = 0.3  # the share of a run before which a generator is still finding the data, and alarms mean nothing
SUDDEN = ("collapsed", "not finite", "wrong class")
RAMP_ROWS = 50  # a class with fewer train rows starts unconditionally (Shahbazi et al. 2022, arXiv 2201.06578)
ADAPTIVE_TARGET = 0.6  # E[sign(D(x) - D(G(z)))] to hold (Karras et al. 2020, arXiv 2006.06676, section 3)
ADAPTIVE_LIMIT = 0.5  # at 28 px a paired ranking stays above the target however much is augmented; 0.8 slowed learning


@dataclass(frozen=True)
class RunSettings:
    """What a run needs to know; `kimg` is its length in thousands of images seen."""

    kimg: float
    batch_size: int
    learning_rate: float
    gamma: float
    gamma_end: float
    penalty_interval: int
    operations: tuple[AugmentOperation, ...]
    augment_probability: float
    adaptive: bool
    checks: int
    patience: int
    ramp: bool = False
    objective: Objective = "relativistic"
    bfloat16: bool = False  # forward passes in half the bits; weights, sums and penalties keep all of theirs


@dataclass
class AdversarialMemory(Memory):
    """What an adversarial run remembers: the augmentation's strength, the penalty's, and the best check so far.

    `first_kid` is the first check's KID, the scale that makes later ones comparable to CAS; `sureness` is E[sign(D(x) -
    D(G(z)))] of the last tick in [-1, 1].
    """

    augment: float = 0.0
    augment_floor: float = 0.0
    gamma_scale: float = 1.0
    sureness: float | None = None
    first_kid: float | None = None
    best_score: float | None = None
    best_kimg: float | None = None


class Batches(Protocol):
    """Which train rows a step sees, and the condition of each."""

    @property
    def told(self) -> Tensor:
        """The condition of every train row, int64 [n] or [n, groups]."""
        ...

    def rows(self, size: int, draws: Draws) -> Tensor:
        """Row numbers, int64 [size]."""
        ...


class BalancedClasses:
    """Every class is equally likely, however rare; the condition is the class, int64 [n]."""

    def __init__(self, labels: npt.NDArray[np.int64]) -> None:
        self.told = torch.from_numpy(labels)
        self.counts = torch.from_numpy(np.unique(labels, return_counts=True)[1])
        self.ordered = torch.from_numpy(np.argsort(labels, kind="stable"))  # class after class
        self.starts = self.counts.cumsum(0) - self.counts

    def rows(self, size: int, draws: Draws) -> Tensor:
        """See `Batches`."""
        which = draws.randint(0, len(self.counts), size)
        within = (draws.rand(size) * self.counts[which]).long()
        return self.ordered[self.starts[which] + within]


DrawBatch = Callable[[], tuple[Tensor, Tensor]]  # another batch of real images, and their conditions


class Terms(Protocol):
    """What a method changes in the plain game: the start of its images, and terms added to the losses."""

    def noise(self, count: int) -> Tensor:
        """What the generator starts from, on its device: [count, latent]."""
        ...

    def judge(self, images: Tensor, labels: Tensor, scale: float) -> Tensor:
        """The discriminator's logits [n]."""
        ...

    def of_both(self, noise: Tensor, progress: float) -> Tensor | float:
        """Added to both players' losses, after `judge` saw images of which the last were generated from `noise`."""
        ...

    def of_discriminator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """Added to the discriminator's loss alone."""
        ...

    def of_generator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """Added to the generator's loss alone."""
        ...


@dataclass(frozen=True)
class PlainTerms:
    """Normal noise, a discriminator conditioned on the class, and nothing added."""

    discriminator: nn.Module
    latent: int
    draws: Draws
    device: torch.device

    def noise(self, count: int) -> Tensor:
        """See `Terms`."""
        return self.draws.randn(count, self.latent).to(self.device)

    def judge(self, images: Tensor, labels: Tensor, scale: float) -> Tensor:
        """See `Terms`."""
        logits: Tensor = self.discriminator(images, labels, scale)
        return logits

    def of_both(self, noise: Tensor, progress: float) -> float:
        """See `Terms`."""
        del noise, progress
        return 0.0

    def of_discriminator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`."""
        del draw_batch, progress
        return []

    def of_generator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`."""
        del draw_batch, progress
        return []


class AdversarialRun:
    """Trains `generator` and `discriminator` in place on the rows of `train`.

    After `train()`: `best` is the chosen EMA snapshot, `reason` why the run ended, `history` the curve (one row a
    check), `alarms` what is wrong with which class of the chosen snapshot, `retries` how often it was rolled back.

    With `conditional` False the rows are one class, number 0, whatever their labels say, and the networks are of one
    class too; only then may there be `more` rows to train on, which need no labels.

    `batches`: which rows a step sees, and their conditions; None: balanced classes. `shown`: what the samples
    that each check reports are drawn from where there is no monitor; None: none are. `terms`: what the method adds to
    the game, made from the run's own source of randomness; None: nothing.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: nn.Module,
        train: TrainView,
        settings: RunSettings,
        run: Run,
        *,
        monitor: Monitor | None,
        conditional: bool = True,
        more: PoolView | None = None,
        replicas: Replicas = ALONE,
        shown: UsualNoise | None = None,
        terms: Callable[[torch.Generator], Terms] | None = None,
        batches: Batches | None = None,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.settings, self.monitor, self.run = settings, monitor, run
        self.shown = monitor.noise if monitor is not None else shown
        if conditional and more is not None:
            raise ValueError("rows that may have no labels cannot train networks of several classes")
        rows = [np.asarray(part.samples.payload) for part in (train, more) if part is not None]
        self.images = torch.from_numpy(encode_images(np.concatenate(rows))).to(run.device)
        labels = train.labels if conditional else np.zeros(len(self.images), dtype=np.int64)
        self.classes, counts = np.unique(labels, return_counts=True)
        self.batches = BalancedClasses(labels) if batches is None else batches
        self.ramp = settings.ramp and len(self.classes) > 1 and int(counts.min()) < RAMP_ROWS
        self.rng = torch.Generator().manual_seed(run.seed)
        self.replicas = replicas
        self.draws = Draws(self.rng, replicas.rank, replicas.count)
        replicas.check_batch(settings.batch_size)
        self.total_images = max(settings.batch_size, round(settings.kimg * 1000))
        self.game = Game(settings.objective, settings.penalty_interval)
        plain = PlainTerms(discriminator, generator.latent, self.draws, self.images.device)
        self.terms: Terms = plain if terms is None else terms(self.rng)
        self.snapshots = Snapshots(generator, discriminator)
        self.memory = AdversarialMemory(augment=settings.augment_probability)
        self.ranked_above: list[Tensor] = []  # share of pairs since the last tick in which D ranked the real one above
        self.alarms: dict[int, str] = {}
        self.reason = "not trained"
        self.loop = self._build_loop()

    @property
    def best(self) -> Generator:
        """The chosen snapshot of the generator's average."""
        return self.snapshots.best

    # ---- the loop and its phases

    def _build_loop(self) -> Loop[AdversarialMemory]:
        schedule = AdamSchedule(start=self.settings.learning_rate, end=self.settings.learning_rate / 5)
        return Loop(
            [
                Phase("discriminator", _trainable(self.discriminator), self._discriminator_loss, schedule),
                Phase("generator", _trainable(self.generator), self._generator_loss, schedule),
            ],
            {"generator": self.generator, "discriminator": self.discriminator, **self.snapshots.networks},
            ema=Ema(self.generator),
            ema_source=self.generator,
            batch_size=self.settings.batch_size,
            total_images=self.total_images,
            # Ten ticks a check: often enough for a progress bar and for adapting the augmentation.
            tick_images=max(self.settings.batch_size, self.total_images // (self.settings.checks * 10)),
            on_tick=self._tick,
            memory=self.memory,
            generator=self.rng,
            replicas=self.replicas,
            checkpoint=self.run.checkpoint,
        )

    def train(self) -> None:
        """Train to the end; resumes from the run's checkpoint where a killed one left it."""
        self.reason = self.loop.run()
        if self.monitor is None:
            self.snapshots.take(self.loop.ema.network)
        elif not self.reason.startswith("alarm"):
            self.alarms = self._alarms_of(self.best)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Real images, and their conditions."""
        rows, device = (
            self.batches.rows(self.settings.batch_size // self.replicas.count, self.draws),
            self.images.device,
        )
        return self.images[rows.to(device)], self.batches.told[rows].to(device)

    def _augmented(self, images: Tensor) -> Tensor:
        return augment(images, self.settings.operations, self.memory.augment, self.draws)

    def _label_scale(self, progress: float) -> float:
        """0 for the first quarter of the run, then a ramp to 1 at the half, where a class is small; else 1."""
        return min(max(progress - 0.25, 0.0) / 0.25, 1.0) if self.ramp else 1.0

    def _gamma(self, progress: float) -> float:
        share = min(progress / 0.8, 1.0)
        gamma = self.settings.gamma + (self.settings.gamma_end - self.settings.gamma) * share
        return gamma * self.memory.gamma_scale

    def _discriminator_loss(self, progress: float) -> Tensor:
        scale = self._label_scale(progress)
        reals, labels = self._batch()
        noise = self.terms.noise(len(labels))
        with torch.no_grad(), self._half_bits():
            fakes = self.generator(noise, labels, scale).float()

        def judge(images: Tensor) -> Tensor:
            with self._half_bits(not images.requires_grad):  # a gradient of a gradient has no bits to spare
                return self.terms.judge(images, torch.cat([labels, labels]), scale).float()

        step = self.loop.images_seen // self.settings.batch_size
        turn = self.game.discriminator(
            judge, self._augmented(reals), self._augmented(fakes), gamma=self._gamma(progress), step=step
        )
        self.ranked_above.append((turn.real_logits > turn.fake_logits).float().mean().detach())
        own = self.terms.of_discriminator(self._batch, progress)
        return sum(own, start=turn.loss + self.terms.of_both(noise, progress))

    def _generator_loss(self, progress: float) -> Tensor:
        scale = self._label_scale(progress)
        reals, labels = self._batch()
        shown = self._augmented(reals) if self.game.paired else reals
        noise = self.terms.noise(len(labels))

        def judge(images: Tensor) -> Tensor:
            with self._half_bits():
                return self.terms.judge(images, labels, scale).float()

        with self._half_bits():
            fakes = self._augmented(self.generator(noise, labels, scale).float())
        loss = self.game.generator(judge, shown, fakes) + self.terms.of_both(noise, progress)
        return sum(self.terms.of_generator(self._batch, progress), start=loss)

    def _half_bits(self, safe: bool = True) -> torch.autocast:
        return torch.autocast(self.images.device.type, torch.bfloat16, enabled=safe and self.settings.bfloat16)

    # ---- ticks: progress, adaptive augmentation, checks, alarms

    def _tick(self, loop: Loop[AdversarialMemory]) -> str | None:
        self._adapt_augmentation(loop)
        tick = TickReport(loop.images_seen / 1000, self.total_images / 1000, dict(loop.losses))
        self.run.progress(tick)
        if problem := run_alarm(loop.losses, None if self.monitor is None else self._ranking):
            return None if self._roll_back(loop) else self._give_up(problem)
        every = self.total_images / self.settings.checks
        before = max(loop.images_seen - loop.tick_images, 0)
        due = loop.images_seen // every > before // every or loop.images_seen >= self.total_images
        if not due:
            return None
        reason = self._check(loop)
        pictures = None if self.shown is None else self.shown.sheet(loop.ema.network, self.classes)
        self.run.progress(replace(tick, row=dict(loop.history[-1]), pictures=pictures))
        return reason

    def _ranking(self) -> Ranking:
        assert self.monitor is not None
        return self.replicas.agree(self.monitor.ranking(self.generator, self.discriminator))

    def _adapt_augmentation(self, loop: Loop[AdversarialMemory]) -> None:
        """ADA: more augmentation while the discriminator is surer of its train reals than the target, less else."""
        if not self.ranked_above:
            return
        (share,) = self.replicas.average([torch.stack(self.ranked_above).mean()])
        sureness = 2 * float(share) - 1
        self.ranked_above.clear()
        self.memory.sureness = sureness
        if self.settings.adaptive:
            # From 0 to 1 within half of a run, however long it is; a rollback's extra augmentation is kept as floor.
            step = 2 * loop.tick_images / self.total_images * math.copysign(1.0, sureness - ADAPTIVE_TARGET)
            self.memory.augment = min(max(self.memory.augment + step, self.memory.augment_floor), ADAPTIVE_LIMIT)

    def _check(self, loop: Loop[AdversarialMemory]) -> str | None:
        row: dict[str, float] = {"kimg": loop.images_seen / 1000}
        row |= {f"{name}_loss": value for name, value in loop.losses.items()}
        row["augment"] = self.memory.augment
        if self.monitor is None:
            loop.history.append(row)
            return None
        figures = self.monitor.check(loop.ema.network, self.discriminator, self.memory.first_kid)
        row |= self.replicas.agree(figures)
        self.memory.first_kid = self.memory.first_kid or max(row["kid"], LEAST_KID)
        loop.history.append(row)
        progress = loop.images_seen / self.total_images
        if progress > SETTLED and self._lost_a_class(loop) and self._roll_back(loop):
            return None
        best = -math.inf if self.memory.best_score is None else self.memory.best_score
        if row["score"] > best and self._label_scale(progress) == 1:
            self.memory.best_score, self.memory.best_kimg = row["score"], row["kimg"]
            self.snapshots.take(loop.ema.network)
        settled = [_as_check(r) for r in loop.history if r["kimg"] * 1000 > SETTLED * self.total_images]
        return stop_reason(settled, self.settings.patience)

    def _lost_a_class(self, loop: Loop[AdversarialMemory]) -> bool:
        """Has a class collapsed, or turned into another, that the best snapshot draws well?

        Coverage and nearness to train flicker from check to check; they judge the final snapshot, not the way there.
        """
        if self.memory.best_score is None:
            return False
        now = {c: p for c, p in self._alarms_of(loop.ema.network).items() if p.startswith(SUDDEN)}
        return bool(now) and not set(now) <= set(self._alarms_of(self.best))

    def _roll_back(self, loop: Loop[AdversarialMemory]) -> bool:
        """Back to the last healthy snapshot, with a gentler and more regular game. False: that was tried twice."""
        if not self.snapshots.roll_back(loop):
            return False
        memory = self.memory
        memory.gamma_scale *= 2
        memory.augment = memory.augment_floor = min(memory.augment + 0.2, ADAPTIVE_LIMIT)
        return True

    def _give_up(self, problem: str) -> str:
        """The game itself is broken: keep the best snapshot, or where there is none, synthesise nothing."""
        if self.memory.best_score is None:
            self.alarms = dict.fromkeys((int(c) for c in self.classes), problem)
        else:
            self.alarms = self._alarms_of(self.best)
        return f"alarm: {problem}"

    def _alarms_of(self, generator: Generator) -> dict[int, str]:
        return self.replicas.agree(self.monitor.alarms(generator)) if self.monitor else {}

    @property
    def summary(self) -> dict[str, Any]:
        """JSON-able facts about the run."""
        memory, kimg = self.memory, self.loop.images_seen / 1000
        return {
            "images_seen": self.loop.images_seen,
            "stopped_by": self.reason,
            "snapshot_kimg": kimg if memory.best_kimg is None else memory.best_kimg,
            "retries": memory.retries,
            "augment_probability": memory.augment,
            "refused_classes": {str(c): problem for c, problem in sorted(self.alarms.items())},
            "generator_parameters": sum(p.numel() for p in self.generator.parameters()),
            "discriminator_parameters": sum(p.numel() for p in self.discriminator.parameters()),
        }


def _as_check(row: dict[str, float]) -> Check:
    return Check(row["score"], row["critic_accuracy"], row["critic_pvalue"], int(row["critic_rows"]))


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]
