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
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.image_networks import Generator
from gan_augment.nn.objectives import Objective
from gan_augment.synthesis.api import (
    MethodConfig,
    Progress,
    Run,
    SampleRequest,
    Synthetic,
    TickReport,
    TrainingData,
    Traits,
)
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.kit.adversarial import AdversarialRun
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_train
from gan_augment.synthesis.kit.image_gan import (
    SAMPLING_BLOCK,
    ImageGanConfig,
    build_networks,
    draw_images,
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
        check_index(request.index, np.array(sorted(self.generators)), self.spec, Vanilla.name)
        generator = self.generators[request.index]

        def block(rng: torch.Generator) -> npt.NDArray[np.uint8]:
            noise = torch.randn(SAMPLING_BLOCK, generator.latent, generator=rng)
            return draw_images(generator, noise, 0, self.levels, self.device)

        return sample_image_blocks(request, block)

    def save(self, directory: Path) -> None:
        """generator-<class index>.safetensors, and model.json. A discriminator is of no use any more."""
        for index, generator in self.generators.items():
            save_module(directory / f"generator-{index}.safetensors", generator)
        write_model(directory, Vanilla.name, self.config, self.levels, self, classes=sorted(self.generators))


class Vanilla(JointOnly):
    """One unconditional image GAN a class."""

    name: ClassVar[str] = "vanilla"
    traits: ClassVar[Traits] = Traits(makes=frozenset({"image"}), label_from="condition", fitted="per class")
    Config: ClassVar[type[MethodConfig]] = VanillaConfig

    def fit(self, data: TrainingData, config: VanillaConfig, run: Run) -> FittedVanilla:
        """One network for each class with train rows. Its snapshot is chosen on the class's own validation rows.

        With fewer than `alarms.MIN_ROWS` of those nothing is chosen: the class is served by the end of its training.
        """
        train = data.train
        check_train(train, self.name)
        classes = [int(c) for c in np.unique(train.labels)]
        fitted = FittedVanilla(
            train.spec,
            config,
            {},
            PixelLevels.of(np.asarray(train.samples.payload)),
            run.device,
            [],
            {"classes": {}, "refused_classes": {}},
        )
        runs = [_part_of(run, index, number, len(classes)) for number, index in enumerate(classes)]
        for index, own in zip(classes, runs, strict=True):
            _take(fitted, index, _train_class(data.of_class(index), config, own))
        for own in runs:
            if own.checkpoint is not None and own.checkpoint != run.checkpoint:
                own.checkpoint.unlink(missing_ok=True)
        return fitted

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedVanilla:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about, config, levels = read_model(directory, self.name, VanillaConfig)
        fitted = FittedVanilla(spec, config, {}, levels, device, about["stats"], about["summary"])
        for index in about["classes"]:
            generator, _ = _networks(spec, config, 0)
            load_module(directory / f"generator-{index}.safetensors", generator)
            fitted.generators[index] = generator.to(device)
        return fitted


def _networks(spec: DatasetSpec, config: VanillaConfig, seed: int) -> tuple[Generator, torch.nn.Module]:
    # A conditional network of one class is an unconditional one: its embedding is a constant.
    return build_networks(image_of(spec), config, classes=1, latent=config.latent, embedding=1, seed=seed)


def _train_class(data: TrainingData, config: VanillaConfig, run: Run) -> AdversarialRun:
    image = image_of(data.train.spec)
    generator, discriminator = _networks(data.train.spec, config, run.seed)
    training = AdversarialRun(
        generator.to(run.device),
        discriminator.to(run.device),
        data.train,
        config.run_settings(image, kimg=config.kimg, device=run.device, objective=config.objective),
        run,
        monitor=Monitor.where_enough(data, run.seed, conditional=False),
        conditional=False,
    )
    return train_run(training, config.chosen_architecture(image))


def _take(fitted: FittedVanilla, index: int, training: AdversarialRun) -> None:
    """The class's network and figures into the model; its training called its one class 0."""
    fitted.generators[index] = training.best
    fitted.stats += [{"class": index, **row} for row in training.loop.history]
    about = training.summary
    refused = about.pop("refused_classes")
    fitted.summary["classes"][str(index)] = {**about, "judged": training.monitor is not None}
    fitted.summary["refused_classes"].update({str(index): problem for problem in refused.values()})


def _part_of(run: Run, index: int, number: int, parts: int) -> Run:
    """The run of class `index`, which is the one with this `number` of so many `parts`."""
    return replace(
        run.derive("class", index),
        progress=_share_of(run.progress, number, parts),
        checkpoint=_own_checkpoint(run.checkpoint, index, parts),
    )


def _own_checkpoint(checkpoint: Path | None, index: int, classes: int) -> Path | None:
    """The caller's file for a single class; with several, each class has one of its own beside it."""
    if checkpoint is None or classes == 1:
        return checkpoint
    return checkpoint.with_name(f"{checkpoint.stem}-{index}{checkpoint.suffix}")


def _share_of(progress: Progress, number: int, parts: int) -> Progress:
    """The ticks of one class's training as those of the whole one, the row's length included."""

    def report(tick: TickReport) -> None:
        before = number * tick.total
        row = None if tick.row is None else tick.row | {"kimg": before + tick.row["kimg"]}
        progress(replace(tick, done=before + tick.done, total=parts * tick.total, row=row))

    return report
