"""`script_to_photo`: strings that a script writes, with the look of photographs without a label.

Wang, Man, You and Shen 2017, arXiv 1707.03124 (licence plates). The label of a sample is the string that was written,
exactly; no label of a real row is used but to say which strings there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field, ValidationError

from gan_augment.compute.devices import limited_threads
from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import images_of
from gan_augment.core.quantities import Batch, Checks, Kimg, Rate, Steps, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.patch_contrast import PatchContrast
from gan_augment.nn.translation_networks import PatchCritic, PatchField, UNet, smallest_side, usual_levels
from gan_augment.recognition.reader import TextReader, fit_reader
from gan_augment.recognition.supervised import pixels
from gan_augment.scoring.reading import readers_of
from gan_augment.scoring.tasks.text import Text
from gan_augment.synthesis.api import Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.generators.matched_script import MatchedScriptConfig, matched_to
from gan_augment.synthesis.kit.blocks import blocks_of
from gan_augment.synthesis.kit.checks import JointOnly, check_images
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.script.method import (
    OF_A_SCRIPT,
    Pixels,
    check_class,
    pool_of,
    text_frame,
    writer_for,
    writer_from,
)
from gan_augment.synthesis.kit.script.randomising import randomised
from gan_augment.synthesis.kit.script.settings import facts
from gan_augment.synthesis.kit.script.writing import Writer
from gan_augment.synthesis.translators.script_to_photo.guarding import guard_translation
from gan_augment.synthesis.translators.script_to_photo.translation import (
    CHUNK,
    Sources,
    TranslationRun,
    TranslationSettings,
    facts_of,
    translate,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["FittedScriptToPhoto", "ScriptToPhoto", "ScriptToPhotoConfig", "prepare_run"]


_USUAL_FIELDS: tuple[PatchField, ...] = (34, 16, 1)


class ScriptToPhotoConfig(MatchedScriptConfig):
    """Settings of the script, of the matching that the network starts from, and of the network."""

    kimg: Kimg = Field(default=24, gt=0, description="length of the training, in thousands of pictures seen")
    batch_size: Batch = Field(default=16, ge=2)
    width: Units = Field(default=16, ge=4, description="channels of the translator at full resolution")
    critic_width: Units = Field(default=32, ge=4, description="channels of the critic at full resolution")
    field: PatchField | None = Field(
        default=None, description="px a side that the critic judges at once: 1, 16, 34 or whole; null: 34, or what fits"
    )
    noise: Units = Field(default=8, ge=1, description="length of the noise that varies the look of a picture")
    learning_rate: Rate = Field(default=1e-3, gt=0)
    gamma: Weight = Field(default=0.01, ge=0, description="weight of the critic's penalty, a mean over patches")
    contrast: Weight = Field(
        default=0.1, gt=0, description="weight of patch contrast, which keeps things in their place"
    )
    reading: Weight = Field(default=1.0, gt=0, description="weight of the frozen reader, which keeps the string")
    reader_steps: Steps = Field(default=400, ge=1, description="of the reader, on script alone, before it is frozen")
    pictures: Units = Field(default=2000, ge=16, description="of the script, from which batches are drawn")
    checks: Checks = Field(default=8, ge=1, description="how often the run is looked at")

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError, of the script, of the pool, or of images that are smaller than the critic's field."""
        super().check(spec)
        side = min(spec.images.height, spec.images.width)
        if self.field is not None and side < smallest_side(self.field):
            raise MethodError(
                "The images are too small for the critic's field",
                where="synthesis.settings.field in params.yaml",
                got=f"{spec.images.height} x {spec.images.width} px",
                expected=f"at least {smallest_side(self.field)} px a side for a field of {self.field}",
                remedy="set synthesis.settings.field to 1, or larger images in prepare",
            )

    def field_for(self, image: ImageSpec) -> PatchField:
        """The critic's field in images of this size."""
        if self.field is not None:
            return self.field
        side = min(image.height, image.width)
        return next(field for field in _USUAL_FIELDS if side >= smallest_side(field))

    def run_settings(self) -> TranslationSettings:
        """Lengths in images, in whole checks."""
        steps = max(1, round(self.kimg * 1000 / (self.checks * self.batch_size)))
        tick = steps * self.batch_size
        return TranslationSettings(
            total_images=tick * self.checks,
            tick_images=tick,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            gamma=self.gamma,
            contrast_weight=self.contrast,
            reading_weight=self.reading,
        )


@dataclass
class FittedScriptToPhoto:
    """The script, the pool that its pictures are matched to, and the network that does the rest."""

    config: ScriptToPhotoConfig
    writer: Writer
    pool: Samples
    translator: UNet
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Strings of the class, translated; the n-th from (model, seed, index, n) alone. Raises MethodError."""
        check_class(self.writer, request.index, ScriptToPhoto.name)
        for block, wanted in blocks_of(request, CHUNK):
            strings, script, made = self.translated(request, block)
            yield Synthetic(made[wanted], companions={"text": text_frame(strings[wanted]), "pair": script[wanted]})

    def translated(self, request: SampleRequest, block: int) -> tuple[list[str], Pixels, Pixels]:
        """The strings of a block, the script's pictures and the translated ones, uint8 [CHUNK, h, w, c]."""
        numbers = range(block * CHUNK, (block + 1) * CHUNK)
        randoms = [numpy_generator(request.seed, request.index, number) for number in numbers]
        strings = [self.writer.string(request.index, random) for random in randoms]
        script = [self.writer.picture(string, random) for string, random in zip(strings, randoms, strict=True)]
        pool = images_of(self.pool.payload)
        start = [
            matched_to(picture, pool, self.config, random) for picture, random in zip(script, randoms, strict=True)
        ]
        rng = torch.Generator().manual_seed(derive_seed(request.seed, request.index, "noise", block))
        noise = torch.randn(CHUNK, self.config.noise, generator=rng)
        with limited_threads(1):  # several threads would change the last bit
            made = translate(self.translator, np.stack(start), noise, self.device)
        return strings, np.stack(script), made

    def save(self, directory: Path) -> None:
        """model.json, translator.safetensors, and the pool as a samples folder."""
        write_about(
            directory, ScriptToPhoto.name, config=self.config.model_dump(mode="json"), alphabet=self.writer.alphabet,
            formats=facts(self.writer.formats), summary=self.summary, stats=self.stats,
        )  # fmt: skip
        save_module(directory / "translator.safetensors", self.translator)
        (directory / "pool").mkdir()
        write_samples(directory / "pool", self.pool)


class ScriptToPhoto(JointOnly):
    """Writes strings and gives them the look of photographs, which need no label."""

    name: ClassVar[str] = "script_to_photo"
    traits: ClassVar[Traits] = replace(
        OF_A_SCRIPT,
        trainable=True,
        pool="must",
        emits=frozenset({"text", "pair"}),
        rivals=("domain_randomise", "matched_script", "permute_characters"),
    )
    Config: ClassVar[type[ScriptToPhotoConfig]] = ScriptToPhotoConfig

    def fit(self, data: TrainingData, config: ScriptToPhotoConfig, run: Run) -> FittedScriptToPhoto:
        """One network over all classes. No class is served where the guard finds that it did not do its work."""
        check_images(data.train, self.name)
        writer, pool = writer_for(data.train, config, self.name), pool_of(data, self)
        assert pool is not None  # pool_of refuses
        with limited_threads(1):
            training = prepare_run(writer, images_of(pool.payload), config, run)
            training.train()
        fitted = FittedScriptToPhoto(config, writer, pool, training.served, run.device, training.loop.history)
        guard, problem = guard_translation(training, writer, run)
        problem = training.problem or problem
        classes = [index for index, own in enumerate(writer.formats) if own]
        fitted.summary = facts_of(training) | {
            "pool": len(pool),
            "guard": guard,
            "refused_classes": {str(index): problem for index in classes} if problem else {},
        }
        return fitted

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedScriptToPhoto:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        about = read_about(directory, self.name)
        try:
            config = ScriptToPhotoConfig.model_validate(about["config"])
            writer = writer_from(about, config, spec)
            pool = read_samples(directory / "pool", mmap=True)
            stats, summary = about["stats"], about["summary"]
        except (ValidationError, MissingInputError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        translator, _, _ = _networks(spec.images, config, 0)
        load_module(directory / "translator.safetensors", translator)
        translator.to(device).eval().requires_grad_(False)
        return FittedScriptToPhoto(config, writer, pool, translator, device, stats, summary)


def prepare_run(writer: Writer, photographs: Pixels, config: ScriptToPhotoConfig, run: Run) -> TranslationRun:
    """The reader, trained and frozen, and the networks on their pictures, not yet trained."""
    sources, reader = _sources(writer, photographs, config, run), _reader(writer, photographs, config, run)
    translator, critic, contrast = _networks(writer.spec.images, config, run.seed)
    for network in (translator, critic, contrast):
        network.to(run.device)
    own = run.derive("script_to_photo")
    return TranslationRun(translator, critic, contrast, reader, sources, photographs, config.run_settings(), own)


def _sources(writer: Writer, photographs: Pixels, config: ScriptToPhotoConfig, run: Run) -> Sources:
    strings, script = written(writer, config.pictures, run, "sources")
    random = numpy_generator(run.seed, "sources", "matching")
    matched = np.stack([matched_to(picture, photographs, config, random) for picture in script])
    return Sources(matched, places_of(writer, strings), script)


def written(writer: Writer, count: int, run: Run, name: str) -> tuple[list[str], Pixels]:
    """Strings and pictures of the script, the classes in turn."""
    classes = [index for index, own in enumerate(writer.formats) if own]
    random = numpy_generator(run.seed, name)
    strings = [writer.string(classes[number % len(classes)], random) for number in range(count)]
    return strings, np.stack([writer.picture(string, random) for string in strings])


def places_of(writer: Writer, strings: list[str]) -> Any:
    """int64 [n, longest]: places in the data set's alphabet, -1 behind the end."""
    return Text(writer.spec).places(strings)


def _reader(writer: Writer, photographs: Pixels, config: ScriptToPhotoConfig, run: Run) -> TextReader:
    """A reader of script alone: matched to photographs, and through random cameras. It sees no real row."""
    half = max(8, config.pictures // 2)
    strings, script = written(writer, 2 * half, run, "reader")
    random = numpy_generator(run.seed, "reader", "looks")
    looks = [matched_to(picture, photographs, config, random) for picture in script[:half]]
    looks += [randomised(picture, config.camera, random) for picture in script[half:]]
    with torch.random.fork_rng(devices=[]):  # layers draw weights of their own before they get ours
        return fit_reader(
            pixels(np.stack(looks)), torch.zeros(2 * half, dtype=torch.int64),
            torch.from_numpy(places_of(writer, strings)), writer.spec.strings, reader=readers_of(writer.spec)[-1],
            seed=derive_seed(run.seed, "reader"), steps=config.reader_steps, device=run.device,
        )  # fmt: skip


def _networks(image: ImageSpec, config: ScriptToPhotoConfig, seed: int) -> tuple[UNet, PatchCritic, PatchContrast]:
    with own_weights(seed):
        sides = (image.height, image.width)
        translator = UNet(
            image.channels, image.channels, width=config.width, levels=usual_levels(*sides), noise=config.noise,
            residual=True,
        )  # fmt: skip
        critic = PatchCritic(image.channels, config.field_for(image), width=config.critic_width, sides=sides)
        return translator, critic, PatchContrast(translator.channels)
