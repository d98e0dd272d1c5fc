"""`conditional`: one GAN over all classes, told the class it should draw; then, per class, a specialised copy.

Objective: relativistic pairing with R1 and R2 penalties (R3GAN, Huang et al. 2024, arXiv 2501.05441, eq. 2-4); a
projection discriminator (Miyato & Koyama 2018); class-balanced batches, so that a rare class is practised as often as a
common one; DiffAugment in front of the discriminator (Zhao et al. 2020). Specialisation freezes the early layers of
the generator and of the discriminator (FreezeD, Mo et al. 2020, arXiv 2002.10964).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.errors import ModelError
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.nn.diff_augment import AugmentOperation, augment
from gan_augment.nn.image_networks import (
    Architecture,
    Discriminator,
    Generator,
    build_discriminator,
    build_generator,
    choose_architecture,
)
from gan_augment.nn.objectives import (
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    zero_centred_penalty,
)
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, TickReport, Traits
from gan_augment.synthesis.generators._checks import check_label, check_train
from gan_augment.synthesis.monitor import Monitor
from gan_augment.training.checkpoint import load_module, save_module
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Phase

__all__ = ["Conditional", "ConditionalConfig", "FittedConditional"]

SAMPLING_BLOCK = 64  # samples are always computed in these fixed blocks, so a batch's size never changes a pixel


class ConditionalConfig(MethodConfig):
    """Settings of the conditional GAN. `None` means: chosen from the image size, see `resolved`."""

    kimg: float = Field(default=200, gt=0, description="length of the joint training, in thousands of images seen")
    specialise_kimg: float = Field(default=20, ge=0, description="length of a class's own training after it")
    batch_size: int = Field(default=64, ge=2)
    architecture: Literal["auto", "mlp", "conv"] = "auto"
    width: int | None = Field(default=None, ge=8)
    latent: int = Field(default=32, ge=1)
    embedding: int = Field(default=32, ge=1)
    learning_rate: float | None = Field(default=None, gt=0)
    gamma: float = Field(default=1.0, ge=0, description="weight of the R1 and R2 penalties at the start")
    gamma_end: float = Field(default=0.1, ge=0)
    penalty_interval: int | None = Field(default=None, ge=1, description="every how many steps they are computed")
    augment: tuple[AugmentOperation, ...] | None = None
    augment_probability: float = Field(default=0.3, ge=0, le=1)
    checks: int = Field(default=10, ge=1, description="how often the snapshot is judged on validation")

    def resolved(self, image: ImageSpec) -> _Resolved:
        """The values that depend on the image size, filled in."""
        architecture = choose_architecture(image) if self.architecture == "auto" else self.architecture
        is_mlp = architecture == "mlp"
        default: tuple[AugmentOperation, ...] = ("translation",)
        if max(image.height, image.width) >= 16:
            default += ("cutout",)
        if image.channels == 3:
            default += ("colour",)
        return _Resolved(
            architecture=architecture,
            width=self.width or (256 if is_mlp else 32),
            learning_rate=self.learning_rate or (1e-3 if is_mlp else 2e-4),
            penalty_interval=self.penalty_interval or (1 if is_mlp else 8),
            augment=default if self.augment is None else self.augment,
        )


@dataclass(frozen=True)
class _Resolved:
    architecture: Architecture
    width: int
    learning_rate: float
    penalty_interval: int
    augment: tuple[AugmentOperation, ...]


@dataclass
class FittedConditional:
    """Trained networks. `generator` is the EMA; `label`: the class it is specialised on, None: joint."""

    spec: DatasetSpec
    config: ConditionalConfig
    generator: Generator
    discriminator: Discriminator
    device: str = "cpu"
    label: int | None = None
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Batches of at most `SAMPLING_BLOCK` images; see `SampleRequest` for what each one depends on."""
        known = np.arange(len(self.spec.classes)) if self.label is None else np.array([self.label])
        check_label(request.label, known, self.spec, Conditional.name)
        end = request.start + request.count
        for block in range(request.start // SAMPLING_BLOCK, -(-end // SAMPLING_BLOCK)):
            images = self._block(request.label, request.seed, block)
            first = block * SAMPLING_BLOCK
            yield Synthetic(images[max(request.start - first, 0) : end - first])

    @torch.inference_mode()
    def _block(self, label: int, seed: int, block: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        generator = torch.Generator().manual_seed(derive_seed(seed, label, block))
        noise = torch.randn(SAMPLING_BLOCK, self.generator.latent, generator=generator).to(self.device)
        labels = torch.full((SAMPLING_BLOCK,), label, device=self.device)
        return decode_images(self.generator(noise, labels).float().cpu().numpy())

    def save(self, directory: Path) -> None:
        """generator.safetensors, discriminator.safetensors and model.json."""
        save_module(directory / "generator.safetensors", self.generator)
        save_module(directory / "discriminator.safetensors", self.discriminator)
        write_json(
            directory / "model.json",
            {
                "method": Conditional.name,
                "label": self.label,
                "config": self.config.model_dump(mode="json"),
                "summary": self.summary,
                "stats": self.stats,
            },
        )


class Conditional:
    """The conditional image GAN. See the module's docstring for what it is made of."""

    name: ClassVar[str] = "conditional"
    traits: ClassVar[Traits] = Traits(modality=frozenset({"image"}), label_from="condition", specialises=True)
    Config: ClassVar[type[MethodConfig]] = ConditionalConfig

    def fit(
        self,
        train: TrainView,
        config: ConditionalConfig,
        *,
        seed: int,
        device: str = "cpu",
        validation: ValidationView | None = None,
        progress: Progress = lambda _: None,
        checkpoint: Path | None = None,
    ) -> FittedConditional:
        """One GAN over all classes of `train`; the snapshot that is kept is chosen on `validation` where given."""
        check_train(train, self.name)
        fitted = _fresh(train.spec, config, seed, device)
        run = _Run(fitted, train, config, seed=derive_seed(seed, "joint"), kimg=config.kimg, progress=progress)
        return run.train(monitor=Monitor(train, validation, seed) if validation else None, checkpoint=checkpoint)

    def specialise(
        self,
        joint: FittedConditional,
        train: TrainView,
        config: ConditionalConfig,
        *,
        label: int,
        seed: int,
        device: str = "cpu",
        progress: Progress = lambda _: None,
        checkpoint: Path | None = None,
    ) -> FittedConditional:
        """A copy of the joint model, trained on for `specialise_kimg` on one class with its early layers frozen."""
        fitted = copy.deepcopy(joint)
        fitted.label, fitted.device = label, device
        fitted.generator.to(device)
        fitted.discriminator.to(device)
        _freeze_early_layers(fitted.generator.body)
        _freeze_early_layers(fitted.discriminator.body)
        run = _Run(
            fitted,
            train,
            config,
            seed=derive_seed(seed, "specialise", label),
            kimg=config.specialise_kimg,
            progress=progress,
            rate_scale=0.25,  # a quarter of the joint rate, with stronger augmentation: one class is little data
            augment_probability=min(1.0, config.augment_probability + 0.2),
        )
        return run.train(monitor=None, checkpoint=checkpoint)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedConditional:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about = read_json(directory / "model.json")
        if about.get("method") != self.name:
            raise ModelError(
                "A saved model is of another method", where=directory, got=str(about.get("method")), expected=self.name
            )
        fitted = _fresh(spec, ConditionalConfig.model_validate(about["config"]), 0, device)
        load_module(directory / "generator.safetensors", fitted.generator)
        load_module(directory / "discriminator.safetensors", fitted.discriminator)
        fitted.label, fitted.stats, fitted.summary = about["label"], about["stats"], about["summary"]
        return fitted


def _fresh(spec: DatasetSpec, config: ConditionalConfig, seed: int, device: str) -> FittedConditional:
    assert spec.image is not None
    chosen = config.resolved(spec.image)
    classes = len(spec.classes)
    # Initial weights come from a generator of our own: torch's global one is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "initial weights"))
        generator = build_generator(
            spec.image,
            classes=classes,
            architecture=chosen.architecture,
            width=chosen.width,
            latent=config.latent,
            embedding=config.embedding,
        )
        discriminator = build_discriminator(
            spec.image, classes=classes, architecture=chosen.architecture, width=chosen.width
        )
    return FittedConditional(spec, config, generator.to(device), discriminator.to(device), device)


def _freeze_early_layers(body: nn.Module) -> None:
    layers = [layer for layer in body.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    for layer in layers[: len(layers) // 2]:
        layer.requires_grad_(False)


class _Run:
    """One training run: the data on the device, the two phases, what happens at a tick."""

    def __init__(
        self,
        fitted: FittedConditional,
        train: TrainView,
        config: ConditionalConfig,
        *,
        seed: int,
        kimg: float,
        progress: Progress,
        rate_scale: float = 1.0,
        augment_probability: float | None = None,
    ) -> None:
        assert fitted.spec.image is not None
        self.fitted, self.config, self.progress = fitted, config, progress
        self.chosen = config.resolved(fitted.spec.image)
        self.images = torch.from_numpy(encode_images(np.asarray(train.samples.payload))).to(fitted.device)
        labels = train.labels
        classes, counts = np.unique(labels, return_counts=True)
        self.class_of, self.counts = torch.from_numpy(classes), torch.from_numpy(counts)
        self.rows = torch.from_numpy(np.argsort(labels, kind="stable"))  # class after class
        self.starts = self.counts.cumsum(0) - self.counts
        self.rng = torch.Generator().manual_seed(seed)
        self.total_images = max(config.batch_size, round(kimg * 1000))
        self.rate_scale = rate_scale
        self.augment_probability = config.augment_probability if augment_probability is None else augment_probability
        self.generator, self.discriminator = copy.deepcopy(fitted.generator), fitted.discriminator

    def train(self, *, monitor: Monitor | None, checkpoint: Path | None) -> FittedConditional:
        """Run the loop and put the chosen EMA snapshot into the fitted model."""
        started = time.monotonic()
        ema = Ema(self.generator)
        best = copy.deepcopy(ema.network)
        loop = Loop(
            self._phases(),
            {"generator": self.generator, "discriminator": self.discriminator, "best": best},
            ema=ema,
            ema_source=self.generator,
            batch_size=self.config.batch_size,
            total_images=self.total_images,
            tick_images=max(self.config.batch_size, self.total_images // (self.config.checks * 10)),
            on_tick=lambda loop: self._tick(loop, best, monitor),
            generator=self.rng,
            checkpoint=checkpoint,
        )
        reason = loop.run()
        self.fitted.generator = best if monitor else ema.network
        self.fitted.generator.requires_grad_(True).eval()
        self.fitted.discriminator.requires_grad_(True)
        self.fitted.stats = loop.history
        self.fitted.summary = {
            "images_seen": loop.images_seen,
            "stopped_by": reason,
            "snapshot_kimg": loop.scalars.get("best_kimg", loop.images_seen / 1000),
            "generator_parameters": sum(p.numel() for p in self.generator.parameters()),
            "discriminator_parameters": sum(p.numel() for p in self.discriminator.parameters()),
        }
        self.seconds = time.monotonic() - started
        return self.fitted

    def _phases(self) -> list[Phase]:
        rate = self.chosen.learning_rate * self.rate_scale
        schedule = AdamSchedule(start=rate, end=rate / 5)
        return [
            Phase("discriminator", _trainable(self.discriminator), self._discriminator_loss, schedule),
            Phase("generator", _trainable(self.generator), self._generator_loss, schedule),
        ]

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Real images and their classes; every class is equally likely, however rare."""
        size = self.config.batch_size
        which = torch.randint(len(self.class_of), (size,), generator=self.rng)
        within = (torch.rand(size, generator=self.rng) * self.counts[which]).long()
        rows = self.rows[self.starts[which] + within]
        return self.images[rows.to(self.images.device)], self.class_of[which].to(self.images.device)

    def _fakes(self, labels: Tensor) -> Tensor:
        noise = torch.randn(len(labels), self.generator.latent, generator=self.rng).to(labels.device)
        images: Tensor = self.generator(noise, labels)
        return images

    def _augmented(self, images: Tensor) -> Tensor:
        return augment(images, self.chosen.augment, self.augment_probability, self.rng)

    def _discriminator_loss(self, progress: float) -> Tensor:
        reals, labels = self._batch()
        with torch.no_grad():
            fakes = self._fakes(labels)
        step = round(progress * self.total_images / self.config.batch_size)
        penalised = self.config.gamma > 0 and step % self.chosen.penalty_interval == 0
        reals, fakes = self._augmented(reals), self._augmented(fakes)
        both = torch.cat([reals, fakes]).requires_grad_(penalised)
        logits = self.discriminator(both, torch.cat([labels, labels]))
        real_logits, fake_logits = logits.chunk(2)
        loss = relativistic_discriminator_loss(real_logits, fake_logits)
        if penalised:
            # R1 + R2 in one pass: the mean over reals and fakes together is half of their sum.
            gamma = self.config.gamma + (self.config.gamma_end - self.config.gamma) * min(progress / 0.8, 1.0)
            loss = loss + gamma * self.chosen.penalty_interval * zero_centred_penalty(logits, both)
        return loss

    def _generator_loss(self, _: float) -> Tensor:
        reals, labels = self._batch()
        with torch.no_grad():
            real_logits = self.discriminator(self._augmented(reals), labels)
        fake_logits = self.discriminator(self._augmented(self._fakes(labels)), labels)
        return relativistic_generator_loss(real_logits, fake_logits)

    def _tick(self, loop: Loop, best: Generator, monitor: Monitor | None) -> str | None:
        figures = dict(loop.losses)
        self.progress(TickReport(loop.images_seen / 1000, self.total_images / 1000, figures))
        every = self.total_images / self.config.checks
        before = loop.images_seen - loop.tick_images
        due = loop.images_seen // every > before // every or loop.images_seen >= self.total_images
        if monitor is None or not due:
            return None
        row = monitor.check(loop.ema.network, self.discriminator, loop.scalars)
        loop.history.append({"kimg": loop.images_seen / 1000, **{f"{k}_loss": v for k, v in figures.items()}, **row})
        if row["score"] > loop.scalars.get("best_score", -np.inf):
            loop.scalars |= {"best_score": row["score"], "best_kimg": loop.images_seen / 1000}
            best.load_state_dict(loop.ema.network.state_dict())
        return None


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]
