"""`domain_randomise`: a script seen through random cameras. It needs no photograph and learns nothing."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gan_augment.synthesis.kit.script.method import Pixels, ScriptedMethod
from gan_augment.synthesis.kit.script.randomising import CameraConfig, randomised
from gan_augment.synthesis.kit.script.writing import ScriptedConfig

__all__ = ["DomainRandomise", "DomainRandomiseConfig"]


class DomainRandomiseConfig(ScriptedConfig):
    """Settings of the script and of the cameras."""

    camera: CameraConfig = Field(default_factory=CameraConfig, description="the largest strength of each step")


class DomainRandomise(ScriptedMethod):
    """A written string seen through a random camera."""

    name: ClassVar[str] = "domain_randomise"
    Config: ClassVar[type[ScriptedConfig]] = DomainRandomiseConfig

    def finished(self, picture: Pixels, pool: Pixels | None, config: Any, random: np.random.Generator) -> Pixels:
        """The picture with perspective, blur, less resolution, less contrast, shading and noise."""
        del pool
        return randomised(picture, config.camera, random)
