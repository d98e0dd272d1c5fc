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

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.table import TableCodec
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.generators._blocks import BLOCK, sample_in_blocks
from gan_augment.synthesis.generators._checks import JointOnly, check_label, table_rows
from gan_augment.synthesis.generators._files import (
    read_about,
    read_arrays,
    read_codec,
    write_about,
    write_arrays,
    write_codec,
)

__all__ = ["FittedJitter", "Jitter", "JitterConfig"]


class JitterConfig(MethodConfig):
    """Settings of the smoothed bootstrap."""

    noise: float = Field(default=0.3, ge=0, description="deviation of the noise, where a column's own is about 1")
    exchange: float = Field(default=0.1, ge=0, le=1, description="how often a category is another row's of the class")
    max_levels: int = Field(default=32, ge=2, description="levels of a column with a state of their own")


@dataclass
class FittedJitter:
    """The encoded train rows: float32 [n, width], int64 [n], and the ids they came from."""

    spec: DatasetSpec
    config: JitterConfig
    codec: TableCodec
    matrix: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    ids: tuple[str, ...]
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """How many rows there are to draw from."""
        return {"rows": len(self.matrix), "width": self.codec.width}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Moved rows of the class; `parents` names the row each one started from. Raises MethodError."""
        check_label(request.label, np.unique(self.labels), self.spec, Jitter.name)
        own = np.flatnonzero(self.labels == request.label)

        def draw(generator: np.random.Generator) -> tuple[Payload, tuple[str, ...]]:
            chosen = generator.choice(own, size=BLOCK)
            rows = self._moved(chosen, own, generator)
            return self.codec.decode(rows, generator), tuple(self.ids[index] for index in chosen)

        return sample_in_blocks(request, draw)

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
        """model.json, codec.json and rows.safetensors."""
        about = {"config": self.config.model_dump(mode="json"), "summary": self.summary, "ids": self.ids}
        write_about(directory, Jitter.name, **about)
        write_codec(directory, self.codec)
        write_arrays(directory / "rows.safetensors", {"matrix": self.matrix, "labels": self.labels})


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
        frame, table = table_rows(train, self.name)
        codec = TableCodec.fit(frame, table, max_levels=config.max_levels)
        matrix = codec.encode(frame, numpy_generator(seed, "jitter"))
        ids = tuple(train.samples.manifest["id"])
        return FittedJitter(train.spec, config, codec, matrix, train.labels, ids)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedJitter:
        """Read a saved model. Raises ModelError."""
        del device
        about = read_about(directory, self.name)
        arrays = read_arrays(directory / "rows.safetensors", ("matrix", "labels"))
        config = JitterConfig.model_validate(about["config"])
        return FittedJitter(
            spec, config, read_codec(directory), arrays["matrix"], arrays["labels"], tuple(about["ids"])
        )
