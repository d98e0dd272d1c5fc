"""`infogan`: learns from a handful of labels and any number of images without.

Chen et al. 2016, arXiv 1606.03657. The generator gets noise, a categorical code and a few continuous ones; a head Q on
the discriminator's body reads the codes back, and what it can read is rewarded, so that the codes become the most
legible differences between the images. One half of the labelled handful guides them: Q is to read the class of these
images (Spurr et al. 2017, arXiv 1707.04487). The other half finds out whether the codes are the classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from gan_augment.core.errors import MethodError
from gan_augment.core.quantities import Kimg, Samples, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import TrainView
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.image import PixelLevels, encode_images
from gan_augment.nn.image_networks import Architecture, Generator
from gan_augment.nn.information import CodeLayout, InfoDiscriminator
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.objectives import Objective
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.generators.infogan.code_labels import (
    NO_CLASS,
    CodeLabels,
    choose_handful,
    label_codes,
    second_halves,
)
from gan_augment.synthesis.generators.infogan.information import Guide, InformationTerms, legibility
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.kit.adversarial import AdversarialRun, RunSettings
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_train
from gan_augment.synthesis.kit.image_gan import (
    SAMPLING_BLOCK,
    ImageGanConfig,
    build_networks,
    draw_images,
    image_of,
    load_networks,
    read_model,
    sample_image_blocks,
    save_networks,
    train_run,
    write_model,
)

__all__ = ["FittedInfogan", "Infogan", "InfoganConfig"]

READING_BATCH = 512


class InfoganConfig(ImageGanConfig):
    """Settings of the InfoGAN. `None` means: chosen from the data set."""

    kimg: Kimg = Field(default=300, gt=0, description="length of the training, in thousands of images seen")
    gamma: Weight | None = Field(default=1.0, ge=0, description="weight of the R1 and R2 penalties at the start")
    objective: Objective = Field(default="relativistic", description="which loss; non_saturating: the paper's own")
    codes: Units | None = Field(
        default=None, ge=2, description="levels of the categorical code; null: the number of classes"
    )
    continuous: int = Field(default=2, ge=0, le=1000, description="continuous codes: slant, width and the like")
    information: Weight = Field(default=1.0, gt=0, description="weight of the categorical code's mutual information")
    continuous_information: Weight = Field(
        default=0.1, ge=0, description="weight of the mutual information of continuous codes"
    )
    invariance: Weight = Field(
        default=1.0, ge=0, description="weight of real images keeping their code when they are slightly changed"
    )
    codes_from: float = Field(
        default=0.12, ge=0, le=0.5, description="share of the run after which codes begin to count; fully at twice that"
    )
    guidance: Weight = Field(
        default=1.0, ge=0, description="weight of reading the labelled images' codes; 0: labels only name codes"
    )
    labels_per_class: Samples = Field(
        default=10, ge=2, description="train labels that are looked at, a class; half of them guide, half judge"
    )
    max_label_noise: float = Field(
        default=0.2, ge=0, le=1, description="estimated share of wrong labels above which nothing is labelled"
    )

    def check(self, spec: DatasetSpec) -> None:
        """With fewer codes than classes some class must go without. Raises MethodError."""
        if self.codes is not None and self.codes < len(spec.classes):
            raise MethodError(
                "InfoGAN has fewer codes than there are classes",
                where="synthesis.settings.codes in params.yaml",
                got=str(self.codes),
                expected=f"{len(spec.classes)} or more, or null",
            )

    def chosen_architecture(self, image: ImageSpec) -> Architecture:
        """`auto`: an MLP up to 32 px, whose codes followed digits where the small convolutional network's did not."""
        if self.architecture == "auto" and max(image.height, image.width) <= 32:
            return "mlp"
        return super().chosen_architecture(image)

    def chosen_width(self, image: ImageSpec) -> int:
        """`width`, or twice the usual for an MLP on more than 12 px."""
        wide = self.chosen_architecture(image) == "mlp" and max(image.height, image.width) > 12
        return self.width or (512 if wide else super().chosen_width(image))

    def settings_for(self, image: ImageSpec, device: str) -> RunSettings:
        """The run's settings; above 12 px the penalties are computed every 8 steps for the MLP too."""
        settings = self.run_settings(image, kimg=self.kimg, device=device, objective=self.objective)
        if self.penalty_interval is None and max(image.height, image.width) > 12:
            return replace(settings, penalty_interval=8)
        return settings

    def layout(self, spec: DatasetSpec) -> CodeLayout:
        """What the generator's input is made of."""
        return CodeLayout(self.latent, self.codes or len(spec.classes), self.continuous)


@dataclass
class FittedInfogan:
    """Trained networks, and what their codes stand for. `generator` is the EMA."""

    spec: DatasetSpec
    config: InfoganConfig
    generator: Generator
    discriminator: InfoDiscriminator
    labels: CodeLabels
    levels: PixelLevels
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    @torch.inference_mode()
    def codes(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """int64 [n]: the most likely categorical code of each image, uint8 [n, h, w, c]. It needs no label."""
        parts = [
            self.discriminator.recognise(torch.from_numpy(encode_images(part)).to(self.device)).argmax(1).cpu().numpy()
            for part in (images[start : start + READING_BATCH] for start in range(0, len(images), READING_BATCH))
        ]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def classes(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """int64 [n]: the class index that each image's code stands for; -1: its code stands for none."""
        return self.labels.class_of_code[self.codes(images)]

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Batches of images whose code stands for the class. Raises MethodError for a class that it cannot label."""
        check_index(request.index, np.arange(len(self.spec.classes)), self.spec, Infogan.name)
        if problem := self.summary["refused_classes"].get(str(request.index)):
            raise MethodError(
                "InfoGAN cannot label samples of this class",
                got=f"class {self.spec.labels[request.index]!r}: {problem}",
                remedy="train longer, set more codes or more labels_per_class, or raise max_label_noise",
            )
        own, layout = torch.from_numpy(self.labels.codes_of(request.index)), self.config.layout(self.spec)

        def block(rng: torch.Generator) -> npt.NDArray[np.uint8]:
            codes = own[torch.randint(len(own), (SAMPLING_BLOCK,), generator=rng)]
            return draw_images(self.generator, layout.draw(SAMPLING_BLOCK, rng, codes), 0, self.levels, self.device)

        return sample_image_blocks(request, block)

    def save(self, directory: Path) -> None:
        """generator.safetensors, discriminator.safetensors (it reads codes) and model.json."""
        save_networks(directory, self.generator, self.discriminator)
        about = {
            "class_of_code": self.labels.class_of_code.tolist(),
            "noise": self.labels.noise,
            "class_noise": self.labels.class_noise.tolist(),
            "rows": self.labels.rows,
        }
        write_model(directory, Infogan.name, self.config, self.levels, self, labels=about)


class Infogan(JointOnly):
    """One GAN over all train rows and the pool, which sees a handful of labels, or none while it trains."""

    name: ClassVar[str] = "infogan"
    traits: ClassVar[Traits] = Traits(makes=frozenset({"image"}), label_from="code", pool="may")
    Config: ClassVar[type[MethodConfig]] = InfoganConfig

    def fit(self, data: TrainingData, config: InfoganConfig, run: Run) -> FittedInfogan:
        """Learn from the images and half of `labels_per_class` train labels a class; all of them then name the codes.

        The images are those of the train rows and of the pool, every one as often; labels of the pool are not read.
        The snapshot is chosen on validation images where given, without their labels. Classes that cannot be labelled
        are in `summary["refused_classes"]`, with the reason.
        """
        train, device = data.train, run.device
        check_train(train, self.name)
        config.check(train.spec)
        image, handful = image_of(train.spec), _Handful.of(train, config, run.seed)
        generator, discriminator = _networks(train.spec, config, run.seed)
        draw = config.layout(train.spec).draw
        discriminator.to(device)
        training = AdversarialRun(
            generator.to(device),
            discriminator,
            train,
            config.settings_for(image, device),
            run.derive("joint"),
            monitor=Monitor.where_enough(data, run.seed, conditional=False, draw_noise=draw, reading=legibility),
            conditional=False,
            more=data.pool,
            terms=lambda rng: InformationTerms(
                discriminator,
                rng,
                weight=config.information,
                continuous_weight=config.continuous_information,
                invariance=config.invariance,
                start=config.codes_from,
                guide=handful.guide(train, config.guidance, device),
                batch_size=config.batch_size,
                device=device,
            ),
        )
        train_run(training, config.chosen_architecture(image))
        discriminator.load_state_dict(training.snapshots.critic.state_dict())
        return _named(training, discriminator, train, config, handful, device)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedInfogan:
        """Read a saved model. Raises ModelError where it is another method's, or damaged."""
        about, config, levels = read_model(directory, self.name, InfoganConfig)
        generator, discriminator = _networks(spec, config, 0)
        load_networks(directory, generator, discriminator)
        named = about["labels"]
        labels = CodeLabels(
            np.array(named["class_of_code"]), named["noise"], np.array(named["class_noise"]), named["rows"]
        )
        networks = generator.to(device), discriminator.to(device)
        return FittedInfogan(spec, config, *networks, labels, levels, device, about["stats"], about["summary"])


def _networks(spec: DatasetSpec, config: InfoganConfig, seed: int) -> tuple[Generator, InfoDiscriminator]:
    image, layout = image_of(spec), config.layout(spec)
    generator, plain = build_networks(image, config, classes=1, latent=layout.width, embedding=1, seed=seed)
    with own_weights(seed, "initial weights of the head"):
        return generator, InfoDiscriminator(plain.body, plain.linear.in_features, layout)


@dataclass(frozen=True)
class _Handful:
    """The train rows whose labels are looked at; `guided`: which of them the training sees, None: none."""

    rows: npt.NDArray[np.int64]
    guided: npt.NDArray[np.bool_] | None
    rng: np.random.Generator

    @classmethod
    def of(cls, train: TrainView, config: InfoganConfig, seed: int) -> _Handful:
        rng = numpy_generator(seed, "handful")
        rows = choose_handful(train.labels, config.labels_per_class, rng)
        return cls(rows, second_halves(train.labels[rows], rng) if config.guidance else None, rng)

    def guide(self, train: TrainView, weight: float, device: str) -> Guide | None:
        if self.guided is None or not self.guided.any():
            return None
        rows = self.rows[self.guided]
        images = torch.from_numpy(encode_images(np.asarray(train.samples.payload)[rows]))
        return Guide(images.to(device), torch.from_numpy(train.labels[rows]).to(device), weight)


def _named(
    training: AdversarialRun,
    reader: InfoDiscriminator,
    train: TrainView,
    config: InfoganConfig,
    handful: _Handful,
    device: str,
) -> FittedInfogan:
    """The model with its codes named; the reader of codes is the discriminator of the chosen snapshot."""
    spec = train.spec
    unnamed = CodeLabels(np.zeros(0, dtype=np.int64), 1.0, np.ones(len(spec.classes)), 0)
    levels = PixelLevels.of(np.asarray(train.samples.payload))
    fitted = FittedInfogan(spec, config, training.best, reader, unnamed, levels, device, training.loop.history)
    rows = handful.rows
    fitted.labels = label_codes(
        fitted.codes(np.asarray(train.samples.payload)[rows]),
        train.labels[rows],
        code_count=config.layout(spec).categories,
        class_count=len(spec.classes),
        rng=handful.rng,
        guided=handful.guided,
    )
    broken = next(iter(training.alarms.values()), None)
    problems = {str(c): broken or fitted.labels.problem(c, config.max_label_noise) for c in range(len(spec.classes))}
    fitted.summary = {
        **training.summary,
        "refused_classes": {c: problem for c, problem in problems.items() if problem},
        "label_noise": fitted.labels.noise,
        "labelled_rows": fitted.labels.rows,
        "guiding_rows": 0 if handful.guided is None else int(handful.guided.sum()),
        "codes_without_class": int((fitted.labels.class_of_code == NO_CLASS).sum()),
        "judged": training.monitor is not None,
        **({"pool_rows": more} if (more := len(training.images) - len(train)) else {}),
    }
    return fitted
