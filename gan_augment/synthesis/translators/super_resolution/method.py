"""`super_resolution`: a real image of the class is reduced, and a network that learnt to enlarge draws it again.

The synthetic image is a variation of its parent and carries the parent's label. What varies is what a reduction by
`factor` destroys, and how it was reduced: sub-pixel shift, width and shape of the kernel. The same network enlarges
low-resolution images for real: `FittedSuperResolution.restore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, ValidationError

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.quantities import Batch, Checks, Kimg, Rate, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.image import PixelLevels, encode_images
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.resampling import Kernel
from gan_augment.nn.super_resolution_networks import PatchDiscriminator, Restorer
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.health.alarms import MIN_ROWS
from gan_augment.synthesis.kit.blocks import blocks_of
from gan_augment.synthesis.kit.checks import JointOnly, check_images, check_index
from gan_augment.synthesis.kit.comparison import surely_no_better
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.turns import in_turn
from gan_augment.synthesis.translators.super_resolution.restoration import (
    CHUNK,
    Degradation,
    Held,
    RestorationRun,
    RestorationSettings,
    Variation,
    enlarge,
    padded,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["FittedSuperResolution", "SuperResolution", "SuperResolutionConfig", "prepare_run"]

Images = npt.NDArray[np.uint8]

FEWEST = MIN_ROWS  # held-out images of a class that say how it is restored
SMALLEST = 4  # px: the least side of a reduced image; below it nothing of the picture is left


class SuperResolutionConfig(MethodConfig):
    """Settings of the super-resolution network and of the reductions that it undoes."""

    factor: Literal[2, 4] = Field(default=2, description="by how much an image is reduced and enlarged again")
    l1_kimg: Kimg = Field(default=20, gt=0, description="length of the first stage, in thousands of images seen")
    adversarial_kimg: Kimg = Field(default=8, ge=0, description="length of the second stage; 0: there is none")
    adversarial_weight: Weight = Field(default=0.1, ge=0, description="of the adversarial term beside L1")
    gamma: Weight = Field(default=0.01, ge=0, description="weight of the discriminator's R1 and R2 penalties")
    batch_size: Batch = Field(default=8, ge=2)
    width: Units = Field(default=32, ge=4, description="channels of the restorer")
    blocks: int = Field(default=4, ge=1, le=1000, description="residual blocks of the restorer")
    discriminator_width: Units = Field(default=16, ge=4)
    learning_rate: Rate = Field(default=2e-3, gt=0)
    crop: Units = Field(default=64, ge=16, description="training sees windows of at most so many pixels a side")
    kernels: tuple[Kernel, ...] = Field(default=("bicubic", "triangle", "lanczos"), min_length=1)
    blur: float = Field(default=0.2, ge=0, le=1, description="the kernel is up to so much wider; 0.2: up to 20 %")
    shift: float = Field(default=1.0, ge=0, le=1, description="samples move by up to so many pixels, also fractions")
    checks: Checks = Field(default=10, ge=1, description="how often the first stage's snapshot is judged on validation")
    patience: Checks = Field(default=4, ge=1, description="checks without a better PSNR after which the stage ends")

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where the images are too small for the factor."""
        image = spec.images
        side = min(image.height, image.width)
        if -(-side // self.factor) < SMALLEST:
            raise MethodError(
                f"The images are too small to be reduced by {self.factor}",
                where="synthesis.settings.factor in params.yaml",
                got=f"{image.height} x {image.width} px, of which {-(-side // self.factor)} px would be left",
                expected=f"at least {SMALLEST} px left, so images of {(SMALLEST - 1) * self.factor + 1} px or more",
                remedy="set synthesis.settings.factor to 2, or larger images in prepare, or choose another method",
            )

    def run_settings(self) -> RestorationSettings:
        """Lengths in images, the first stage in whole steps and whole checks."""
        return RestorationSettings.of(self, self.l1_kimg, blur=self.blur, patience=self.patience)


@dataclass
class FittedSuperResolution:
    """The trained network with the train rows that samples start from."""

    spec: DatasetSpec
    config: SuperResolutionConfig
    restorer: Restorer
    rows: Samples
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.labels = self.rows.label_indices(self.spec)
        self.pixels: Images = np.asarray(self.rows.payload)
        self.levels = PixelLevels.of(self.pixels)

    def restore(self, images: Images) -> Images:
        """Low-resolution images, uint8 [n, h, w, c], enlarged by the factor: uint8 [n, h * factor, w * factor, c].

        Any size from 4 px a side up; the same number of channels as the train images. Raises MethodError.
        """
        channels = self.pixels.shape[3]
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != channels or min(images.shape[1:3]) < 4:
            raise MethodError(
                "These images cannot be enlarged",
                got=f"{images.dtype} of shape {images.shape}",
                expected=f"uint8 of shape [n, h, w, {channels}], h and w at least {SMALLEST}",
            )
        if not len(images):
            return np.zeros((0, *(self.config.factor * side for side in images.shape[1:3]), channels), np.uint8)
        return enlarge(self.restorer, torch.from_numpy(encode_images(images)).to(self.device))

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Variations of real rows of the class, as many of each row as can be; `parents` names the row.

        Raises MethodError.
        """
        check_index(request.index, np.unique(self.labels), self.spec, SuperResolution.name)
        own = np.flatnonzero(self.labels == request.index)
        for block, wanted in blocks_of(request, CHUNK):
            first = block * CHUNK
            chosen = own[in_turn(len(own), first, CHUNK, request.seed, request.index, "rows")]
            images = self._varied(chosen, numpy_generator(request.seed, request.index, "variation", block))
            ids = self.rows.manifest["id"].iloc[chosen[wanted]]
            yield Synthetic(images[wanted], tuple(str(one) for one in ids))

    def _varied(self, chosen: npt.NDArray[np.int64], generator: np.random.Generator) -> Images:
        """The rows `chosen` [CHUNK], each reduced in its own way and restored."""
        config, (height, width) = self.config, self.pixels.shape[1:3]
        shifts = generator.uniform(-config.shift, config.shift, (2, CHUNK)).astype(np.float32)
        variation = Variation(
            down=torch.from_numpy(shifts[0]),
            right=torch.from_numpy(shifts[1]),
            width=torch.from_numpy((1 + config.blur * generator.random(CHUNK)).astype(np.float32)),
            kernel=torch.from_numpy(generator.integers(len(config.kernels), size=CHUNK)),
        )
        images = torch.from_numpy(encode_images(padded(self.pixels[chosen], config.factor)))
        low = _degradation(config).varied(images, variation)
        return self.levels.snap(enlarge(self.restorer, low.to(self.device))[:, :height, :width])

    def save(self, directory: Path) -> None:
        """model.json, restorer.safetensors, and the train rows as a samples folder: sampling needs no other file."""
        config = self.config.model_dump(mode="json")
        write_about(directory, SuperResolution.name, config=config, summary=self.summary, stats=self.stats)
        save_module(directory / "restorer.safetensors", self.restorer)
        (directory / "rows").mkdir()
        write_samples(directory / "rows", self.rows)


class SuperResolution(JointOnly):
    """Reduces a real image by a blur of its own and restores it: another image of the same class."""

    name: ClassVar[str] = "super_resolution"
    traits: ClassVar[Traits] = Traits(makes=frozenset({"image"}), label_from="source", rivals=("bicubic",))
    Config: ClassVar[type[MethodConfig]] = SuperResolutionConfig

    def fit(self, data: TrainingData, config: SuperResolutionConfig, run: Run) -> FittedSuperResolution:
        """One network over all classes. Snapshots are judged on validation rows, without any on the train rows.

        A class whose held-out images it surely restores no better than bicubic enlargement is named in
        `summary["refused_classes"]`.
        """
        train, training = data.train, prepare_run(data, config, run)
        training.train()
        judged = data.judged
        summary = training.summary | {
            "psnr_on": "train" if judged is train else "validation",
            "refused_classes": _refused(training, judged.labels[training.held.chosen], np.unique(train.labels)),
        }
        return FittedSuperResolution(
            train.spec, config, training.served, train.samples, run.device, training.loop.history, summary
        )

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedSuperResolution:
        """Read a saved model. Raises ModelError."""
        about = read_about(directory, self.name)
        try:
            config = SuperResolutionConfig.model_validate(about["config"])
            rows = read_samples(directory / "rows")
        except (ValidationError, KeyError, MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        restorer, _ = _networks(spec.images, config, 0)
        load_module(directory / "restorer.safetensors", restorer)
        restorer.to(device).eval().requires_grad_(False)
        return FittedSuperResolution(spec, config, restorer, rows, device, about["stats"], about["summary"])


def prepare_run(data: TrainingData, config: SuperResolutionConfig, run: Run) -> RestorationRun:
    """The networks on their data, not yet trained. Raises MethodError."""
    train = data.train
    images = check_images(train, SuperResolution.name)
    config.check(train.spec)
    degradation = _degradation(config)
    restorer, discriminator = _networks(images, config, run.seed)
    return RestorationRun(
        restorer.to(run.device),
        discriminator.to(run.device),
        np.asarray(train.samples.payload),
        Held(np.asarray(data.judged.samples.payload), degradation, run.device),
        degradation,
        config.run_settings(),
        run.derive("super_resolution"),
    )


def _degradation(config: SuperResolutionConfig) -> Degradation:
    return Degradation(config.factor, config.kernels)


def _networks(image: ImageSpec, config: SuperResolutionConfig, seed: int) -> tuple[Restorer, PatchDiscriminator]:
    with own_weights(seed):
        restorer = Restorer(image.channels, factor=config.factor, width=config.width, blocks=config.blocks)
        return restorer, PatchDiscriminator(image.channels, width=config.discriminator_width)


def _refused(training: RestorationRun, labels: npt.NDArray[np.int64], classes: npt.NDArray[np.int64]) -> dict[str, str]:
    """Class index -> why it is not synthesised; a class of few held-out images goes by those of all classes."""
    if training.problem:
        return {str(index): training.problem for index in classes}
    ours, bicubic = training.held.figures(training.served)[0], training.held.bicubic
    refused = {}
    for index in classes:
        mine = labels == index if (labels == index).sum() >= FEWEST else np.ones(len(labels), dtype=bool)
        if surely_no_better(ours[mine] - bicubic[mine]):
            refused[str(index)] = (
                f"held-out images are restored no better than by bicubic enlargement: "
                f"{ours[mine].mean():.2f} dB against {bicubic[mine].mean():.2f} dB"
            )
    return refused
