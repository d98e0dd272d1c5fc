"""`telea`: a part of a real image is painted over from its rim inwards, by OpenCV. It learns nothing.

By the fast marching method (Telea 2004), or by isophotes carried inwards as in fluid dynamics (Bertalmio et al. 2001,
`navier_stokes`). The rival of `inpainting`, with the same uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.synthesis.api import MethodConfig, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.holes import HoleConfig, Holes
from gan_augment.synthesis.kit.masks import Rule, painted_over
from gan_augment.synthesis.kit.untrained import OF_ONE_SOURCE, FittedTranslator, UntrainedTranslator

__all__ = ["FittedTelea", "Telea", "TeleaConfig"]


class TeleaConfig(HoleConfig):
    """Settings of what is painted over, and of the rule."""

    rule: Rule = Field(default="telea", description="telea: fast marching; navier_stokes: as a fluid flows in")
    radius: float = Field(default=3.0, gt=0, le=100, description="px around a pixel that say what it becomes")


@dataclass
class FittedTelea(FittedTranslator):
    """The real train images, and the holes that can be made in them."""

    holes: Holes = field(init=False)

    def __post_init__(self) -> None:
        self.holes = Holes(self.spec, self.rows, self.config, self.method.name)

    @property
    def summary(self) -> dict[str, Any]:
        """The number of images, and the classes without any to start from."""
        return {"rows": len(self.rows), "refused_classes": self.holes.refused}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with their parents, the n-th from (seed, index, n) alone. Raises MethodError."""
        self.holes.check(request.index)
        end = request.start + request.count
        for first in range(request.start, end, BLOCK):
            numbers = range(first, min(first + BLOCK, end))
            holes = [self.holes.draw(request.index, request.seed, number) for number in numbers]
            painted = [painted_over(one.image, one.hole, self.config.rule, self.config.radius) for one in holes]
            yield self.holes.synthetic(np.stack(painted), holes)


class Telea(UntrainedTranslator):
    """A real image, a part of which is painted over from its rim inwards."""

    name: ClassVar[str] = "telea"
    traits: ClassVar[Traits] = OF_ONE_SOURCE
    Config: ClassVar[type[MethodConfig]] = TeleaConfig

    def fitted(self, spec: DatasetSpec, config: Any, rows: Samples, pool: Samples | None) -> FittedTelea:
        """The rows with their masks. Raises MethodError where the masks cannot be used."""
        return FittedTelea(self, spec, config, rows, pool)
