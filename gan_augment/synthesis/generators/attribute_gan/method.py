"""`attribute_gan`: one GAN conditioned on a class and several attributes at once; it draws any combination of them.

Each attribute is a group of exclusive values, of which some may be unknown. Both networks add up one vector a group
(a projection discriminator, Miyato & Koyama 2018, over a sum of embeddings), so that combinations which no train row
has are drawn from values that train rows have. Batches are balanced over the values of every group. What Jin et al.
2017 published (arXiv 1708.05509; DRAGAN with auxiliary heads) is `objective: dragan`. A value that a judge of real rows
does not find in the images is not claimed: it is written as missing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from gan_augment.core.fields import images_of
from gan_augment.core.quantities import Kimg, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.conditions import ConditionEmbedding, ConditionReader
from gan_augment.nn.image_networks import Generator
from gan_augment.nn.initialisation import own_weights
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.generators.attribute_gan.combinations import Combinations
from gan_augment.synthesis.generators.attribute_gan.dragan import DraganTerms
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.health.usual_noise import UsualNoise
from gan_augment.synthesis.kit.adversarial import AdversarialRun, Terms
from gan_augment.synthesis.kit.attributes import Attributes, check_names
from gan_augment.synthesis.kit.balanced_batches import BalancedValues, UsualConditions
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_train
from gan_augment.synthesis.kit.claimed_values import JudgeSteps, LeastPrecision, claimed_values
from gan_augment.synthesis.kit.files import read_arrays, write_arrays
from gan_augment.synthesis.kit.image_gan import (
    SAMPLING_BLOCK,
    ImageGanConfig,
    blocks_together,
    build_networks,
    draw_images,
    image_of,
    load_networks,
    read_model,
    save_networks,
    train_run,
    write_model,
)

__all__ = ["AttributeGan", "AttributeGanConfig", "FittedAttributeGan"]


class AttributeGanConfig(ImageGanConfig):
    """Settings of the attribute GAN. `None` means: chosen from the image size."""

    kimg: Kimg | None = Field(
        default=None, gt=0, description="length of the training, in thousands of images seen; null: 100 to 400"
    )
    embedding: Units = Field(default=32, ge=1, description="length of the vectors that class and attributes add up to")
    ramp: bool = Field(default=False, description="start unconditionally where a class has under 50 train rows")
    objective: Literal["relativistic", "non_saturating", "dragan"] = Field(
        default="relativistic", description="which loss; dragan: as published, with auxiliary heads"
    )
    auxiliary: Weight = Field(default=1.0, ge=0, description="of dragan: weight of reading the condition")
    local_penalty: Weight = Field(default=10.0, ge=0, description="of dragan: weight of the penalty around real images")
    combinations: Literal["seen", "balanced", "all"] | tuple[dict[str, str], ...] = Field(
        default="balanced",
        description="what is drawn of a class: as often as train rows have it, each combination of them equally often, "
        "every combination of values, or a list such as [{hair: red, eyes: blue}]",
    )
    min_precision: LeastPrecision = 0.8
    judge_steps: JudgeSteps = 300

    def usual_kimg(self, image: ImageSpec) -> float:
        """Half of what `conditional` takes where an MLP draws: no figure gets better after it (docs/benchmarks.md)."""
        usual = super().usual_kimg(image)
        return usual / 2 if self.chosen_architecture(image) == "mlp" else usual

    @field_validator("combinations", mode="before")
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        """What YAML reads as a number or a truth value is meant as the text of an attribute's value."""
        if not isinstance(value, list | tuple) or not all(isinstance(one, dict) for one in value):
            return value
        if not value or not all(value):
            raise ValueError("a list names one value or more in each of its combinations")
        return [{str(name): _as_text(str(name), one) for name, one in wanted.items()} for wanted in value]

    def check(self, spec: DatasetSpec) -> None:
        """Refuse combinations of columns that the attributes do not have. Raises MethodError."""
        for wanted in () if isinstance(self.combinations, str) else self.combinations:
            check_names(wanted, spec)


def _as_text(name: str, value: Any) -> str:
    if value is None or isinstance(value, list | tuple | dict):
        raise ValueError(f"{name} is a group of exclusive values: a combination has one of them, not {value!r}")
    return str(value)


@dataclass
class FittedAttributeGan:
    """Trained networks. `generator` is the EMA; `learnt`: the classes with train rows."""

    spec: DatasetSpec
    config: AttributeGanConfig
    attributes: Attributes
    combinations: Combinations
    generator: Generator
    discriminator: nn.Module
    levels: PixelLevels
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def learnt(self) -> npt.NDArray[np.int64]:
        """The class indices with train rows."""
        return np.unique(self.combinations.seen[:, 0]) - 1

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Batches of a few blocks of images with their attributes; see `SampleRequest`.

        Block b is seeded by (request.seed, request.index, b): first its combinations are drawn, then its noise.
        """
        check_index(request.index, self.learnt, self.spec, AttributeGan.name)
        for blocks, part in blocks_together(request, self.spec):
            drawn = [self._block(request, block) for block in blocks]
            images, conditions = (np.concatenate(values)[part] for values in zip(*drawn, strict=True))
            told = self.attributes.frame(conditions, self.summary.get("unknown_values", {}))
            yield Synthetic(images, companions={"attributes": told})

    def _block(self, request: SampleRequest, block: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        rng = torch.Generator().manual_seed(derive_seed(request.seed, request.index, block))
        conditions = self.combinations.draw(request.index, SAMPLING_BLOCK, rng)
        return self.draw(conditions, rng), conditions.numpy()

    def draw(self, conditions: Tensor, rng: torch.Generator) -> npt.NDArray[np.uint8]:
        """uint8 [n, h, w, c] under these conditions, int64 [n, groups], from noise of `rng`."""
        noise = torch.randn(len(conditions), self.generator.latent, generator=rng)
        return draw_images(self.generator, noise, conditions, self.levels, self.device)

    def save(self, directory: Path) -> None:
        """generator.safetensors, discriminator.safetensors, combinations.safetensors and model.json."""
        save_networks(directory, self.generator, self.discriminator)
        seen = {"seen": self.combinations.seen, "counts": self.combinations.counts}
        write_arrays(directory / "combinations.safetensors", seen)
        write_model(directory, AttributeGan.name, self.config, self.levels, self, columns=self.attributes.saved)


class AttributeGan(JointOnly):
    """One GAN of all classes, conditioned on several attributes of each image; draws any combination of them."""

    name: ClassVar[str] = "attribute_gan"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="condition",
        needs=frozenset({"attributes"}),
        emits=frozenset({"attributes"}),
        rivals=("recolour",),
    )
    Config: ClassVar[type[MethodConfig]] = AttributeGanConfig

    def fit(self, data: TrainingData, config: AttributeGanConfig, run: Run) -> FittedAttributeGan:
        """Learn from images with attributes; the snapshot that is kept is chosen on validation rows.

        Raises MethodError where rows have no attributes, a column is no group of values, or `combinations` asks for
        what the columns do not have.
        """
        check_train(data.train, self.name)
        config.check(data.train.spec)
        fitted = self._untrained(data, config, run)
        usual = UsualConditions(fitted.attributes, data, self.name, run.seed)
        training = _trained(fitted, data, usual, run)
        fitted.generator, fitted.stats = training.best, training.loop.history
        judged = claimed_values(fitted.draw, data, usual, run, least=config.min_precision, steps=config.judge_steps)
        fitted.summary = {**training.summary, **judged}
        return fitted

    def _untrained(self, data: TrainingData, config: AttributeGanConfig, run: Run) -> FittedAttributeGan:
        train = data.train
        attributes = Attributes.of(train, self.name)
        combinations = Combinations.of(attributes, attributes.conditions(train, self.name), config.combinations)
        networks = _networks(image_of(train.spec), config, attributes.sizes, run)
        levels = PixelLevels.of(images_of(train.samples.payload))
        return FittedAttributeGan(train.spec, config, attributes, combinations, *networks, levels, run.device)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedAttributeGan:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about, config, levels = read_model(directory, self.name, AttributeGanConfig)
        attributes = Attributes.restored(len(spec.classes), about["columns"])
        known = read_arrays(directory / "combinations.safetensors", ("seen", "counts"))
        combinations = Combinations.restored(attributes, known["seen"], known["counts"], config.combinations)
        networks = _networks(image_of(spec), config, attributes.sizes, Run(0, device))
        load_networks(directory, *networks)
        more = about["stats"], about["summary"]
        return FittedAttributeGan(spec, config, attributes, combinations, *networks, levels, device, *more)


def _networks(
    image: ImageSpec, config: AttributeGanConfig, sizes: tuple[int, ...], run: Run
) -> tuple[Generator, nn.Module]:
    generator, plain = build_networks(
        image, config, classes=1, latent=config.latent, embedding=config.embedding, seed=run.seed
    )
    features = plain.linear.in_features
    with own_weights(run.seed, "initial weights of the conditions"):
        generator.embed = ConditionEmbedding(sizes, config.embedding)
        plain.embed = ConditionEmbedding(sizes, features, deviation=features**-0.5)
        told = ConditionReader(plain.body, features, sizes) if config.objective == "dragan" else plain
    return generator.to(run.device), told.to(run.device)


def _trained(fitted: FittedAttributeGan, data: TrainingData, usual: UsualConditions, run: Run) -> AdversarialRun:
    config, image = fitted.config, image_of(fitted.spec)
    plain = "non_saturating" if config.objective == "dragan" else config.objective
    kimg = config.usual_kimg(image) if config.kimg is None else config.kimg
    training = AdversarialRun(
        copy.deepcopy(fitted.generator),
        fitted.discriminator,
        data.train,
        config.run_settings(image, kimg=kimg, device=run.device, ramp=config.ramp, objective=plain),
        run.derive("joint"),
        monitor=Monitor.where_enough(data, run.seed, conditions=usual),
        shown=UsualNoise(fitted.levels, run.seed, conditions=usual),
        terms=_terms(fitted),
        batches=BalancedValues(usual.train),
    )
    return train_run(training, config.chosen_architecture(image))


def _terms(fitted: FittedAttributeGan) -> Callable[[torch.Generator], Terms] | None:
    reader, config = fitted.discriminator, fitted.config
    if not isinstance(reader, ConditionReader):
        return None
    return lambda rng: DraganTerms(
        reader, config.latent, rng, weight=config.auxiliary, penalty=config.local_penalty, device=fitted.device
    )
