"""Translators that learn nothing: a formula makes each synthetic image from real ones of its class.

A method is a `Config` and one function, `draw`. What every method promises (numbered samples, parents, saving, loading,
errors) is here. These are also the rivals that a trained translator has to beat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import MissingInputError, ModelError
from gan_augment.core.fields import images_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_train
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about

__all__ = ["Drawn", "FittedTranslator", "Pixels", "UntrainedTranslator"]

Pixels = npt.NDArray[np.uint8]
Drawn = tuple[Pixels, Sequence[int]]  # an image [h, w, c], and the places of the real images that it was made from


class UntrainedTranslator(JointOnly):
    """Base of such methods, for images. A subclass sets `name` and `Config`, and defines `draw`."""

    name: ClassVar[str]
    traits: ClassVar[Traits] = Traits(makes=frozenset({"image"}), label_from="source", trainable=False)
    Config: ClassVar[type[MethodConfig]]

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        """A new image from the real train images of one class, uint8 [n, h, w, c]; all chance comes from `random`."""
        raise NotImplementedError

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        """Keep the train rows."""
        del run
        check_train(data.train, self.name)
        return self.fitted(data.train.spec, config, data.train.samples)

    def fitted(self, spec: DatasetSpec, config: Any, rows: Samples) -> FittedTranslator:
        """The real rows, ready to draw from; for methods that have more to keep, a class of their own."""
        return FittedTranslator(self, spec, config, rows)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedTranslator:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        del device
        about = read_about(directory, self.name)
        try:
            config = self.Config.model_validate(about["config"])
            rows = read_samples(directory / "rows", companions=about["companions"], mmap=True)
            return self.fitted(spec, config, rows)
        except (MissingInputError, OSError, KeyError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None


@dataclass
class FittedTranslator:
    """The real train images that new ones are made from."""

    method: UntrainedTranslator
    spec: DatasetSpec
    config: Any
    rows: Samples
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """The number of images to draw from."""
        return {"rows": len(self.rows)}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with their parents, the n-th from (seed, index, n) alone. Raises MethodError."""
        indices = self.rows.label_indices(self.spec)
        check_index(request.index, np.unique(indices), self.spec, self.method.name)
        own = self.rows.take(np.flatnonzero(indices == request.index))
        images, ids = images_of(own.payload), own.manifest["id"].to_numpy(dtype=object)
        for first in range(request.start, request.start + request.count, BLOCK):
            numbers = range(first, min(first + BLOCK, request.start + request.count))
            drawn = [self._draw(images, numpy_generator(request.seed, request.index, number)) for number in numbers]
            yield Synthetic(
                np.stack([image for image, _ in drawn]), tuple(" ".join(ids[list(places)]) for _, places in drawn)
            )

    def _draw(self, images: Pixels, random: np.random.Generator) -> Drawn:
        return self.method.draw(images, self.config, random)

    def save(self, directory: Path) -> None:
        """model.json and the rows as a samples folder."""
        config, beside = self.config.model_dump(mode="json"), sorted(self.rows.companions)
        write_about(directory, self.method.name, config=config, companions=beside, summary=self.summary)
        (directory / "rows").mkdir()
        write_samples(directory / "rows", self.rows)
