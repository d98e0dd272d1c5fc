"""`conditional`: one GAN over all classes, told the class it should draw; then, per class, a specialised copy.

Objective: relativistic pairing with R1 and R2 penalties (R3GAN, Huang et al. 2024, arXiv 2501.05441, eq. 2-4); a
projection discriminator (Miyato & Koyama 2018); class-balanced batches, so that a rare class is practised as often as a
common one; DiffAugment in front of the discriminator (Zhao et al. 2020). Specialisation freezes the early layers of
the generator and of the discriminator (FreezeD, Mo et al. 2020, arXiv 2002.10964).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import nn

from gan_augment.core.quantities import Kimg, Units
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import TrainView
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.image_networks import Discriminator, Generator
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.health.usual_noise import UsualNoise
from gan_augment.synthesis.kit.adversarial import AdversarialRun, RunSettings
from gan_augment.synthesis.kit.checks import check_index, check_train
from gan_augment.synthesis.kit.image_gan import (
    SAMPLING_BLOCK,
    ImageGanConfig,
    build_networks,
    draw_images,
    image_of,
    load_networks,
    read_model,
    sample_image_blocks,
    save_networks,
    train_run,
    write_model,
)
from gan_augment.training.replicas import Replicas

__all__ = ["Conditional", "ConditionalConfig", "FittedConditional"]


class ConditionalConfig(ImageGanConfig):
    """Settings of the conditional GAN. `None` means: chosen from the image size, see `run_settings`."""

    kimg: Kimg | None = Field(
        default=None, gt=0, description="length of the joint training, in thousands of images seen; null: 200 to 400"
    )
    specialise_kimg: Kimg = Field(default=20, ge=0, description="length of a class's own training after it")
    embedding: Units = Field(default=32, ge=1)
    ramp: bool = Field(default=False, description="start unconditionally where a class has under 50 train rows")

    def joint_kimg(self, image: ImageSpec) -> float:
        """`kimg`, or what is usual for the image size."""
        return self.usual_kimg(image) if self.kimg is None else self.kimg


@dataclass
class FittedConditional:
    """Trained networks. `generator` is the EMA; `index`: the class it is specialised on, None: joint."""

    spec: DatasetSpec
    config: ConditionalConfig
    generator: Generator
    discriminator: Discriminator
    levels: PixelLevels
    device: str = "cpu"
    index: int | None = None
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def image(self) -> ImageSpec:
        """The size of what it draws."""
        return image_of(self.spec)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Batches of at most `SAMPLING_BLOCK` images; see `SampleRequest` for what each one depends on."""
        known = np.arange(len(self.spec.classes)) if self.index is None else np.array([self.index])
        check_index(request.index, known, self.spec, Conditional.name)

        def block(rng: torch.Generator) -> np.ndarray[Any, np.dtype[np.uint8]]:
            noise = torch.randn(SAMPLING_BLOCK, self.generator.latent, generator=rng)
            return draw_images(self.generator, noise, request.index, self.levels, self.device)

        return sample_image_blocks(request, block)

    def save(self, directory: Path) -> None:
        """generator.safetensors, discriminator.safetensors and model.json."""
        save_networks(directory, self.generator, self.discriminator)
        write_model(directory, Conditional.name, self.config, self.levels, self, label=self.index)


class Conditional:
    """The conditional image GAN: one for all classes, then one of its own for each class that gains by it."""

    name: ClassVar[str] = "conditional"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}), label_from="condition", specialises=True, data_parallel=True
    )
    Config: ClassVar[type[MethodConfig]] = ConditionalConfig

    def fit(self, data: TrainingData, config: ConditionalConfig, run: Run) -> FittedConditional:
        """One GAN over all classes; the snapshot that is kept is chosen on validation rows where there are enough."""
        train = data.train
        check_train(train, self.name)
        fitted = _fresh(train.spec, config, PixelLevels.of(np.asarray(train.samples.payload)), run)
        kimg = config.joint_kimg(fitted.image)
        settings = config.run_settings(fitted.image, kimg=kimg, device=run.device, ramp=config.ramp)
        return _trained(fitted, train, settings, run.derive("joint"), Monitor.where_enough(data, run.seed))

    def specialise(
        self, joint: FittedConditional, train: TrainView, config: ConditionalConfig, index: int, run: Run
    ) -> FittedConditional:
        """A copy of the joint model, trained on for `specialise_kimg` on one class with its early layers frozen."""
        fitted = copy.deepcopy(joint)
        fitted.index, fitted.device = index, run.device
        fitted.generator.to(run.device)
        fitted.discriminator.to(run.device)
        _freeze_early_layers(fitted.generator.body)
        _freeze_early_layers(fitted.discriminator.body)
        settings = config.run_settings(fitted.image, kimg=config.specialise_kimg, device=run.device)
        # A quarter of the joint rate, with stronger augmentation: one class is little data.
        settings = replace(
            settings,
            learning_rate=settings.learning_rate / 4,
            augment_probability=min(1.0, settings.augment_probability + 0.2),
        )
        return _trained(fitted, train, settings, run.derive("specialise", index), None)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedConditional:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about, own, levels = read_model(directory, self.name, ConditionalConfig)
        fitted = _fresh(spec, own, levels, Run(0, device))
        load_networks(directory, fitted.generator, fitted.discriminator)
        fitted.index, fitted.stats, fitted.summary = about["label"], about["stats"], about["summary"]
        return fitted


def _fresh(spec: DatasetSpec, config: ConditionalConfig, levels: PixelLevels, run: Run) -> FittedConditional:
    generator, discriminator = build_networks(
        image_of(spec),
        config,
        classes=len(spec.classes),
        latent=config.latent,
        embedding=config.embedding,
        seed=run.seed,
    )
    networks = generator.to(run.device), discriminator.to(run.device)
    return FittedConditional(spec, config, *networks, levels, run.device)


def _trained(
    fitted: FittedConditional,
    train: TrainView,
    settings: RunSettings,
    run: Run,
    monitor: Monitor | None,
) -> FittedConditional:
    training = AdversarialRun(
        copy.deepcopy(fitted.generator),
        fitted.discriminator,
        train,
        settings,
        run,
        monitor=monitor,
        replicas=Replicas.current(),
        shown=UsualNoise(fitted.levels, run.seed),
    )
    train_run(training, fitted.config.chosen_architecture(fitted.image))
    fitted.generator = training.best
    fitted.stats, fitted.summary = training.loop.history, training.summary
    return fitted


def _freeze_early_layers(body: nn.Module) -> None:
    layers = [layer for layer in body.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    for layer in layers[: len(layers) // 2]:
        layer.requires_grad_(False)
