"""`fda`: a real image with the low frequencies of a pool image, which are colours, light and shading.

Fourier domain adaptation (Yang and Soatto 2020, arXiv 2004.05498, equations 1 to 3): in a square of the spectrum around
its middle the amplitudes are those of the pool image, the phases stay. The square reaches floor(share x shorter side)
frequencies to each side, so at 0 the mean alone is exchanged. albumentations 2.0.8 has this transform, but its square
lies half a pixel beside the middle: up to 16 px a side and a share of 0.1 it exchanges nothing, not even the mean.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from gan_augment.synthesis.api import MethodConfig
from gan_augment.synthesis.kit.untrained import Pixels, PooledConfig, PooledTranslator

__all__ = ["Fda", "FdaConfig", "exchanged"]

_AXES = (0, 1)


class FdaConfig(PooledConfig):
    """Settings of the exchange."""

    method: ClassVar[str] = "fda"

    least: float = Field(default=0.01, ge=0, le=0.5, description="least share of the shorter side that is exchanged")
    most: float = Field(default=0.1, ge=0, le=0.5, description="largest one; each image draws its own between them")

    @model_validator(mode="after")
    def _in_order(self) -> FdaConfig:
        if self.least > self.most:
            raise ValueError(f"least must be at most `most`, not {self.least:g} and {self.most:g}")
        return self


class Fda(PooledTranslator):
    """A real image with the low frequencies of a pool image."""

    name: ClassVar[str] = "fda"
    Config: ClassVar[type[MethodConfig]] = FdaConfig

    def draw_towards(self, image: Pixels, style: Pixels, config: FdaConfig, random: np.random.Generator) -> Pixels:
        """The image with the amplitudes of `style` in a square of a random size."""
        return exchanged(image, style, random.uniform(config.least, config.most))


def exchanged(image: Pixels, style: Pixels, share: float) -> Pixels:
    """The image with the low amplitudes of `style`, both uint8 [h, w, c]."""
    own, other = (np.fft.fftshift(np.fft.fft2(one, axes=_AXES), axes=_AXES) for one in (image, style))
    reach = int(share * min(image.shape[:2]))
    low = tuple(slice(max(0, side // 2 - reach), side // 2 + reach + 1) for side in image.shape[:2])
    amplitudes = np.abs(own)
    amplitudes[low] = np.abs(other[low])
    spectrum = amplitudes * np.exp(1j * np.angle(own))
    back: Any = np.fft.ifft2(np.fft.ifftshift(spectrum, axes=_AXES), axes=_AXES).real
    levels: Pixels = np.clip(np.rint(back), 0, 255).astype(np.uint8)
    return levels
