"""`vanilla`: one GAN a class, each of which has seen nothing but that class (Goodfellow et al. 2014, arXiv 1406.2661).

The game is the paper's, one network against another with nothing to condition on; networks and regularisers are those
of `conditional`: relativistic pairing (or the paper's non-saturating loss) with R1 and R2, DiffAugment, a moving
average of the weights. The label of a sample is that of the class whose network drew it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from gan_augment.core.quantities import Kimg
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.image_networks import Generator
from gan_augment.nn.objectives import Objective
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, TickReport, Traits
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.kit.adversarial import AdversarialRun
from gan_augment.synthesis.kit.checks import JointOnly, check_label, check_train
from gan_augment.synthesis.kit.image_gan import (
    SAMPLING_BLOCK,
    ImageGanConfig,
    build_networks,
    draw_images,
    enough_to_judge,
    image_of,
    read_model,
    sample_image_blocks,
    train_run,
    write_model,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["FittedVanilla", "Vanilla", "VanillaConfig"]


class VanillaConfig(ImageGanConfig):
    """Settings of the GAN of one class."""

    kimg: Kimg = Field(default=60, gt=0, description="length of each class's training, in thousands of images seen")
    objective: Objective = Field(default="relativistic", description="which loss; non_saturating: the paper's own")


@dataclass
class FittedVanilla:
    """The trained generators (EMA), by class index."""

    spec: DatasetSpec
    config: VanillaConfig
    generators: dict[int, Generator]
    levels: PixelLevels
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Batches of at most `SAMPLING_BLOCK` images. Raises MethodError for a class it has not learnt."""
        check_label(request.label, np.array(sorted(self.generators)), self.spec, Vanilla.name)
        generator = self.generators[request.label]

        def block(rng: torch.Generator) -> npt.NDArray[np.uint8]:
            noise = torch.randn(SAMPLING_BLOCK, generator.latent, generator=rng)
            return draw_images(generator, noise, 0, self.levels, self.device)

        return sample_image_blocks(request, block)

    def save(self, directory: Path) -> None:
        """generator-<class index>.safetensors, and model.json. A discriminator is of no use any more."""
        for label, generator in self.generators.items():
            save_module(directory / f"generator-{label}.safetensors", generator)
        write_model(directory, Vanilla.name, self.config, self.levels, self, classes=sorted(self.generators))


class Vanilla(JointOnly):
    """One unconditional image GAN a class."""

    name: ClassVar[str] = "vanilla"
    traits: ClassVar[Traits] = Traits(modality=frozenset({"image"}), label_from="per_class_model")
    Config: ClassVar[type[MethodConfig]] = VanillaConfig

    def fit(
        self,
        train: TrainView,
        config: VanillaConfig,
        *,
        seed: int,
        device: str = "cpu",
        validation: ValidationView | None = None,
        progress: Progress = lambda _: None,
        checkpoint: Path | None = None,
    ) -> FittedVanilla:
        """One network for each class in `train`. Its snapshot is chosen on the class's own validation rows.

        With fewer than `alarms.MIN_ROWS` of those nothing is chosen: the class is served by the end of its training.
        """
        check_train(train, self.name)
        classes = [int(c) for c in np.unique(train.labels)]
        fitted = FittedVanilla(
            train.spec,
            config,
            {},
            PixelLevels.of(np.asarray(train.samples.payload)),
            device,
            [],
            {"classes": {}, "refused_classes": {}},
        )
        places = [_own_checkpoint(checkpoint, label, len(classes)) for label in classes]
        for number, (label, place) in enumerate(zip(classes, places, strict=True)):
            run = _train_class(
                train.of_class(label),
                config,
                seed=derive_seed(seed, "class", label),
                device=device,
                validation=None if validation is None else validation.of_class(label),
                progress=_part_of(progress, number, len(classes)),
                checkpoint=place,
            )
            _take(fitted, label, run)
        for place in places:
            if place is not None and place != checkpoint:
                place.unlink(missing_ok=True)
        return fitted

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedVanilla:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about, config, levels = read_model(directory, self.name, VanillaConfig)
        fitted = FittedVanilla(spec, config, {}, levels, device, about["stats"], about["summary"])
        for label in about["classes"]:
            generator, _ = _networks(spec, config, 0)
            load_module(directory / f"generator-{label}.safetensors", generator)
            fitted.generators[label] = generator.to(device)
        return fitted


def _networks(spec: DatasetSpec, config: VanillaConfig, seed: int) -> tuple[Generator, torch.nn.Module]:
    # A conditional network of one class is an unconditional one: its embedding is a constant.
    return build_networks(image_of(spec), config, classes=1, latent=config.latent, embedding=1, seed=seed)


def _train_class(
    train: TrainView,
    config: VanillaConfig,
    *,
    seed: int,
    device: str,
    validation: ValidationView | None,
    progress: Progress,
    checkpoint: Path | None,
) -> AdversarialRun:
    image = image_of(train.spec)
    generator, discriminator = _networks(train.spec, config, seed)
    monitor = None
    if validation is not None and enough_to_judge(validation):
        monitor = Monitor(train, validation, seed, conditional=False)
    run = AdversarialRun(
        generator.to(device),
        discriminator.to(device),
        train,
        config.run_settings(image, kimg=config.kimg, device=device, objective=config.objective),
        seed=seed,
        device=device,
        monitor=monitor,
        progress=progress,
        conditional=False,
    )
    return train_run(run, config.chosen_architecture(image), checkpoint)


def _take(fitted: FittedVanilla, label: int, run: AdversarialRun) -> None:
    """The class's network and figures into the model; the run called its one class 0."""
    fitted.generators[label] = run.best
    fitted.stats += [{"class": label, **row} for row in run.loop.history]
    about = run.summary
    refused = about.pop("refused_classes")
    fitted.summary["classes"][str(label)] = {**about, "judged": run.monitor is not None}
    fitted.summary["refused_classes"].update({str(label): problem for problem in refused.values()})


def _own_checkpoint(checkpoint: Path | None, label: int, classes: int) -> Path | None:
    """The caller's file for a single class; with several, each class has one of its own beside it."""
    if checkpoint is None or classes == 1:
        return checkpoint
    return checkpoint.with_name(f"{checkpoint.stem}-{label}{checkpoint.suffix}")


def _part_of(progress: Progress, number: int, parts: int) -> Progress:
    """The ticks of one class's training as those of the whole one, the row's length included."""

    def report(tick: TickReport) -> None:
        before = number * tick.total
        row = None if tick.row is None else tick.row | {"kimg": before + tick.row["kimg"]}
        progress(replace(tick, done=before + tick.done, total=parts * tick.total, row=row))

    return report
