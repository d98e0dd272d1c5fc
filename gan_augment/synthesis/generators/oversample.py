"""`oversample`: real train rows drawn again with replacement. It learns nothing and invents nothing.

The oldest answer to an unbalanced set, and the null control of every other method: what a synthesizer gains beyond
`oversample` is what its new samples are worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from gan_augment.core.errors import MissingInputError, ModelError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples, read_samples
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import BLOCK, sample_in_blocks
from gan_augment.synthesis.kit.checks import JointOnly, check_train
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.kept_rows import KeptRows

__all__ = ["FittedOversample", "Oversample", "OversampleConfig"]


class OversampleConfig(MethodConfig):
    """There is nothing to set."""


@dataclass
class FittedOversample(KeptRows):
    """The train rows themselves."""

    spec: DatasetSpec
    rows: Samples
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def method_name(self) -> str:
        """See `KeptRows`."""
        return Oversample.name

    @property
    def summary(self) -> dict[str, Any]:
        """How many rows there are to draw from."""
        return {"rows": len(self.rows)}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Real rows of the class, drawn with replacement; `parents` names each one. Raises MethodError."""
        own = self.own(request.index)

        def draw(generator: np.random.Generator) -> tuple[Payload, tuple[str, ...]]:
            chosen = own.take(generator.integers(len(own), size=BLOCK))
            return chosen.payload, tuple(chosen.manifest["id"])

        return sample_in_blocks(request, draw)

    def save(self, directory: Path) -> None:
        """model.json and the rows as a samples folder."""
        write_about(directory, Oversample.name, summary=self.summary)
        self.save_rows(directory)


class Oversample(JointOnly):
    """Random oversampling, for images and tables."""

    name: ClassVar[str] = "oversample"
    traits: ClassVar[Traits] = Traits(makes=frozenset({"image", "table"}), label_from="source", trainable=False)
    Config: ClassVar[type[MethodConfig]] = OversampleConfig

    def fit(self, data: TrainingData, config: OversampleConfig, run: Run) -> FittedOversample:
        """Keep the train rows."""
        del config, run
        check_train(data.train, self.name)
        return FittedOversample(data.train.spec, data.train.samples)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedOversample:
        """Read a saved model. Raises ModelError."""
        del device
        read_about(directory, self.name)
        try:
            return FittedOversample(spec, read_samples(directory / "rows"))
        except (MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
