"""`bicubic`: a real image is reduced and enlarged again by the bicubic kernel: super-resolution without its network.

The reductions are those of `super_resolution`: a sub-pixel shift, a kernel and a width of its own for every sample.
What it adds to a real image is a little blur and a little shift.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.nn.resampling import Kernel, resample, resampling_matrix, resize
from gan_augment.synthesis.api import MethodConfig
from gan_augment.synthesis.kit.untrained import Drawn, Pixels, UntrainedTranslator

__all__ = ["Bicubic", "BicubicConfig", "enlarged_again"]

SMALLEST = 4  # px: the least side of a reduced image, as for `super_resolution`


class BicubicConfig(MethodConfig):
    """Settings of the reductions; the enlargement has none."""

    factor: Literal[2, 4] = Field(default=2, description="by how much an image is reduced and enlarged again")
    kernels: tuple[Kernel, ...] = Field(default=("bicubic", "triangle", "lanczos"), min_length=1)
    blur: float = Field(default=0.2, ge=0, le=1, description="the kernel is up to so much wider; 0.2: up to 20 %")
    shift: float = Field(default=1.0, ge=0, le=1, description="samples move by up to so many pixels, also fractions")

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where the images are too small for the factor."""
        side = min(spec.images.height, spec.images.width)
        if -(-side // self.factor) < SMALLEST:
            raise MethodError(
                f"The images are too small to be reduced by {self.factor}",
                where="synthesis.settings.factor in params.yaml",
                got=f"{spec.images.height} x {spec.images.width} px",
                expected=f"sides of {(SMALLEST - 1) * self.factor + 1} px or more",
                remedy="set synthesis.settings.factor to 2, or larger images in prepare, or choose another method",
            )


class Bicubic(UntrainedTranslator):
    """A real image, reduced and enlarged again: a little blurred, a little shifted."""

    name: ClassVar[str] = "bicubic"
    Config: ClassVar[type[MethodConfig]] = BicubicConfig

    def draw(self, images: Pixels, config: BicubicConfig, random: np.random.Generator) -> Drawn:
        """One image of the class, by a reduction of its own."""
        place, kernel = int(random.integers(len(images))), config.kernels[int(random.integers(len(config.kernels)))]
        down, right = random.uniform(-config.shift, config.shift, 2)
        width = 1 + config.blur * random.random()
        return enlarged_again(images[place], config.factor, kernel, (float(down), float(right)), float(width)), [place]


def enlarged_again(image: Pixels, factor: int, kernel: Kernel, shift: tuple[float, float], width: float) -> Pixels:
    """uint8 [h, w, c] -> the same size, after a reduction by `factor` with this kernel, shift in px, and width."""
    height, across = image.shape[:2]
    padded = np.pad(image, ((0, -height % factor), (0, -across % factor), (0, 0)), mode="edge")
    rows, columns = (
        resampling_matrix(side, side // factor, kernel=kernel, shift=torch.tensor([move]), width=torch.tensor([width]))
        for side, move in zip(padded.shape[:2], shift, strict=True)
    )
    low = resample(torch.from_numpy(encode_images(padded[None])), rows, columns)
    stored = torch.from_numpy(encode_images(decode_images(low.numpy())))  # 256 levels, as a reduced image has
    return decode_images(resize(stored, *padded.shape[:2]).numpy())[0, :height, :across]
