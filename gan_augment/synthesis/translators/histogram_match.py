"""`histogram_match`: a real image with the grey levels of a pool image, channel by channel.

The levels keep their order and get the other image's histogram (albumentations 2.0.8), mixed with the image by a random
share. Nothing else changes: no texture comes, and an image of one level becomes an image of one level.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from gan_augment.synthesis.api import MethodConfig
from gan_augment.synthesis.kit.untrained import Pixels, PooledConfig, PooledTranslator

__all__ = ["HistogramMatch", "HistogramMatchConfig"]


class HistogramMatchConfig(PooledConfig):
    """Settings of the matching."""

    method: ClassVar[str] = "histogram_match"

    least: float = Field(default=0.5, ge=0, le=1, description="least share of the matched image")
    most: float = Field(default=1.0, ge=0, le=1, description="largest one; each image draws its own between them")

    @model_validator(mode="after")
    def _in_order(self) -> HistogramMatchConfig:
        if self.least > self.most:
            raise ValueError(f"least must be at most `most`, not {self.least:g} and {self.most:g}")
        return self


class HistogramMatch(PooledTranslator):
    """A real image with the grey levels of a pool image."""

    name: ClassVar[str] = "histogram_match"
    Config: ClassVar[type[MethodConfig]] = HistogramMatchConfig

    def draw_towards(
        self, image: Pixels, style: Pixels, config: HistogramMatchConfig, random: np.random.Generator
    ) -> Pixels:
        """The image with the histogram of `style`, as far as a random share says."""
        return matched(image, style, random.uniform(config.least, config.most))


def matched(image: Pixels, style: Pixels, share: float) -> Pixels:
    """`share` of the image with the histogram of `style`, and the rest of the image itself; uint8 [h, w, c]."""
    # The import takes a second, which `methods list` need not wait for.
    from albumentations.augmentations.mixing.domain_adaptation_functional import apply_histogram

    levels: Pixels = np.asarray(apply_histogram(image, style, share), dtype=np.uint8).reshape(image.shape)
    return levels
