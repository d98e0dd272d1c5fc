"""`random_convolution`: a real image seen through one random filter, so that its texture changes and its shapes stay.

RandConv (Xu et al. 2021, arXiv 2007.13003, section 3): a kernel of k x k pixels over all channels, k drawn from a few
sizes, weights from a normal distribution of variance 1 / (k k c), the result mixed with the image by a share that is
uniform in [0, 1]. Published as a layer over normalised images whose output is not bounded; here the image is normalised
by its own mean and deviation and brought back by them, because what is stored has 256 levels.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator
from scipy.ndimage import correlate

from gan_augment.synthesis.api import MethodConfig, Traits
from gan_augment.synthesis.kit.untrained import OF_ONE_SOURCE, Drawn, Pixels, UntrainedTranslator

__all__ = ["RandomConvolution", "RandomConvolutionConfig", "filtered"]

Floats = npt.NDArray[np.float64]


class RandomConvolutionConfig(MethodConfig):
    """Settings of the random filters."""

    sizes: tuple[Annotated[int, Field(ge=1, le=31)], ...] = Field(
        default=(1, 3, 5, 7), min_length=1, description="sides of the kernels in px, odd"
    )
    mix: bool = Field(default=True, description="mix it with the image by a random share; false: the result alone")

    @field_validator("sizes")
    @classmethod
    def _odd(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if any(size % 2 == 0 for size in sizes):
            raise ValueError("odd numbers: a kernel has a middle")
        return sizes


class RandomConvolution(UntrainedTranslator):
    """A real image through a random filter: other textures and colours, the same shapes."""

    name: ClassVar[str] = "random_convolution"
    traits: ClassVar[Traits] = OF_ONE_SOURCE
    Config: ClassVar[type[MethodConfig]] = RandomConvolutionConfig

    def draw(self, images: Pixels, config: RandomConvolutionConfig, random: np.random.Generator) -> Drawn:
        """One image of the class, filtered."""
        place, size = int(random.integers(len(images))), int(random.choice(config.sizes))
        channels = images.shape[-1]
        kernel = random.normal(0, (size * size * channels) ** -0.5, (channels, channels, size, size))
        share = random.uniform() if config.mix else 0.0
        return filtered(images[place], kernel, share), [place]


def filtered(image: Pixels, kernel: Floats, share: float) -> Pixels:
    """`share` of the image plus 1 - `share` of it filtered by a kernel [c, c, k, k], in the image's range of values."""
    mean, deviation = image.mean(), max(float(image.std()), 1.0)
    normal = (image - mean) / deviation
    through = [
        sum(correlate(normal[..., place], plane, mode="reflect") for place, plane in enumerate(planes))
        for planes in kernel
    ]
    mixed: Any = share * normal + (1 - share) * np.stack(through, axis=-1)
    levels: Pixels = np.clip(np.rint(mixed * deviation + mean), 0, 255).astype(np.uint8)
    return levels
