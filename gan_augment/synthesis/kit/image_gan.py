"""What the image GANs share: settings that depend on the image size, networks, sampling in fixed blocks, files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn

from gan_augment.compute.devices import limited_threads
from gan_augment.core.fields import bytes_per_row
from gan_augment.core.quantities import Batch, Checks, Rate, Steps, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
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
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.objectives import Objective
from gan_augment.synthesis.api import MethodConfig, SampleRequest, Synthetic
from gan_augment.synthesis.kit.adversarial import AdversarialRun, RunSettings
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.files import read_about, write_about
from gan_augment.training.checkpoint import load_module, save_module

__all__ = [
    "SAMPLING_BLOCK",
    "ImageGanConfig",
    "blocks_together",
    "build_networks",
    "draw_images",
    "image_of",
    "large",
    "load_networks",
    "read_model",
    "sample_image_blocks",
    "save_networks",
    "train_run",
    "write_model",
]

SAMPLING_BLOCK = BLOCK  # samples are always computed in these fixed blocks, so a batch's size never changes a pixel

BATCH_BYTES = 2 << 20  # of images that come with one table: as long as a table takes for a block of small ones

Config = TypeVar("Config", bound=MethodConfig)
Training = TypeVar("Training", bound=AdversarialRun)


class ImageGanConfig(MethodConfig):
    """Settings of every image GAN. `None` means: chosen from the image size, see `run_settings`."""

    batch_size: Batch = Field(default=64, ge=2)
    architecture: Literal["auto", "mlp", "conv", "residual"] = "auto"
    width: Units | None = Field(default=None, ge=8)
    latent: Units = Field(default=32, ge=1)
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto", description="of forward passes; auto: bfloat16 for residual networks on a GPU that has it"
    )
    learning_rate: Rate | None = Field(default=None, gt=0)
    gamma: Weight | None = Field(default=None, ge=0, description="weight of the R1 and R2 penalties at the start")
    gamma_end: Weight | None = Field(
        default=None, ge=0, description="weight of the penalties at the end; null: a tenth of `gamma`"
    )
    penalty_interval: Steps | None = Field(default=None, ge=1, description="every how many steps they are computed")
    augment: tuple[AugmentOperation, ...] | None = None
    augment_probability: Annotated[float, Field(ge=0, le=1)] | Literal["adaptive"] = Field(
        default="adaptive", description="of each operation before the discriminator; adaptive: held where ADA wants it"
    )
    checks: Checks = Field(default=10, ge=1, description="how often the snapshot is judged on validation")
    patience: Checks = Field(default=4, ge=1, description="checks without improvement after which a run may stop")

    def chosen_architecture(self, image: ImageSpec) -> Architecture:
        """`architecture`, with `auto` resolved by the image size."""
        return choose_architecture(image) if self.architecture == "auto" else self.architecture

    def chosen_width(self, image: ImageSpec) -> int:
        """`width`, or a default that keeps a step on two CPU cores under about 100 ms (residual: meant for a GPU)."""
        if self.width is not None:
            return self.width
        defaults = {"mlp": 512 if large(image) else 256, "conv": 16, "residual": 64}
        return defaults[self.chosen_architecture(image)]

    def usual_kimg(self, image: ImageSpec) -> float:
        """What was enough for a GAN of all classes: 200 for 8 x 8 digits, 300 for larger images by an MLP, else 400."""
        if self.chosen_architecture(image) == "mlp":
            return 300 if large(image) else 200
        return 400

    def run_settings(
        self,
        image: ImageSpec,
        *,
        kimg: float,
        device: str = "cpu",
        ramp: bool = False,
        objective: Objective = "relativistic",
    ) -> RunSettings:
        """The values that depend on the image size, filled in."""
        architecture = self.chosen_architecture(image)
        is_mlp = architecture == "mlp"
        # Measured on digits (mlp) and on photographs of 32 x 32 (conv), see docs/benchmarks.md; residual is not tried.
        chosen_gamma = {"mlp": 5.0 if large(image) else 1.0, "conv": 0.5, "residual": 1.0}[architecture]
        gamma = self.gamma if self.gamma is not None else chosen_gamma
        operations: tuple[AugmentOperation, ...] = ("translation",)
        if max(image.height, image.width) >= 16:
            operations += ("cutout",)
        if image.channels == 3:
            operations += ("colour",)
        return RunSettings(
            kimg=kimg,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate or 1e-3,
            gamma=gamma,
            gamma_end=gamma / 10 if self.gamma_end is None else self.gamma_end,
            penalty_interval=self.penalty_interval or (1 if is_mlp and not large(image) else 8),
            operations=operations if self.augment is None else self.augment,
            augment_probability=0.3 if self.augment_probability == "adaptive" else self.augment_probability,
            adaptive=self.augment_probability == "adaptive",
            checks=self.checks,
            patience=self.patience,
            ramp=ramp,
            objective=objective,
            bfloat16=self._bfloat16(image, device),
        )

    def _bfloat16(self, image: ImageSpec, device: str) -> bool:
        if self.precision == "auto":
            fit = self.chosen_architecture(image) == "residual" and device.startswith("cuda")
            return fit and torch.cuda.is_bf16_supported()
        return self.precision == "bfloat16"


def large(image: ImageSpec) -> bool:
    """More than about 14 x 14 grey: what was tuned on 8 x 8 digits is then too narrow and too weakly regularised."""
    return image.channels * image.height * image.width > 200


def image_of(spec: DatasetSpec) -> ImageSpec:
    """The image size of a data set that has one."""
    return spec.images


def build_networks(
    image: ImageSpec, config: ImageGanConfig, *, classes: int, latent: int, embedding: int, seed: int
) -> tuple[Generator, Discriminator]:
    """Untrained networks on the CPU; the same seed gives the same weights."""
    architecture, width = config.chosen_architecture(image), config.chosen_width(image)
    with own_weights(seed):
        return (
            build_generator(
                image, classes=classes, architecture=architecture, width=width, latent=latent, embedding=embedding
            ),
            build_discriminator(image, classes=classes, architecture=architecture, width=width),
        )


def train_run(training: Training, architecture: Architecture) -> Training:
    """Train, and give it back with networks that may be trained on.

    A small MLP uses one thread, whatever the machine; convolutions as many as the process was given.
    """
    with limited_threads(1) if architecture == "mlp" else contextlib.nullcontext():
        training.train()
    training.best.requires_grad_(True)
    training.discriminator.requires_grad_(True)
    return training


def sample_image_blocks(
    request: SampleRequest, make_block: Callable[[torch.Generator], npt.NDArray[np.uint8]]
) -> Iterator[Synthetic]:
    """The requested part of each block; `make_block(rng)` gives `SAMPLING_BLOCK` images, drawing from `rng` alone.

    Block b is seeded by (request.seed, request.index, b).
    """
    end = request.start + request.count
    for block in range(request.start // SAMPLING_BLOCK, -(-end // SAMPLING_BLOCK)):
        rng = torch.Generator().manual_seed(derive_seed(request.seed, request.index, block))
        first = block * SAMPLING_BLOCK
        yield Synthetic(make_block(rng)[max(request.start - first, 0) : end - first])


def blocks_together(request: SampleRequest, spec: DatasetSpec) -> Iterator[tuple[range, slice]]:
    """The numbers of a few blocks at a time, and which part of their joined rows is asked for.

    For methods whose samples have a table beside them: it takes as long to build for one block as for many.
    """
    end = request.start + request.count
    blocks = range(request.start // SAMPLING_BLOCK, -(-end // SAMPLING_BLOCK))
    together = max(1, BATCH_BYTES // (SAMPLING_BLOCK * bytes_per_row(spec.payload)))
    for first in blocks[::together]:
        start = first * SAMPLING_BLOCK
        yield range(first, min(first + together, blocks.stop)), slice(max(request.start - start, 0), end - start)


@torch.inference_mode()
def draw_images(
    generator: Generator, noise: Tensor, condition: int | Tensor, levels: PixelLevels, device: str
) -> npt.NDArray[np.uint8]:
    """uint8 [n, h, w, c] of noise [n, latent], through the codec that the reals went through.

    `condition`: one class index for all, or int64 [n, ...] as the generator embeds it.
    """
    given = torch.full((len(noise),), condition) if isinstance(condition, int) else condition
    return levels.snap(decode_images(generator(noise.to(device), given.to(device)).float().cpu().numpy()))


def save_networks(directory: Path, generator: nn.Module, discriminator: nn.Module) -> None:
    """Write generator.safetensors and discriminator.safetensors."""
    save_module(directory / "generator.safetensors", generator)
    save_module(directory / "discriminator.safetensors", discriminator)


def load_networks(directory: Path, generator: nn.Module, discriminator: nn.Module) -> None:
    """Fill both networks with what `save_networks` wrote. Raises ModelError."""
    load_module(directory / "generator.safetensors", generator)
    load_module(directory / "discriminator.safetensors", discriminator)


def write_model(
    directory: Path, method: str, config: MethodConfig, levels: PixelLevels, model: Any, **facts: Any
) -> None:
    """model.json; `model` has `summary` and `stats`, `facts` are the method's own."""
    write_about(
        directory,
        method,
        **facts,
        levels=levels.levels,
        config=config.model_dump(mode="json"),
        summary=model.summary,
        stats=model.stats,
    )


def read_model(directory: Path, method: str, config: type[Config]) -> tuple[dict[str, Any], Config, PixelLevels]:
    """What `write_model` wrote, with settings and levels as objects. Raises ModelError."""
    about = read_about(directory, method)
    levels = PixelLevels(None if about["levels"] is None else tuple(about["levels"]))
    return about, config.model_validate(about["config"]), levels
