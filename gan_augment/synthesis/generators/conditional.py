"""`conditional`: one GAN over all classes, told the class it should draw; then, per class, a specialised copy.

Objective: relativistic pairing with R1 and R2 penalties (R3GAN, Huang et al. 2024, arXiv 2501.05441, eq. 2-4); a
projection discriminator (Miyato & Koyama 2018); class-balanced batches, so that a rare class is practised as often as a
common one; DiffAugment in front of the discriminator (Zhao et al. 2020). Specialisation freezes the early layers of
the generator and of the discriminator (FreezeD, Mo et al. 2020, arXiv 2002.10964).
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.errors import ModelError
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import PixelLevels, decode_images
from gan_augment.nn.diff_augment import AugmentOperation
from gan_augment.nn.image_networks import (
    Architecture,
    Discriminator,
    Generator,
    build_discriminator,
    build_generator,
    choose_architecture,
)
from gan_augment.synthesis.adversarial import AdversarialRun, RunSettings
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.generators._checks import check_label, check_train
from gan_augment.synthesis.monitor import Monitor
from gan_augment.training.checkpoint import load_module, save_module
from gan_augment.training.devices import limited_threads

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
    augment_probability: Annotated[float, Field(ge=0, le=1)] | Literal["adaptive"] = Field(
        default="adaptive", description="of each operation before the discriminator; adaptive: held where ADA wants it"
    )
    ramp: bool = Field(default=False, description="start unconditionally where a class has under 50 train rows")
    checks: int = Field(default=10, ge=1, description="how often the snapshot is judged on validation")
    patience: int = Field(default=4, ge=1, description="checks without improvement after which a run may stop")

    def chosen_architecture(self, image: ImageSpec) -> Architecture:
        """`architecture`, with `auto` resolved by the image size."""
        return choose_architecture(image) if self.architecture == "auto" else self.architecture

    def chosen_width(self, image: ImageSpec) -> int:
        """`width`, or a default that keeps a step on two CPU cores under about 100 ms."""
        return self.width or (256 if self.chosen_architecture(image) == "mlp" else 16)

    def run_settings(self, image: ImageSpec, *, kimg: float) -> RunSettings:
        """The values that depend on the image size, filled in."""
        is_mlp = self.chosen_architecture(image) == "mlp"
        operations: tuple[AugmentOperation, ...] = ("translation",)
        if max(image.height, image.width) >= 16:
            operations += ("cutout",)
        if image.channels == 3:
            operations += ("colour",)
        adaptive = self.augment_probability == "adaptive"
        return RunSettings(
            kimg=kimg,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate or 1e-3,
            gamma=self.gamma,
            gamma_end=self.gamma_end,
            penalty_interval=self.penalty_interval or (1 if is_mlp else 8),
            operations=operations if self.augment is None else self.augment,
            augment_probability=0.3 if self.augment_probability == "adaptive" else self.augment_probability,
            adaptive=adaptive,
            checks=self.checks,
            patience=self.patience,
            ramp=self.ramp,
        )


@dataclass
class FittedConditional:
    """Trained networks. `generator` is the EMA; `label`: the class it is specialised on, None: joint."""

    spec: DatasetSpec
    config: ConditionalConfig
    generator: Generator
    discriminator: Discriminator
    levels: PixelLevels
    device: str = "cpu"
    label: int | None = None
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def image(self) -> ImageSpec:
        """The size of what it draws."""
        assert self.spec.image is not None
        return self.spec.image

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
        return self.levels.snap(decode_images(self.generator(noise, labels).float().cpu().numpy()))

    def save(self, directory: Path) -> None:
        """generator.safetensors, discriminator.safetensors and model.json."""
        save_module(directory / "generator.safetensors", self.generator)
        save_module(directory / "discriminator.safetensors", self.discriminator)
        write_json(
            directory / "model.json",
            {
                "method": Conditional.name,
                "label": self.label,
                "levels": self.levels.levels,
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
        fitted = _fresh(train.spec, config, PixelLevels.of(np.asarray(train.samples.payload)), seed, device)
        return _trained(
            fitted,
            train,
            config.run_settings(fitted.image, kimg=config.kimg),
            seed=derive_seed(seed, "joint"),
            monitor=Monitor(train, validation, seed) if validation is not None else None,
            progress=progress,
            checkpoint=checkpoint,
        )

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
        settings = config.run_settings(fitted.image, kimg=config.specialise_kimg)
        return _trained(
            fitted,
            train,
            # A quarter of the joint rate, with stronger augmentation: one class is little data.
            replace(
                settings,
                learning_rate=settings.learning_rate / 4,
                augment_probability=min(1.0, settings.augment_probability + 0.2),
            ),
            seed=derive_seed(seed, "specialise", label),
            monitor=None,
            progress=progress,
            checkpoint=checkpoint,
        )

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedConditional:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about = read_json(directory / "model.json")
        if about.get("method") != self.name:
            raise ModelError(
                "A saved model is of another method", where=directory, got=str(about.get("method")), expected=self.name
            )
        levels = PixelLevels(None if about["levels"] is None else tuple(about["levels"]))
        fitted = _fresh(spec, ConditionalConfig.model_validate(about["config"]), levels, 0, device)
        load_module(directory / "generator.safetensors", fitted.generator)
        load_module(directory / "discriminator.safetensors", fitted.discriminator)
        fitted.label, fitted.stats, fitted.summary = about["label"], about["stats"], about["summary"]
        return fitted


def _fresh(
    spec: DatasetSpec, config: ConditionalConfig, levels: PixelLevels, seed: int, device: str
) -> FittedConditional:
    assert spec.image is not None
    architecture, width = config.chosen_architecture(spec.image), config.chosen_width(spec.image)
    classes = len(spec.classes)
    # Initial weights come from a generator of our own: torch's global one is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "initial weights"))
        generator = build_generator(
            spec.image,
            classes=classes,
            architecture=architecture,
            width=width,
            latent=config.latent,
            embedding=config.embedding,
        )
        discriminator = build_discriminator(spec.image, classes=classes, architecture=architecture, width=width)
    return FittedConditional(spec, config, generator.to(device), discriminator.to(device), levels, device)


def _trained(
    fitted: FittedConditional,
    train: TrainView,
    settings: RunSettings,
    *,
    seed: int,
    monitor: Monitor | None,
    progress: Progress,
    checkpoint: Path | None,
) -> FittedConditional:
    run = AdversarialRun(
        copy.deepcopy(fitted.generator),
        fitted.discriminator,
        train,
        settings,
        seed=seed,
        device=fitted.device,
        monitor=monitor,
        progress=progress,
    )
    # A small MLP on one thread, whatever the machine; convolutions on as many as the process was given.
    with limited_threads(1) if choose_architecture(fitted.image) == "mlp" else contextlib.nullcontext():
        run.train(checkpoint)
    fitted.generator = run.best
    fitted.generator.requires_grad_(True)
    fitted.discriminator.requires_grad_(True)
    fitted.stats, fitted.summary = run.loop.history, run.summary
    return fitted


def _freeze_early_layers(body: nn.Module) -> None:
    layers = [layer for layer in body.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    for layer in layers[: len(layers) // 2]:
        layer.requires_grad_(False)
