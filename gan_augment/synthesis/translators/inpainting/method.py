"""`inpainting`: a part of a real image is painted again by a network that learnt from train images with random holes.

What the hole is for says `settings.use`: what a mask marks is removed and the label stays, or becomes another one; a
random part is painted again; or the seam around another row's object is. `kit/holes.py` decides it, for the rivals too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.quantities import Batch, Checks, Kimg, Rate, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, read_samples, write_samples
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.translation_networks import UNet, usual_levels
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.health.alarms import MIN_ROWS
from gan_augment.synthesis.kit.blocks import blocks_of
from gan_augment.synthesis.kit.checks import JointOnly, check_images
from gan_augment.synthesis.kit.comparison import surely_worse
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.holes import HoleConfig, Holes
from gan_augment.synthesis.kit.masks import Marks, read_marks
from gan_augment.synthesis.kit.two_stages import TwoStages
from gan_augment.synthesis.translators.inpainting.painting import (
    Critics,
    Held,
    PaintingRun,
    chunk_of,
    filled_in,
    paint,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["FittedInpainting", "Inpainting", "InpaintingConfig"]

Images = npt.NDArray[np.uint8]

SMALLEST = 8  # px a side


class InpaintingConfig(HoleConfig):
    """Settings of what is painted again, and of the network."""

    first_kimg: Kimg = Field(default=60, gt=0, description="length of the first stage, in thousands of images seen")
    adversarial_kimg: Kimg = Field(default=15, ge=0, description="length of the second stage; 0: there is none")
    adversarial_weight: Weight = Field(default=0.05, ge=0, description="of the critics beside L1 and L2")
    gamma: Weight = Field(default=0.1, ge=0, description="weight of the critics' R1 and R2 penalties")
    batch_size: Batch = Field(default=16, ge=2)
    width: Units = Field(default=32, ge=4, description="channels of the painter at full resolution")
    critic_width: Units = Field(default=16, ge=4, description="channels of both critics at full resolution")
    learning_rate: Rate = Field(default=1e-3, gt=0)
    crop: Units = Field(default=64, ge=16, description="training sees windows of at most so many pixels a side")
    checks: Checks = Field(default=10, ge=1, description="how often the first stage's snapshot is judged on validation")

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where there is no mask for this use, no such label, or where images are too small."""
        super().check(spec)
        side = min(spec.images.height, spec.images.width)
        if side < SMALLEST:
            raise MethodError(
                "The images are too small to be painted by a network",
                where="synthesis.method in params.yaml",
                got=f"{spec.images.height} x {spec.images.width} px",
                expected=f"at least {SMALLEST} px a side",
                remedy="set larger images in prepare, or synthesis.method: telea",
            )

    def run_settings(self) -> TwoStages:
        """Lengths in images, the first stage in whole steps and whole checks."""
        return TwoStages.of(self, self.first_kimg)


@dataclass
class FittedInpainting:
    """The trained painter with the train rows, and the holes that can be made in them."""

    spec: DatasetSpec
    config: InpaintingConfig
    painter: UNet
    rows: Samples
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.holes = Holes(self.spec, self.rows, self.config, Inpainting.name)
        self.levels = PixelLevels.of(np.asarray(self.rows.payload))

    def paint(self, images: Images, holes: Marks) -> Images:
        """Images uint8 [n, h, w, c] with what is in the holes, bool [n, h, w], painted again. Raises MethodError."""
        channels = self.spec.images.channels
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != channels:
            raise MethodError(
                "These images cannot be painted",
                got=f"{images.dtype} of shape {images.shape}",
                expected=f"uint8 of shape [n, h, w, {channels}]",
            )
        if holes.dtype != np.bool_ or holes.shape != images.shape[:3]:
            raise MethodError(
                "These holes do not belong to the images",
                got=f"{holes.dtype} of shape {holes.shape}",
                expected=f"bool of shape {images.shape[:3]}",
            )
        if not len(images):
            return images
        painted = self.levels.snap(paint(self.painter, filled_in(images, holes), holes, self.device))
        return np.where(holes[..., None], painted, images)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with their parents, the n-th from (seed, index, n) alone. Raises MethodError."""
        self.holes.check(request.index)
        size = chunk_of(*self.holes.images.shape[1:3])
        for block, wanted in blocks_of(request, size):
            first = block * size
            holes = [self.holes.draw(request.index, request.seed, number) for number in range(first, first + size)]
            painted = self.paint(np.stack([one.image for one in holes]), np.stack([one.hole for one in holes]))
            yield self.holes.synthetic(painted[wanted], holes[wanted])

    def save(self, directory: Path) -> None:
        """model.json, painter.safetensors, and the train rows as a samples folder: sampling needs no other file."""
        config, beside = self.config.model_dump(mode="json"), sorted(self.rows.companions)
        write_about(
            directory, Inpainting.name, config=config, companions=beside, summary=self.summary, stats=self.stats
        )
        save_module(directory / "painter.safetensors", self.painter)
        (directory / "rows").mkdir()
        write_samples(directory / "rows", self.rows)


class Inpainting(JointOnly):
    """Paints a part of a real image again: what a mask marks, or a random part."""

    name: ClassVar[str] = "inpainting"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        uses=frozenset({"mask"}),
        emits=frozenset({"mask"}),
        rivals=("telea", "erase"),
    )
    Config: ClassVar[type[MethodConfig]] = InpaintingConfig

    def fit(self, data: TrainingData, config: InpaintingConfig, run: Run) -> FittedInpainting:
        """One painter over all classes. Snapshots are judged on validation rows, without any on the train rows.

        A class without any row to start from, and one whose held-out images it surely paints worse than Telea's rule,
        is named in `summary["refused_classes"]`.
        """
        train, judged = data.train, data.judged
        image = check_images(train, self.name)
        holes = Holes(train.spec, train.samples, config, self.name)  # refuses what cannot be used, before any training
        painter, critics = _networks(image, config, run.seed)
        training = PaintingRun(
            painter.to(run.device),
            critics.to(run.device),
            np.asarray(train.samples.payload),
            holes.marks,
            Held(np.asarray(judged.samples.payload), _marks(judged, config)),
            config.run_settings(),
            run.derive(self.name),
        )
        training.train()
        refused = _badly_painted(training, judged.labels[training.held.chosen], np.unique(train.labels))
        summary = training.summary | {
            "judged_on": "train" if judged is train else "validation",
            "refused_classes": refused | holes.refused,
        }
        return FittedInpainting(
            train.spec, config, training.served, train.samples, run.device, training.loop.history, summary
        )

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedInpainting:
        """Read a saved model. Raises ModelError."""
        about = read_about(directory, self.name)
        try:
            config = InpaintingConfig.model_validate(about["config"])
            rows = read_samples(directory / "rows", companions=about["companions"])
        except (ValidationError, KeyError, MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        painter, _ = _networks(spec.images, config, 0)
        load_module(directory / "painter.safetensors", painter)
        painter.to(device).eval().requires_grad_(False)
        return FittedInpainting(spec, config, painter, rows, device, about["stats"], about["summary"])


def _marks(view: TrainView | ValidationView, config: InpaintingConfig) -> Marks | None:
    """What the masks of held-out rows mark; None where that may be painted like all else."""
    if config.use == "refill" or "mask" not in view.samples.companions:
        return None
    if not np.asarray(view.samples.companions["mask"]).any():
        return None
    return read_marks(view.samples, config.mask_values, config.mask_threshold, Inpainting.name)


def _networks(image: ImageSpec, config: InpaintingConfig, seed: int) -> tuple[UNet, Critics]:
    levels = usual_levels(image.height, image.width)
    sides = min(image.height, config.crop), min(image.width, config.crop)
    with own_weights(seed):
        painter = UNet(image.channels + 1, image.channels, width=config.width, levels=levels, residual=True)
        return painter, Critics(image.channels, sides, width=config.critic_width)


def _badly_painted(
    training: PaintingRun, labels: npt.NDArray[np.int64], classes: npt.NDArray[np.int64]
) -> dict[str, str]:
    """Class index -> why it is not synthesised; a class of few held-out images goes by those of all classes."""
    if training.problem:
        return {str(index): training.problem for index in classes}
    ours, theirs = training.held.errors(training.served, training.run.device)[1], training.held.telea[1]
    refused = {}
    for index in classes:
        mine = labels == index if (labels == index).sum() >= MIN_ROWS else np.ones(len(labels), dtype=bool)
        if surely_worse(ours[mine] - theirs[mine]):
            refused[str(index)] = (
                f"held-out images are painted worse than by Telea's rule (L2 {ours[mine].mean():.2f} % against "
                f"{theirs[mine].mean():.2f} %): synthesis.method: telea needs no training"
            )
    return refused
