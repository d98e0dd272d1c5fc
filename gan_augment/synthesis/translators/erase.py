"""`erase`: a real image with random boxes erased (Zhong et al. 2017, arXiv 1708.04896). It learns nothing.

The boxes and what they are filled with are those of `CoarseDropout` (albumentations 2.0.8). The rival of `inpainting`:
a learnt fill has to be worth more than noise.
"""

from __future__ import annotations

import functools
import os
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from gan_augment.synthesis.api import MethodConfig, Traits
from gan_augment.synthesis.kit.untrained import OF_ONE_SOURCE, Drawn, Pixels, UntrainedTranslator

__all__ = ["Erase", "EraseConfig", "erased"]

Fill = Literal["black", "random", "random_uniform", "inpaint_telea", "inpaint_ns"]


class EraseConfig(MethodConfig):
    """Settings of the boxes."""

    fill: Fill = Field(default="random", description="random: noise; random_uniform: one random colour a box")
    boxes: int = Field(default=1, ge=1, le=20, description="at most so many in an image")
    least: float = Field(default=0.2, gt=0, le=1, description="least share of a side that a box has")
    most: float = Field(default=0.5, gt=0, le=1, description="largest one")

    @model_validator(mode="after")
    def _in_order(self) -> EraseConfig:
        if self.least > self.most:
            raise ValueError(f"least must be at most `most`, not {self.least:g} and {self.most:g}")
        return self


def erased(image: Pixels, config: EraseConfig, seed: int) -> Pixels:
    """The image uint8 [h, w, c] with other pixels in its boxes."""
    transform = _transform(config)
    transform.set_random_seed(seed)
    found: Pixels = np.asarray(transform(image=image)["image"], dtype=np.uint8).reshape(image.shape)
    return found


@functools.lru_cache(maxsize=8)
def _transform(config: EraseConfig) -> Any:
    # The import takes a second, and asks a server for the newest version where it may.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations

    sides = (config.least, config.most)
    return albumentations.CoarseDropout(
        num_holes_range=(1, config.boxes),
        hole_height_range=sides,
        hole_width_range=sides,
        fill=0 if config.fill == "black" else config.fill,
        p=1.0,
    )


class Erase(UntrainedTranslator):
    """A real image with random boxes erased."""

    name: ClassVar[str] = "erase"
    traits: ClassVar[Traits] = OF_ONE_SOURCE
    Config: ClassVar[type[MethodConfig]] = EraseConfig

    def draw(self, images: Pixels, config: EraseConfig, random: np.random.Generator) -> Drawn:
        """One image of the class, with boxes of its own."""
        place = int(random.integers(len(images)))
        return erased(images[place], config, int(random.integers(2**31))), [place]
