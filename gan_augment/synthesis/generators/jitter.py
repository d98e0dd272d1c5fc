"""`jitter`: a smoothed bootstrap. A real row of the class is drawn and its numbers are moved a little.

Numbers move by Gaussian noise on the quantile-normal scale (Silverman & Young 1987, Biometrika 74, 469-479, the
smoothed bootstrap), categories are exchanged now and then for one of the class's other rows. Synthetic rows stay close
to real ones: good for trees on a rare class, bad for privacy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.quantities import Weight
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import JointOnly
from gan_augment.synthesis.kit.table_model import FittedRows, TableConfig, read_head, table_head

__all__ = ["FittedJitter", "Jitter", "JitterConfig"]


class JitterConfig(TableConfig):
    """Settings of the smoothed bootstrap."""

    noise: Weight = Field(default=0.3, ge=0, description="deviation of the noise, where a column's own is about 1")
    exchange: float = Field(default=0.1, ge=0, le=1, description="how often a category is another row's of the class")


@dataclass
class FittedJitter(FittedRows):
    """The encoded train rows."""

    name: ClassVar[str] = "jitter"

    config: JitterConfig
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """How many rows there are to draw from."""
        return {"rows": len(self.matrix), "width": self.codec.width, **self.dependencies}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Moved rows of the class; `parents` names the row each one started from. Raises MethodError."""
        own = self.places(request.label)

        def draw(generator: np.random.Generator) -> tuple[Payload, tuple[str, ...]]:
            chosen = generator.choice(own, size=BLOCK)
            rows = self._moved(chosen, own, generator)
            return self.codec.decode(rows, generator), tuple(self.ids[index] for index in chosen)

        return self.in_blocks(request, draw)

    def _moved(
        self, chosen: npt.NDArray[np.int64], own: npt.NDArray[np.int64], generator: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        rows = self.matrix[chosen]
        for place, block in enumerate(self.codec.blocks):
            if block.kind == "choice":
                # A column's switch and its number change together: a number never goes with another row's switch.
                follower = self.codec.blocks[place + 1 : place + 2]
                stop = follower[0].stop if follower and follower[0].switch == block.start else block.stop
                exchanged = np.flatnonzero(generator.random(BLOCK) < self.config.exchange)
                donors = generator.choice(own, size=len(exchanged))
                rows[exchanged, block.start : stop] = self.matrix[donors, block.start : stop]
            else:
                rows[:, block.start] += self.config.noise * generator.standard_normal(BLOCK, dtype=np.float32)
        return rows

    def save(self, directory: Path) -> None:
        """The head and rows.safetensors."""
        self.save_rows(directory, self.summary)


class Jitter(JointOnly):
    """The smoothed bootstrap."""

    name: ClassVar[str] = "jitter"
    traits: ClassVar[Traits] = Traits(modality=frozenset({"table"}), label_from="source", trainable=False)
    Config: ClassVar[type[MethodConfig]] = JitterConfig

    def fit(
        self,
        train: TrainView,
        config: JitterConfig,
        *,
        seed: int,
        device: str = "cpu",
        validation: ValidationView | None = None,
        progress: Progress = lambda _: None,
        checkpoint: Path | None = None,
    ) -> FittedJitter:
        """Fit the codec and keep the encoded rows."""
        del device, validation, progress, checkpoint
        frame, head = table_head(train, config, self.name)
        matrix = head.codec.encode(frame, numpy_generator(seed, "jitter"))
        return FittedJitter(*head, matrix, train.labels, tuple(train.samples.manifest["id"]))

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedJitter:
        """Read a saved model. Raises ModelError."""
        del device
        about, head = read_head(directory, spec, self.name, JitterConfig)
        rows = FittedJitter.read_rows(directory)
        return FittedJitter(*head, rows["matrix"], rows["labels"], tuple(about["ids"]))
