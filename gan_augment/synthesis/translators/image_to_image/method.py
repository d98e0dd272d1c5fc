"""`image_to_image`: a labelled image drawn again in another domain, with its label, its mask and its attributes.

From pairs (Isola et al. 2017, arXiv 1611.07004) or from a pool without pairs (Park et al. 2020, arXiv 2007.15651):
which one follows from the data. With edited masks the domain stays, and an object is drawn in another mask: that one is
exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, ValidationError, model_validator
from torch import Tensor

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import images_of, take
from gan_augment.core.quantities import Batch as BatchSize
from gan_augment.core.quantities import Checks, Kimg, Rate, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, read_samples, roles_in, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.image import PixelLevels, decode_images, encode_images
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.patch_contrast import PatchContrast
from gan_augment.nn.translation_networks import PatchCritic, PatchField, UNet, smallest_side, usual_levels
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import blocks_of
from gan_augment.synthesis.kit.checks import JointOnly, check_images, check_index
from gan_augment.synthesis.kit.comparison import surely_no_better
from gan_augment.synthesis.kit.edited_masks import has_object
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.turns import in_turn
from gan_augment.synthesis.translators.image_to_image.sources import (
    MaskEdit,
    Sources,
    Start,
    Way,
    check_spec,
    make_task,
    started,
    way_of_data,
)
from gan_augment.synthesis.translators.image_to_image.tasks import Batch, Task, Window, masked_inputs, towards
from gan_augment.synthesis.translators.image_to_image.training import (
    GRAIN,
    NOISE,
    TranslationRun,
    TranslationSettings,
    forward,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["CHUNK", "FittedImageToImage", "ImageToImage", "ImageToImageConfig", "prepare_run"]

Images = npt.NDArray[np.uint8]

CHUNK = 32  # samples that are made at once; changing it changes every sample of every seed


class ImageToImageConfig(MethodConfig):
    """Settings of image to image."""

    way: Literal["auto", "paired", "unpaired"] = Field(
        default="auto", description="auto: from pairs where there are some, else from the pool"
    )
    start: Literal["matched", "as_is"] | None = Field(
        default=None,
        description="without pairs: matched (the default): a source first gets a pool image's levels; as_is",
    )
    masks: MaskEdit = Field(
        default="as_is",
        description="as_is: a mask goes with its image; moved, from_other_rows: the object is drawn in an edited mask",
    )
    kimg: Kimg = Field(default=40, gt=0, description="length of the training, in thousands of images seen")
    batch_size: BatchSize = Field(default=16, ge=2)
    width: Units = Field(default=16, ge=4, description="channels of the translator at full resolution")
    critic_width: Units = Field(default=16, ge=4, description="channels of the critic's first map")
    patch: PatchField | None = Field(
        default=None, description="px a side that the critic judges at once: 1, 16, 34, or whole; null: from the size"
    )
    adversarial_weight: Weight | None = Field(
        default=None, ge=0, description="of the critic beside L1 or beside the contrast; null: 0.2 and 1"
    )
    contrast_weight: Weight | None = Field(
        default=None, ge=0, description="of the contrast of patches beside the critic, without pairs; null: 1"
    )
    gamma: Weight = Field(default=0.05, ge=0, description="weight of the critic's R1 and R2 penalties")
    learning_rate: Rate = Field(default=1e-3, gt=0)
    crops: bool = Field(
        default=True, description="in training images move by up to an eighth of a side, source and target alike"
    )
    flips: bool | None = Field(
        default=None, description="mirror source and target alike in training; null: yes, except where text is learnt"
    )
    shift: int = Field(default=1, ge=0, le=16, description="px by which a source moves when it is used again")
    checks: Checks = Field(default=10, ge=1, description="how often held-out figures are taken")

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> ImageToImageConfig:
        if self.masks != "as_is" and self.way != "auto":
            raise ValueError(
                f"way has no effect with masks: {self.masks}, which learns from the train rows: take it out"
            )
        only = [name for name in ("contrast_weight", "start") if getattr(self, name) is not None]
        if only and (self.way == "paired" or self.masks != "as_is"):
            raise ValueError(f"{' and '.join(only)} has an effect without pairs only: take it out")
        return self

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where there is nothing to learn from, or too little, or images are too small."""
        check_spec(spec, self.way, self.masks)
        self.field(spec.images)

    def field(self, image: ImageSpec) -> PatchField:
        """The side of the critic's patches. Raises MethodError where images are too small for it."""
        side = min(image.height, image.width)
        usual: PatchField = 34 if side >= 64 else 16 if side >= smallest_side(16) else "whole"
        chosen = usual if self.patch is None else self.patch
        if side < smallest_side(chosen):
            raise MethodError(
                f"The images are too small for a critic of patches of {chosen} px",
                where="synthesis.settings.patch in params.yaml",
                got=f"{image.height} x {image.width} px",
                expected=f"at least {smallest_side(chosen)} px a side",
                remedy="leave `patch` out, or set it to 1 or whole",
            )
        return chosen

    def window(self, spec: DatasetSpec) -> Window:
        """How images move and turn in training."""
        sides = spec.images.height, spec.images.width
        margin = (sides[0] // 8, sides[1] // 8) if self.crops else (0, 0)
        return Window(margin, spec.target != "text" if self.flips is None else self.flips)

    def run_settings(self, *, matched: bool) -> TranslationSettings:
        """Lengths in images, in whole steps. `matched`: the task has truths to be near to."""
        adversarial = (0.2 if matched else 1.0) if self.adversarial_weight is None else self.adversarial_weight
        return TranslationSettings(
            total_images=max(1, round(self.kimg * 1000 / self.batch_size)) * self.batch_size,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            adversarial_weight=adversarial,
            contrast_weight=1.0 if self.contrast_weight is None else self.contrast_weight,
            gamma=self.gamma,
            checks=self.checks,
        )


@dataclass
class FittedImageToImage:
    """The trained network, the train rows that samples start from with what lies beside them, and the usual levels."""

    spec: DatasetSpec
    config: ImageToImageConfig
    way: Way
    network: UNet
    rows: Samples
    levels: PixelLevels
    pool: Samples | None = None
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.labels = self.rows.label_indices(self.spec)
        self.sources = Sources(self.rows, self.labels, self.config.masks)
        self.looks: Images | None = None if self.pool is None else images_of(self.pool.payload)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Real rows of the class drawn anew, each as often as can be; `parents` names the row. Raises MethodError."""
        check_index(request.index, np.unique(self.labels), self.spec, ImageToImage.name)
        own = self.sources.of_class(request.index)
        ids = self.rows.manifest["id"].to_numpy(dtype=object)
        for block, wanted in blocks_of(request, CHUNK):
            first = block * CHUNK
            chosen = own[in_turn(len(own), first, CHUNK, request.seed, request.index, "rows")]
            numbers = np.arange(first, first + CHUNK)
            randoms = [numpy_generator(request.seed, request.index, "sample", int(number)) for number in numbers]
            start = started(self.sources, chosen, numbers // len(own), self.config.shift, randoms)
            if self.looks is not None:
                looks = self.looks[in_turn(len(self.looks), first, CHUNK, request.seed, request.index, "looks")]
                pairs = zip(start.images, looks, randoms, strict=True)
                start = replace(start, images=np.stack([towards(image, look, random) for image, look, random in pairs]))
            yield Synthetic(
                self._drawn(start, chosen, randoms)[wanted],
                tuple(" ".join(dict.fromkeys(ids[list(places)])) for places in start.parents[wanted]),
                companions={role: take(values, wanted) for role, values in start.beside.items()},
            )

    def _drawn(self, start: Start, chosen: npt.NDArray[np.int64], randoms: list[np.random.Generator]) -> Images:
        """uint8 [CHUNK, h, w, c]."""
        shapes = (GRAIN, *start.images.shape[1:3]), (NOISE,)
        noise = [
            torch.from_numpy(np.stack([one.standard_normal(shape, np.float32) for one in randoms])).to(self.device)
            for shape in shapes
        ]
        with torch.inference_mode():
            made = forward(self.network, self._batch(start, chosen).to(self.device), (noise[0], noise[1]))
        return self.levels.snap(decode_images(made.float().cpu().numpy()))

    def _batch(self, start: Start, chosen: npt.NDArray[np.int64]) -> Batch:
        values = torch.from_numpy(encode_images(start.images))
        if start.hidden is None:
            told = values.new_zeros(len(values), 0)
            return Batch(values, values, values[:, :0], torch.zeros_like(values[:, :1]), told)
        mask, hidden = _planes(images_of(start.beside["mask"])), torch.from_numpy(start.hidden)[:, None].float()
        told = torch.from_numpy(np.eye(len(self.spec.classes), dtype=np.float32)[self.labels[chosen]])
        return masked_inputs(values, mask, hidden, self.sources.top, told)

    def save(self, directory: Path) -> None:
        """model.json, network.safetensors, the train rows, and the pool where sources start from its levels."""
        config = self.config.model_dump(mode="json")
        write_about(
            directory,
            ImageToImage.name,
            config=config,
            way=self.way,
            levels=self.levels.levels,
            summary=self.summary,
            stats=self.stats,
        )
        save_module(directory / "network.safetensors", self.network)
        for name, samples in (("rows", self.rows), ("pool", self.pool)):
            if samples is not None:
                (directory / name).mkdir()
                write_samples(directory / name, samples)


def _planes(pixels: Images) -> Tensor:
    """uint8 [n, h, w, c] as float32 [n, c, h, w], with its own values."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).float()


class ImageToImage(JointOnly):
    """Draws a real image again in another domain, or its object in another mask: another image of the same class."""

    name: ClassVar[str] = "image_to_image"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        uses=frozenset({"pair", "mask", "attributes"}),
        emits=frozenset({"mask", "attributes"}),
        pool="may",
        rivals=("histogram_match", "fda", "copy_paste"),
    )
    Config: ClassVar[type[MethodConfig]] = ImageToImageConfig

    def fit(self, data: TrainingData, config: ImageToImageConfig, run: Run) -> FittedImageToImage:
        """One translator over all classes. Raises MethodError.

        Where held-out images come out no nearer to the truth than what is known without a network (the input itself,
        the nearest pair, the mean of the rest), every class is named in `summary["refused_classes"]`.
        """
        way, training = prepare_run(data, config, run)
        training.train()
        train, held = data.train, training.task.held
        rows = train.samples.with_roles([role for role in train.samples.companions if role in self.traits.emits])
        problem = training.problem or _no_better(training)
        refused = {str(index): problem for index in np.unique(train.labels)} if problem else {}
        if way == "masks":
            refused |= _without_objects(rows, train.labels, config.masks)
        rivals = {f"{name}_l1": float(errors.mean()) for name, errors in held.rivals.items()}
        summary = {"way": way} | training.summary | rivals | {"refused_classes": dict(sorted(refused.items()))}
        training.best.to(run.device)
        levels = PixelLevels.of(training.task.looks)
        pool = data.pool.samples.with_roles(()) if data.pool is not None and _from_looks(way, config) else None
        return FittedImageToImage(
            train.spec, config, way, training.best, rows, levels, pool, run.device, training.loop.history, summary
        )

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedImageToImage:
        """Read a saved model. Raises ModelError."""
        about = read_about(directory, self.name)
        try:
            config = ImageToImageConfig.model_validate(about["config"])
            rows = read_samples(directory / "rows", companions=roles_in(directory / "rows"))
            way, levels = about["way"], about["levels"]
            pool = read_samples(directory / "pool", mmap=True) if _from_looks(way, config) else None
            masks = images_of(rows.companions["mask"]).shape[3] if way == "masks" else 0
        except (ValidationError, KeyError, MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        network = _unet(spec, config, way, masks, 0)
        load_module(directory / "network.safetensors", network)
        network.to(device).eval().requires_grad_(False)
        known = PixelLevels(None if levels is None else tuple(levels))
        return FittedImageToImage(
            spec, config, way, network, rows, known, pool, device, about["stats"], about["summary"]
        )


def _from_looks(way: Way, config: ImageToImageConfig) -> bool:
    return way == "unpaired" and config.start != "as_is"


def prepare_run(data: TrainingData, config: ImageToImageConfig, run: Run) -> tuple[Way, TranslationRun]:
    """What is learnt from, and the networks on their data, not yet trained. Raises MethodError."""
    image = check_images(data.train, ImageToImage.name)
    way = way_of_data(data, config.way, config.masks)
    field_ = config.field(image)
    matched = config.start != "as_is"
    task = make_task(way, data, config.window(data.train.spec), matched_start=matched, seed=run.seed)
    masks = task.shown - 1 if way == "masks" else 0
    network = _unet(data.train.spec, config, way, masks, run.seed)
    critic, contrast = _opponents(task, image, config, field_, network, run.seed)
    for module in (network, critic, contrast):
        module.to(run.device)
    settings = config.run_settings(matched=task.matched)
    return way, TranslationRun(network, critic, contrast, task, settings, run.derive("image_to_image"))


def _unet(spec: DatasetSpec, config: ImageToImageConfig, way: Way, masks: int, seed: int) -> UNet:
    image, told = spec.images, len(spec.classes) if way == "masks" else 0
    inputs = image.channels + GRAIN + (masks + 1 if way == "masks" else 0)
    with own_weights(seed):
        return UNet(
            inputs,
            image.channels,
            width=config.width,
            levels=usual_levels(image.height, image.width),
            noise=NOISE + told,
            residual=way == "unpaired",
        )


def _opponents(
    task: Task, image: ImageSpec, config: ImageToImageConfig, field_: PatchField, network: UNet, seed: int
) -> tuple[PatchCritic, PatchContrast]:
    with own_weights(seed, "initial weights of the critic"):
        critic = PatchCritic(
            image.channels + task.shown, field_, width=config.critic_width, sides=(image.height, image.width)
        )
        return critic, PatchContrast((image.channels, *network.channels[1:]))


def _no_better(training: TranslationRun) -> str | None:
    """Why nothing is synthesised: the best of what is known without a network is as near to held-out truths, surely."""
    rivals = training.task.held.rivals
    if not rivals:
        return None
    name, best = min(rivals.items(), key=lambda item: item[1].mean())
    ours = training.errors()
    if not surely_no_better(best - ours):
        return None
    words = name.replace("_", " ")
    return f"held-out images come out no better than {words}: {ours.mean():.3f} from the truth, {best.mean():.3f}"


def _without_objects(rows: Samples, labels: npt.NDArray[np.int64], edit: MaskEdit) -> dict[str, str]:
    """Class index -> why no mask of it can be edited."""
    has = has_object(images_of(rows.companions["mask"]))
    counts = {int(index): int(has[labels == index].sum()) for index in np.unique(labels)}
    least = 2 if edit == "from_other_rows" else 1
    return {
        str(index): f"{count} of its train rows have a mask with something in it, {least} are needed"
        for index, count in counts.items()
        if count < least
    }
