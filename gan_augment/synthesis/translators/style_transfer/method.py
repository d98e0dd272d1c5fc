"""`style_transfer`: the shapes of a labelled image with the look of another one, which needs no label.

Gatys, Ecker, Bethge 2016. The style comes from the pool, or from textures that the method makes itself. No pixel is
meant to move, so that a sample carries its source's label and mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, ValidationError, model_validator

from gan_augment.compute.devices import limited_threads
from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import images_of, take
from gan_augment.core.quantities import Steps
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, read_samples, roles_in, write_samples
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.encoding.image import PixelLevels, decode_images, encode_images
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TickReport, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import blocks_of
from gan_augment.synthesis.kit.checks import JointOnly, check_images, check_index, check_pool, check_pool_rows
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.turns import in_turn
from gan_augment.synthesis.translators.style_transfer.features import (
    FeatureKind,
    Features,
    empty_features,
    fit_features,
)
from gan_augment.synthesis.translators.style_transfer.textures import texture
from gan_augment.synthesis.translators.style_transfer.transfer import (
    by_optimisation,
    by_statistics,
    content_units,
    distances_left,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["CHUNK", "FittedStyleTransfer", "StyleTransfer", "StyleTransferConfig"]

Images = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

CHUNK = 32  # samples that are made at once; changing it changes every sample of every seed
_PROBED = 64  # train rows from which units of distance come
_OF_OPTIMISATION = ("features", "steps", "training_steps")


class StyleTransferConfig(MethodConfig):
    """Settings of style transfer."""

    way: Literal["optimise", "statistics"] = Field(
        default="optimise", description="as published; statistics: in closed form, a hundred times as fast"
    )
    styles: Literal["auto", "pool", "generated"] = Field(
        default="auto", description="where styles come from; auto: the pool, or made textures where there is none"
    )
    strength: float = Field(default=0.6, ge=0, le=1, description="0: the source itself; 1: the style alone")
    features: FeatureKind | None = Field(
        default=None, description="of optimise: what style and content are read from: random (the default), own, extra"
    )
    steps: Steps | None = Field(default=None, ge=1, description="of optimise: steps of L-BFGS; null: 30")
    training_steps: Steps | None = Field(
        default=None, ge=1, description="of the network that own features are read from; null: 300"
    )

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> StyleTransferConfig:
        idle: tuple[str, ...] = _OF_OPTIMISATION if self.way == "statistics" else ()
        idle = ("training_steps",) if self.way == "optimise" and self.kind != "own" else idle
        said = [name for name in idle if getattr(self, name) is not None]
        if said:
            with_what = "way: statistics" if self.way == "statistics" else f"features: {self.kind}"
            raise ValueError(f"{' and '.join(said)} has no effect with {with_what}: take it out")
        return self

    @property
    def kind(self) -> FeatureKind:
        """The features, chosen by the user or by measurement."""
        return self.features or "random"

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where styles are to come from a pool that is not there, too small or of other channels."""
        if self.styles == "generated":
            return
        if spec.pool is None and self.styles == "pool":
            raise MethodError(
                "Styles are to come from a pool, and there is none",
                where="synthesis.settings.styles in params.yaml",
                got="pool",
                expected="a pool of images in prepare.pool",
                remedy="name one, or let the method make textures: styles: generated",
            )
        check_pool(spec, StyleTransfer.name)


@dataclass
class FittedStyleTransfer:
    """The rows that samples start from, the styles, and what the optimisation reads; `units` of content distances."""

    spec: DatasetSpec
    config: StyleTransferConfig
    features: Features | None
    units: tuple[float, ...]
    rows: Samples
    pool: Samples | None
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.labels = self.rows.label_indices(self.spec)
        self.pixels: Images = images_of(self.rows.payload)
        self.looks: Images | None = None if self.pool is None else images_of(self.pool.payload)
        # With made textures there is no knowing which levels are usual.
        known = None if self.looks is None else np.concatenate([self.pixels, self.looks])
        self.levels = PixelLevels(None) if known is None else PixelLevels.of(known)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Real rows of the class in other styles, each row and each style as often as can be; `parents` names the row.

        Raises MethodError.
        """
        check_index(request.index, np.unique(self.labels), self.spec, StyleTransfer.name)
        own = np.flatnonzero(self.labels == request.index)
        for block, wanted in blocks_of(request, CHUNK):
            first = block * CHUNK
            chosen = own[in_turn(len(own), first, CHUNK, request.seed, request.index, "rows")]
            images = self.restyled(chosen, self.styles_from(first, request), request, block)
            ids = self.rows.manifest["id"].iloc[chosen[wanted]]
            beside = {role: take(values, chosen[wanted]) for role, values in self.rows.companions.items()}
            yield Synthetic(images[wanted], tuple(str(one) for one in ids), companions=beside)

    def styles_from(self, first: int, request: SampleRequest) -> Images:
        """uint8 [CHUNK, h, w, c]: those of the samples from number `first`."""
        if self.looks is not None:
            return self.looks[in_turn(len(self.looks), first, CHUNK, request.seed, request.index, "styles")]
        numbers = range(first, first + CHUNK)
        height, width, channels = self.pixels.shape[1:]
        made = [
            texture((height, width, channels), numpy_generator(request.seed, request.index, "texture", number))
            for number in numbers
        ]
        return np.stack(made)

    def restyled(self, chosen: Ints, styles: Images, request: SampleRequest, block: int) -> Images:
        """uint8 [CHUNK, h, w, c]: the train rows `chosen` in these styles, which are the block's of this number."""
        rng = torch.Generator().manual_seed(derive_seed(request.seed, request.index, "noise", block))
        content, style = (torch.from_numpy(encode_images(one)) for one in (self.pixels[chosen], styles))
        noise = torch.randn(content.shape, generator=rng)
        # A hundred steps make much of a last bit, which threads would change.
        with limited_threads(1):
            found = self.restyle(content.to(self.device), style.to(self.device), noise.to(self.device))
        return self.levels.snap(decode_images(found.cpu().numpy()))

    def restyle(self, content: torch.Tensor, style: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Images float32 [n, c, h, w] in [-1, 1] of contents and styles; `noise` is standard normal."""
        strength = self.config.strength
        if self.features is None:
            return by_statistics(content, style, noise, strength=strength)
        steps = self.config.steps or DEFAULT_STEPS
        return by_optimisation(content, style, noise, self.features, self.units, strength=strength, steps=steps)

    def save(self, directory: Path) -> None:
        """model.json, features.safetensors where features are our own, the train rows and the pool."""
        config = self.config.model_dump(mode="json")
        write_about(
            directory, StyleTransfer.name, config=config, units=self.units, summary=self.summary, stats=self.stats
        )
        if self.features is not None and self.config.kind != "extra":  # those lie in a package, and are checked there
            save_module(directory / "features.safetensors", self.features)
        for name, samples in (("rows", self.rows), ("pool", self.pool)):
            if samples is not None:
                (directory / name).mkdir()
                write_samples(directory / name, samples)


class StyleTransfer(JointOnly):
    """Gives a real image the look of a pool image, or of a texture made of noise: another image of the same class."""

    name: ClassVar[str] = "style_transfer"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        uses=frozenset({"mask"}),
        emits=frozenset({"mask"}),
        pool="may",
        rivals=("fda", "histogram_match", "random_convolution"),
    )
    Config: ClassVar[type[MethodConfig]] = StyleTransferConfig

    def fit(self, data: TrainingData, config: StyleTransferConfig, run: Run) -> FittedStyleTransfer:
        """Keep rows and styles; learn features where they are to be the user's own. Raises MethodError, SetupError."""
        train, pool = data.train, None if config.styles == "generated" else data.pool
        check_images(train, self.name)
        config.check(train.spec)
        if pool is not None:
            check_pool_rows(pool, train, self.name)
        features, units = _features(data, config, run) if config.way == "optimise" else (None, ())
        rows = train.samples.with_roles([role for role in train.samples.companions if role in self.traits.emits])
        styles = None if pool is None else pool.samples.with_roles(())
        fitted = FittedStyleTransfer(train.spec, config, features, units, rows, styles, run.device)
        fitted.summary = {"styles": "generated" if pool is None else len(pool), "features": config.kind} | _left(fitted)
        if features is None:
            del fitted.summary["features"]
        return fitted

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedStyleTransfer:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        about = read_about(directory, self.name)
        try:
            config = StyleTransferConfig.model_validate(about["config"])
            units, pooled = tuple(about["units"]), about["summary"]["styles"] != "generated"
            rows = read_samples(directory / "rows", mmap=True, companions=roles_in(directory / "rows"))
            pool = read_samples(directory / "pool", mmap=True) if pooled else None
        except (ValidationError, KeyError, MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        features = None
        if config.way == "optimise":
            features = empty_features(config.kind, spec.images, len(spec.classes), seed=0)
            if config.kind != "extra":
                load_module(directory / "features.safetensors", features)
            features.to(device)
        return FittedStyleTransfer(spec, config, features, units, rows, pool, device, about["stats"], about["summary"])


DEFAULT_STEPS, DEFAULT_TRAINING_STEPS = 30, 300


def _features(data: TrainingData, config: StyleTransferConfig, run: Run) -> tuple[Features, tuple[float, ...]]:
    """What the optimisation reads, and the units of its content distances."""
    steps = config.training_steps or DEFAULT_TRAINING_STEPS

    def shown(step: int) -> None:
        run.progress(TickReport(done=step, total=steps))

    features = fit_features(config.kind, data.train, steps=steps, seed=run.seed, device=run.device, shown=shown)
    return features, tuple(content_units(features, _probe(data.train.samples, run)))


def _probe(rows: Samples, run: Run) -> torch.Tensor:
    """Some train rows in a random order, so that neighbours are of different classes."""
    order = numpy_generator(run.seed, "probe").permutation(len(rows))[:_PROBED]
    return torch.from_numpy(encode_images(images_of(rows.payload)[np.resize(order, max(2, len(order)))])).to(run.device)


def _left(fitted: FittedStyleTransfer) -> dict[str, float]:
    """Of the first samples of the first class: the share of the style distance that is left, and the content distance.

    With statistics they are read from random filters, which are nobody's aim.
    """
    index = int(fitted.labels.min())
    request = SampleRequest(index=index, count=CHUNK, seed=0)
    own = np.flatnonzero(fitted.labels == index)
    places, styles = own[in_turn(len(own), 0, CHUNK, 0, index, "rows")], fitted.styles_from(0, request)
    found = fitted.restyled(places, styles, request, 0)
    features = fitted.features
    if features is None:
        features = empty_features("random", fitted.spec.images, len(fitted.spec.classes), seed=0).to(fitted.device)
    made, source, wanted = (
        torch.from_numpy(encode_images(pixels)).to(fitted.device) for pixels in (found, fitted.pixels[places], styles)
    )
    units = content_units(features, _probe(fitted.rows, Run(0, fitted.device)))
    style, content = distances_left(made, source, wanted, features, units)
    return {"style_distance_left": round(style, 4), "content_distance": round(content, 4)}
