"""`text_to_image`: one GAN that is given a class and a caption, and draws what captions say, also such as no row has.

Reed et al. 2016 (arXiv 1605.05396) on the project's own game: a relativistic pairing with R1 and R2 penalties and a
projection discriminator, for which a caption is the sum of its words' vectors. It learns from images with
wrong captions too (GAN-CLS), and from captions in between (GAN-INT); see `matching`. Nothing is downloaded: words are
those of the train rows' captions.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of
from gan_augment.core.quantities import Kimg, Units, Weight
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Payload, TrainView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.captions import CaptionEmbedding
from gan_augment.nn.image_networks import Discriminator, Generator
from gan_augment.nn.initialisation import own_weights
from gan_augment.synthesis.api import AskedCaption, MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.generators.text_to_image.captions import Captions, Language
from gan_augment.synthesis.generators.text_to_image.matching import CaptionTerms, right_above_wrong
from gan_augment.synthesis.generators.text_to_image.usual import BalancedWords, UsualCaptions
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.health.usual_noise import UsualNoise
from gan_augment.synthesis.kit.adversarial import AdversarialRun
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.balanced_batches import UsualConditions
from gan_augment.synthesis.kit.caption_reader import CaptionReader
from gan_augment.synthesis.kit.captions import captions_of, listed, quoted
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_train
from gan_augment.synthesis.kit.claimed_values import JudgeSteps, LeastPrecision, claimed_values
from gan_augment.synthesis.kit.files import read_arrays, read_texts, write_arrays, write_texts
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
from gan_augment.synthesis.kit.words import Vocabulary, words_of

__all__ = ["FittedTextToImage", "TextToImage", "TextToImageConfig"]

Images = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


class TextToImageConfig(ImageGanConfig):
    """Settings of the GAN that reads captions. `None` means: chosen from the image size."""

    kimg: Kimg | None = Field(
        default=None, gt=0, description="length of the training, in thousands of images seen; null: 200 to 400"
    )
    embedding: Units = Field(default=32, ge=1, description="length of the vector that class and caption add up to")
    objective: Literal["relativistic", "non_saturating"] = "relativistic"
    wrong_captions: Weight = Field(
        default=1.0, ge=0, description="weight of telling a real image's own caption from another's (GAN-CLS)"
    )
    between_captions: Weight = Field(
        default=1.0, ge=0, description="weight of drawing for the middle of two captions of a class (GAN-INT)"
    )
    neighbours: bool = Field(
        default=False, description="read each word with its two neighbours too, where the order of words matters"
    )
    most_words: Units = Field(default=64, ge=1, description="how many words of a caption are read")
    min_precision: LeastPrecision = 0.8
    judge_steps: JudgeSteps = 300


@dataclass
class FittedTextToImage:
    """Trained networks, and the language that they are given things in. `generator` is the EMA.

    `captions`: what is drawn; those of the train rows, or what a user asks for in their place.
    """

    spec: DatasetSpec
    config: TextToImageConfig
    language: Language
    captions: Captions
    generator: Generator
    discriminator: Discriminator
    levels: PixelLevels
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Batches of a few blocks of images with the captions that they were drawn for; see `SampleRequest`.

        Block b is seeded by (request.seed, request.index, b): first its captions are drawn, then its noise.
        """
        check_index(request.index, self.captions.classes, self.spec, TextToImage.name)
        for blocks, part in blocks_together(request, self.spec):
            drawn = [self._block(request, block) for block in blocks]
            images, places = (np.concatenate(values)[part] for values in zip(*drawn, strict=True))
            yield Synthetic(images, companions=self._beside(places))

    def _block(self, request: SampleRequest, block: int) -> tuple[Images, Ints]:
        rng = torch.Generator().manual_seed(derive_seed(request.seed, request.index, block))
        places = self.captions.draw(request.index, SAMPLING_BLOCK, rng)
        return self.draw(self.captions.told[places], rng), places

    def _beside(self, places: Ints) -> dict[Role, Payload]:
        """The captions, and the attributes that go with them where the data has attributes."""
        caption = self.spec.companions["caption"]
        name = getattr(caption, "columns")[0].name  # noqa: B009 - a caption is a table of one column
        texts = np.array(self.captions.texts, dtype=object)[places]
        found: dict[Role, Payload] = {"caption": pd.DataFrame({name: pd.Series(texts, dtype="string")})}
        if self.language.attributes.columns:
            unknown = self.summary.get("unknown_values", {})
            found["attributes"] = self.language.attributes.frame(self.captions.conditions[places], unknown)
        return found

    def draw(self, told: Ints, rng: torch.Generator) -> Images:
        """uint8 [n, h, w, c] of what is given, int64 [n, 1 + words], from noise of `rng`."""
        noise = torch.randn(len(told), self.generator.latent, generator=rng)
        return draw_images(self.generator, noise, torch.from_numpy(told), self.levels, self.device)

    def draw_conditions(self, conditions: Tensor, rng: torch.Generator) -> Images:
        """uint8 [n, h, w, c] for captions that go with these conditions, int64 [n, groups], which some caption has."""
        return self.draw(self.captions.told[self.captions.like(conditions, rng)], rng)

    def classes_of(self, captions: Sequence[AskedCaption]) -> list[int]:
        """See `Captioned`."""
        conditions = self.language.conditions(captions, self.spec)
        self._refuse_strange_classes(captions, conditions)
        return [int(number) - 1 for number in conditions[:, 0]]

    def asked_for(self, captions: Sequence[AskedCaption]) -> FittedTextToImage:
        """See `Captioned`."""
        conditions = self.language.conditions(captions, self.spec)
        self._refuse_strange_classes(captions, conditions)
        ones = np.ones(len(captions), dtype=np.int64)
        asked = Captions.restored([one.text for one in captions], conditions, ones, self.language)
        return replace(self, captions=self.captions.replaced_by(asked))

    def _refuse_strange_classes(self, captions: Sequence[AskedCaption], conditions: Ints) -> None:
        for caption, number in zip(captions, conditions[:, 0], strict=True):
            if number - 1 not in self.captions.classes:
                name = self.spec.labels[number - 1]
                raise MethodError(
                    "A caption is of a class that the model has not learnt",
                    where=f"the caption {quoted(caption.text)}",
                    got=f"class {name!r}",
                    expected=f"one of {listed([self.spec.labels[index] for index in self.captions.classes])}",
                )

    def save(self, directory: Path) -> None:
        """Both networks, captions and reader as safetensors, captions.json and model.json."""
        save_networks(directory, self.generator, self.discriminator)
        captions, language = self.captions, self.language
        write_texts(directory / "captions.json", words=language.vocabulary.words, captions=captions.texts)
        arrays: dict[str, npt.NDArray[Any]] = {"conditions": captions.conditions, "counts": captions.counts}
        for group, (weights, bias) in enumerate(zip(language.reader.weights, language.reader.bias, strict=True)):
            arrays |= {f"weights.{group}": weights, f"bias.{group}": bias}
        write_arrays(directory / "captions.safetensors", arrays)
        columns = language.attributes.saved
        write_model(directory, TextToImage.name, self.config, self.levels, self, columns=columns)


class TextToImage(JointOnly):
    """One GAN of all classes that draws what captions say; also captions of your own."""

    name: ClassVar[str] = "text_to_image"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="condition",
        needs=frozenset({"caption"}),
        uses=frozenset({"attributes"}),
        emits=frozenset({"caption", "attributes"}),
        captioned=True,
        rivals=("retrieve",),
    )
    Config: ClassVar[type[MethodConfig]] = TextToImageConfig

    def fit(self, data: TrainingData, config: TextToImageConfig, run: Run) -> FittedTextToImage:
        """Learn from images with captions; the snapshot that is kept is chosen on validation rows.

        Raises MethodError where rows have no caption, or captions that say nothing.
        """
        check_train(data.train, self.name)
        fitted = self._untrained(data.train, config, run)
        training = _trained(fitted, data, run)
        fitted.generator, fitted.stats = training.best, training.loop.history
        fitted.summary = {**training.summary, **_reading(fitted, data, run), **_claims(fitted, data, run)}
        return fitted

    def _untrained(self, train: TrainView, config: TextToImageConfig, run: Run) -> FittedTextToImage:
        attributes = _attributes(train, self.name)
        texts, conditions = captions_of(train, self.name), _conditions(train, attributes, self.name)
        language = Language.of(texts, conditions, attributes, config.most_words, self.name)
        captions = Captions.of(texts, conditions, language)
        networks = _networks(train.spec, config, language.vocabulary.size, run, captions.told.shape[1] - 1)
        levels = PixelLevels.of(images_of(train.samples.payload))
        return FittedTextToImage(train.spec, config, language, captions, *networks, levels, run.device)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedTextToImage:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about, config, levels = read_model(directory, self.name, TextToImageConfig)
        attributes = Attributes.restored(len(spec.classes), about["columns"])
        texts = read_texts(directory / "captions.json", _TEXTS)
        groups = range(len(attributes.sizes))
        names = tuple(f"{part}.{group}" for part in ("weights", "bias") for group in groups)
        known = read_arrays(directory / "captions.safetensors", ("conditions", "counts", *names))
        parts = (tuple(known[f"{part}.{group}"] for group in groups) for part in ("weights", "bias"))
        vocabulary = Vocabulary(texts["words"])
        language = Language(len(spec.classes), attributes, vocabulary, CaptionReader(*parts), config.most_words)
        captions = Captions.restored(texts["captions"], known["conditions"], known["counts"], language)
        networks = _networks(spec, config, vocabulary.size, Run(0, device))
        load_networks(directory, *networks)
        more = about["stats"], about["summary"]
        return FittedTextToImage(spec, config, language, captions, *networks, levels, device, *more)


_TEXTS = ("words", "captions")


def _attributes(train: TrainView, method: str) -> Attributes:
    """Those of the data, or none."""
    if "attributes" in train.samples.companions:
        return Attributes.of(train, method)
    return Attributes(len(train.spec.classes), ())


def _conditions(train: TrainView, attributes: Attributes, method: str) -> Ints:
    return attributes.conditions(train, method) if attributes.columns else train.labels[:, None] + 1


def _networks(
    spec: DatasetSpec, config: TextToImageConfig, words: int, run: Run, longest: int = 1
) -> tuple[Generator, Discriminator]:
    generator, discriminator = build_networks(
        image_of(spec), config, classes=1, latent=config.latent, embedding=config.embedding, seed=run.seed
    )
    features = discriminator.linear.in_features
    with own_weights(run.seed, "initial weights of the captions"):
        own: dict[str, Any] = {"longest": longest, "neighbours": config.neighbours}
        generator.embed = CaptionEmbedding(len(spec.classes), words, config.embedding, **own)
        discriminator.embed = CaptionEmbedding(len(spec.classes), words, features, features**-0.5, **own)
    return generator.to(run.device), discriminator.to(run.device)


def _trained(fitted: FittedTextToImage, data: TrainingData, run: Run) -> AdversarialRun:
    config, image = fitted.config, image_of(fitted.spec)
    usual = UsualCaptions(fitted.language, data, TextToImage.name, run.seed)
    kimg = config.usual_kimg(image) if config.kimg is None else config.kimg
    generator, discriminator = copy.deepcopy(fitted.generator), fitted.discriminator
    weights = config.wrong_captions, config.between_captions
    training = AdversarialRun(
        generator,
        discriminator,
        data.train,
        config.run_settings(image, kimg=kimg, device=run.device, objective=config.objective),
        run.derive("joint"),
        monitor=Monitor.where_enough(data, run.seed, conditions=usual),
        shown=UsualNoise(fitted.levels, run.seed, conditions=usual),
        terms=lambda rng: CaptionTerms(generator, discriminator, rng, *weights, run.device),
        batches=BalancedWords(usual.train, data.train.labels),
    )
    return train_run(training, config.chosen_architecture(image))


def _reading(fitted: FittedTextToImage, data: TrainingData, run: Run) -> dict[str, Any]:
    """How captions were read, and whether the discriminator tells right ones from wrong ones on held-out rows."""
    language, texts = fitted.language, captions_of(data.train, TextToImage.name)
    figures: dict[str, Any] = {
        "words": len(language.vocabulary.words),
        "longest_caption": max(len(words_of(text)) for text in texts),
        "captions": len(fitted.captions.texts),
    }
    if data.validation is None or len(data.validation) < 2:
        return figures
    held_out = captions_of(data.validation, TextToImage.name)
    told = language.told(held_out, data.validation.labels)
    read = language.reader.read(told[:, 1:])[:, 0] - 1
    images = images_of(data.validation.samples.payload)
    above = right_above_wrong(fitted.discriminator, images, told, seed=derive_seed(run.seed, "wrong captions"))
    return figures | {"class_read_from_captions": float(np.mean(read == data.validation.labels)), **above}


def _claims(fitted: FittedTextToImage, data: TrainingData, run: Run) -> dict[str, Any]:
    if not fitted.language.attributes.columns:
        return {}
    usual = UsualConditions(fitted.language.attributes, data, TextToImage.name, run.seed)
    config = fitted.config
    return claimed_values(
        fitted.draw_conditions, data, usual, run, least=config.min_precision, steps=config.judge_steps
    )
