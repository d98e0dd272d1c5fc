"""Translators that learn nothing: a formula makes each synthetic image from real ones of its class.

A method is a `Config` and one function: `draw`, or `draw_towards` where it takes after an image of the pool. What every
method promises (numbered samples, parents, saving, loading, errors) is here. These are also the rivals that a trained
translator has to beat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import images_of, take
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Payload, Samples, read_samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import JointOnly, check_pool, check_pool_rows, check_train
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.kept_rows import KeptRows

__all__ = [
    "OF_ONE_SOURCE",
    "Drawn",
    "FittedTranslator",
    "Pixels",
    "PooledConfig",
    "PooledTranslator",
    "UntrainedTranslator",
]

Pixels = npt.NDArray[np.uint8]
Drawn = tuple[Pixels, Sequence[int]]  # an image [h, w, c], and the places of the real images that it was made from


# Of a method that moves no pixel of its one source: the source's mask is the sample's.
OF_ONE_SOURCE = Traits(
    makes=frozenset({"image"}),
    label_from="source",
    trainable=False,
    uses=frozenset({"mask"}),
    emits=frozenset({"mask"}),
)


class UntrainedTranslator(JointOnly):
    """Base of such methods, for images. A subclass sets `name` and `Config`, and defines `draw`.

    What `traits` say that it emits goes from the source to the sample as it is: each sample then has one source.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits] = Traits(makes=frozenset({"image"}), label_from="source", trainable=False)
    Config: ClassVar[type[MethodConfig]]

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        """A new image from the real train images of one class, uint8 [n, h, w, c]; all chance comes from `random`."""
        raise NotImplementedError

    def drawn(self, images: Pixels, pool: Pixels | None, config: Any, random: np.random.Generator) -> Drawn:
        """`draw`; a method of the pool gets that, too."""
        del pool
        return self.draw(images, config, random)

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        """Keep the train rows, and the pool where the method takes after it. Raises MethodError."""
        del run
        check_train(data.train, self.name)
        pool = None
        if self.traits.pool == "must":
            if data.pool is None:
                raise MethodError(f"{self.name!r} was given no pool", remedy="name one in prepare.pool")
            check_pool_rows(data.pool, data.train, self.name)
            pool = data.pool.samples.with_roles(())
        rows = data.train.samples.with_roles(
            [role for role in data.train.samples.companions if role in self.traits.emits]
        )
        return self.fitted(data.train.spec, config, rows, pool)

    def fitted(self, spec: DatasetSpec, config: Any, rows: Samples, pool: Samples | None) -> FittedTranslator:
        """The real rows, ready to draw from; for methods that have more to keep, a class of their own."""
        return FittedTranslator(self, spec, config, rows, pool)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedTranslator:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        del device
        about = read_about(directory, self.name)
        try:
            config = self.Config.model_validate(about["config"])
            rows = read_samples(directory / "rows", mmap=True, companions=about["companions"])
            pool = read_samples(directory / "pool", mmap=True) if self.traits.pool == "must" else None
            return self.fitted(spec, config, rows, pool)
        except (MissingInputError, OSError, KeyError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None


class PooledConfig(MethodConfig):
    """Base of the settings of a method that takes after images of the pool."""

    method: ClassVar[str]

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where the pool is too small, or of images with other channels."""
        check_pool(spec, self.method)


class PooledTranslator(UntrainedTranslator):
    """Base of methods that give a real image the look of an image of the pool. A subclass defines `draw_towards`.

    The pool image is drawn anew for each sample, whatever the class: what it shows does not matter, and it may have no
    label. The pool is saved with the model.
    """

    traits: ClassVar[Traits] = replace(OF_ONE_SOURCE, pool="must")

    def draw_towards(self, image: Pixels, style: Pixels, config: Any, random: np.random.Generator) -> Pixels:
        """The image uint8 [h, w, c] with the look of `style`, of the same shape."""
        raise NotImplementedError

    def drawn(self, images: Pixels, pool: Pixels | None, config: Any, random: np.random.Generator) -> Drawn:
        """One image of the class, towards one of the pool."""
        assert pool is not None
        place, style = int(random.integers(len(images))), int(random.integers(len(pool)))
        return self.draw_towards(images[place], pool[style], config, random), [place]


@dataclass
class FittedTranslator(KeptRows):
    """The real train images that new ones are made from, and the pool where the method takes after it."""

    method: UntrainedTranslator
    spec: DatasetSpec
    config: Any
    rows: Samples
    pool: Samples | None = None
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def method_name(self) -> str:
        """See `KeptRows`."""
        return self.method.name

    @property
    def summary(self) -> dict[str, Any]:
        """The number of images to draw from."""
        return {"rows": len(self.rows)} | ({} if self.pool is None else {"pool": len(self.pool)})

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with their parents, the n-th from (seed, index, n) alone. Raises MethodError."""
        own = self.own(request.index)
        images, ids = images_of(own.payload), own.manifest["id"].to_numpy(dtype=object)
        for first in range(request.start, request.start + request.count, BLOCK):
            numbers = range(first, min(first + BLOCK, request.start + request.count))
            drawn = [self._draw(images, numpy_generator(request.seed, request.index, number)) for number in numbers]
            beside = self._beside(own, [places for _, places in drawn])
            yield Synthetic(
                np.stack([image for image, _ in drawn]),
                tuple(" ".join(ids[list(places)]) for _, places in drawn),
                companions=beside,
            )

    def _draw(self, images: Pixels, random: np.random.Generator) -> Drawn:
        pool = None if self.pool is None else images_of(self.pool.payload)
        return self.method.drawn(images, pool, self.config, random)

    def _beside(self, own: Samples, places: Sequence[Sequence[int]]) -> dict[Role, Payload]:
        """What lies beside the one source of each sample."""
        if not own.companions:
            return {}
        sources = np.array([place for (place,) in places])
        return {role: take(values, sources) for role, values in own.companions.items()}

    def about(self) -> dict[str, Any]:
        """More facts for model.json, of a method that has learnt some."""
        return {}

    def save(self, directory: Path) -> None:
        """model.json, the rows and the pool as samples folders."""
        config, beside = self.config.model_dump(mode="json"), sorted(self.rows.companions)
        write_about(directory, self.method.name, config=config, companions=beside, summary=self.summary, **self.about())
        self.save_rows(directory)
        if self.pool is not None:
            (directory / "pool").mkdir()
            write_samples(directory / "pool", self.pool)
