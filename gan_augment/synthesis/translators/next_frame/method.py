"""`next_frame`: a labelled image that is a frame of a clip, and what the clip shows after it.

After Lotter, Kreiman, Cox 2015 (arXiv 1511.06380): one network, trained on all clips (those of the pool too), predicts
the frame after some others. A sample starts from a labelled row and carries its label, its mask moved in the same way,
and its place in the clip. Each step feeds the prediction back, so later frames are worse: the summary says how much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, ValidationError

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.quantities import Batch, Checks, Kimg, Rate, Units, Weight
from gan_augment.core.records import DatasetSpec, ImageSpec
from gan_augment.core.samples import NO_LABEL, Samples
from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.frame_networks import FramePredictor
from gan_augment.nn.initialisation import own_weights
from gan_augment.nn.translation_networks import PatchCritic, PatchField, smallest_side, usual_levels
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.health.alarms import MIN_ROWS
from gan_augment.synthesis.kit.checks import JointOnly, check_images
from gan_augment.synthesis.kit.clip_starts import ClipConfig, ClipStarts, read_starts, starts_of
from gan_augment.synthesis.kit.clips import Clips, clips_of, joined
from gan_augment.synthesis.kit.comparison import surely_no_better
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.translators.next_frame.prediction import (
    HeldClips,
    PredictionRun,
    PredictionSettings,
    StepFigures,
    lessons,
    roll_out,
    stacked,
)
from gan_augment.training.checkpoint import load_module, save_module

__all__ = ["FittedNextFrame", "NextFrame", "NextFrameConfig", "prepare_run"]

Ints = npt.NDArray[np.int64]

FEWEST = MIN_ROWS  # held-out clips of a class that say how it is predicted


class NextFrameConfig(ClipConfig):
    """Settings of the network that predicts frames, and of where its predictions start."""

    history: int = Field(default=3, ge=2, le=16, description="earlier frames that it sees, the last one among them")
    kernel: Literal[3, 5, 7, 9, 11, 13, 15] = Field(
        default=7, description="side in px of where a pixel may come from; 7: motion of up to 3 px a frame"
    )
    mse_kimg: Kimg = Field(default=20, gt=0, description="length of the first stage, in thousands of images seen")
    adversarial_kimg: Kimg = Field(default=8, ge=0, description="length of the second stage; 0: there is none")
    adversarial_weight: Weight = Field(default=0.1, ge=0, description="of the adversarial term beside squared error")
    gamma: Weight = Field(default=0.01, ge=0, description="weight of the critic's R1 and R2 penalties")
    batch_size: Batch = Field(default=16, ge=2)
    width: Units = Field(default=16, ge=4, description="channels of the network at full resolution")
    critic_width: Units = Field(default=16, ge=4, description="channels of the critic at full resolution")
    learning_rate: Rate = Field(default=5e-3, gt=0)
    crop: Units = Field(default=64, ge=16, description="training sees windows of at most so many pixels a side")
    checks: Checks = Field(default=10, ge=1, description="how often the first stage's snapshot is judged on validation")
    patience: Checks = Field(default=4, ge=1, description="checks without a smaller error after which the stage ends")

    def run_settings(self) -> PredictionSettings:
        """Lengths in images, the first stage in whole steps and whole checks."""
        return PredictionSettings.of(self, self.mse_kimg, patience=self.patience)


@dataclass
class FittedNextFrame:
    """The trained network with the frames that samples start from."""

    config: NextFrameConfig
    predictor: FramePredictor
    starts: ClipStarts
    device: str = "cpu"
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.levels = PixelLevels.of(images_of(self.starts.rows.payload))

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Frames after real rows of the class, with their place in the clip; `parents` names the row.

        Raises MethodError.
        """
        starts = self.starts
        for _, drawn in starts.blocks(request, NextFrame.name):
            windows = starts.clips.history(drawn.places, self.config.history)
            past = stacked(starts.images, windows).to(self.device)
            images, masks = roll_out(self.predictor, past, starts.masks(drawn.places), drawn.steps)
            own = None if masks is None else masks[drawn.wanted]
            yield starts.synthetic(drawn, self.levels.snap(images[drawn.wanted]), own)

    def save(self, directory: Path) -> None:
        """model.json, predictor.safetensors, and the frames to start from as samples folders."""
        config, starts = self.config.model_dump(mode="json"), self.starts.about
        write_about(directory, NextFrame.name, config=config, starts=starts, summary=self.summary, stats=self.stats)
        save_module(directory / "predictor.safetensors", self.predictor)
        self.starts.save(directory)


class NextFrame(JointOnly):
    """Goes on with the clip that a real image is a frame of: another image of the same class, its mask moved along."""

    name: ClassVar[str] = "next_frame"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        needs=frozenset({"sequence"}),
        uses=frozenset({"mask"}),
        emits=frozenset({"sequence", "mask"}),
        pool="may",
        rivals=("flow_warp",),
    )
    Config: ClassVar[type[MethodConfig]] = NextFrameConfig

    def fit(self, data: TrainingData, config: NextFrameConfig, run: Run) -> FittedNextFrame:
        """One network over all clips. Snapshots are judged on validation clips, without any on the train clips.

        A class whose held-out frames it surely predicts no better than the best of copying, extrapolating and warping
        is named in `summary["refused_classes"]`, and so is one without a frame to start from.
        """
        training, held_labels = prepare_run(data, config, run)
        training.train()
        held, near = training.held, {"history": config.history, "stride": training.stride}
        starts = starts_of(data.train, data.pool, config, **near)
        by_step = [found for step in range(1, config.steps + 1) if (found := held.figures(training.served, step))]
        problem, classes = training.problem, np.unique(starts.labels)
        refused = (
            dict.fromkeys(map(str, classes), problem) if problem else _refused(by_step[0], held, held_labels, classes)
        )
        summary = training.summary | {
            "steps": [figures.to_json() for figures in by_step],
            "refused_classes": refused | starts.refused,
        }
        return FittedNextFrame(config, training.served, starts, run.device, training.loop.history, summary)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedNextFrame:
        """Read a saved model. Raises ModelError."""
        about = read_about(directory, self.name)
        try:
            config = NextFrameConfig.model_validate(about["config"])
            starts = read_starts(directory, spec, about["starts"], config)
        except (ValidationError, KeyError, MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        predictor, _ = _networks(spec.images, config, 0)
        load_module(directory / "predictor.safetensors", predictor)
        predictor.to(device).eval().requires_grad_(False)
        return FittedNextFrame(config, predictor, starts, device, about["stats"], about["summary"])


def prepare_run(data: TrainingData, config: NextFrameConfig, run: Run) -> tuple[PredictionRun, Ints]:
    """The networks on their clips, not yet trained, and the class index of each held-out row. Raises MethodError."""
    image = check_images(data.train, NextFrame.name)
    frames = joined(data.train.samples, None if data.pool is None else data.pool.samples)
    clips = clips_of(frame_of(frames.companions["sequence"]))
    if not len(lessons(clips)):
        raise _no_lesson(clips)
    on, held, held_clips = _held_rows(data, frames, clips)
    predictor, critic = _networks(image, config, run.seed)
    training = PredictionRun(
        predictor.to(run.device),
        critic.to(run.device),
        clips,
        images_of(frames.payload),
        HeldClips(held_clips, images_of(held.payload), config.history, run.device, on),
        config.run_settings(),
        run.derive("next_frame"),
    )
    return training, _labels_or_none(held, data.train.spec)


def _held_rows(data: TrainingData, frames: Samples, clips: Clips) -> tuple[str, Samples, Clips]:
    """What snapshots are judged on: validation clips that show a frame after another; without one, what is learnt."""
    if data.validation is not None and len(data.validation):
        held = clips_of(frame_of(data.validation.samples.companions["sequence"]), clips.stride)
        if len(lessons(held)):
            return "validation", data.validation.samples, held
    return "train", frames, clips


def _labels_or_none(rows: Samples, spec: DatasetSpec) -> Ints:
    """Class index of each row, int64 [n]; `NO_LABEL` for those of the pool."""
    labels, found = rows.manifest["label"], np.full(len(rows), NO_LABEL, dtype=np.int64)
    present = labels.notna().to_numpy(dtype=bool)
    found[present] = spec.class_indices(labels[present])
    return found


def _no_lesson(clips: Clips) -> MethodError:
    lengths = Counter(clips.names.tolist())
    return MethodError(
        f"{NextFrame.name!r} has nothing to learn from",
        where="prepare.companions.sequence in params.yaml",
        got=f"{len(lengths)} clips of at most {max(lengths.values())} frames, and no three frames in a row",
        expected="three frames with consecutive numbers in a clip: two that show a motion, and the one after them",
        remedy="name longer clips in prepare.pool, which need no labels, or check the columns of the sequence",
    )


def _networks(image: ImageSpec, config: NextFrameConfig, seed: int) -> tuple[FramePredictor, PatchCritic]:
    sides = min(image.height, config.crop), min(image.width, config.crop)
    field: PatchField = 16 if min(sides) >= smallest_side(16) else "whole"
    with own_weights(seed):
        predictor = FramePredictor(
            image.channels,
            history=config.history,
            kernel=config.kernel,
            width=config.width,
            levels=usual_levels(*sides),
        )
        return predictor, PatchCritic(
            (config.history + 1) * image.channels, field, width=config.critic_width, sides=sides
        )


def _refused(figures: StepFigures, held: HeldClips, labels: Ints, classes: Ints) -> dict[str, str]:
    """Class index -> why it is not synthesised; a class of few held-out clips goes by those of all classes.

    Frames of one clip succeed or fail together, so chance is that of clips.
    """
    found = {}
    for index in classes:
        mine = labels[figures.places] == index
        if len(set(held.clips.names[figures.places[mine]])) < FEWEST:
            mine = np.ones(len(mine), dtype=bool)
        gains = pd.Series(figures.gains[mine]).groupby(held.clips.names[figures.places[mine]]).mean()
        if surely_no_better(gains.to_numpy(dtype=np.float64)):
            found[str(index)] = (
                f"held-out frames are predicted no better than by {figures.rival}: squared error "
                f"{figures.ours[mine].mean():.2f} a frame against {figures.others[figures.rival][mine].mean():.2f}"
            )
    return found
