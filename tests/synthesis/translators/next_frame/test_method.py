"""`next_frame`: it foresees a forced motion, never sees the frame to predict, moves masks, refuses what it must."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.records import PoolSpec
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.kit.clips import clips_of
from gan_augment.synthesis.translators.next_frame.method import (
    FittedNextFrame,
    NextFrame,
    NextFrameConfig,
    _refused,
    prepare_run,
)
from gan_augment.synthesis.translators.next_frame.prediction import HeldClips, PredictionRun, StepFigures
from tests.toys import clip_toy

SMALL = NextFrameConfig(mse_kimg=0.32, adversarial_kimg=0.16, batch_size=8, width=8, critic_width=8, checks=4, kernel=3)
TRAINED = SMALL.model_copy(update={"mse_kimg": 3.0, "adversarial_kimg": 0.0, "batch_size": 16})
TRAIN, VALIDATION, POOL = clip_toy(), clip_toy(10, 6, split="validation"), clip_toy(40, 6, split="pool")


def run_of(config: NextFrameConfig = SMALL, data: TrainingData | None = None, **options: Any) -> PredictionRun:
    return prepare_run(data or TrainingData(TRAIN, VALIDATION), config, Run(3, **options))[0]


@functools.cache
def trained() -> FittedNextFrame:
    return NextFrame().fit(TrainingData(TRAIN, VALIDATION, POOL), TRAINED, Run(0))


def kept(view: Any, rows: Any) -> Any:
    return replace(view, samples=view.samples.take(np.flatnonzero(rows)))


def squares(images: Any) -> list[tuple[int, int]]:
    """The upper left corner of each square."""
    found = [np.argwhere(image[..., 0] > 100) for image in images]
    return [tuple(places.min(axis=0).tolist()) if len(places) else (-1, -1) for places in found]


# ---- what it learns


def test_a_forced_motion_is_foreseen_better_than_by_all_that_learns_nothing() -> None:
    summary = trained().summary
    first = summary["steps"][0]
    assert first["ours"] < 0.3 * first["copy"]
    assert first["ours"] < min(first[name] for name in ("linear", "farneback", "dis"))
    assert [figures["step"] for figures in summary["steps"]] == [1, 2, 3]
    assert summary["refused_classes"] == {}
    assert (summary["error_on"], summary["served_stage"]) == ("validation", "mse")


def test_samples_follow_their_rows_with_mask_and_place_in_the_clip() -> None:
    """The square is where the bounce puts it, so many frames after the last one of its clip."""
    rows = TRAIN.samples.manifest.set_index("id")
    place = {name: number for number, name in enumerate(rows.index)}
    images, sequence = images_of(TRAIN.samples.payload), frame_of(TRAIN.samples.companions["sequence"])
    right: dict[int, list[bool]] = {1: [], 2: [], 3: []}
    fitted = trained()
    pairs = 3 * len(fitted.starts.of_class[1])  # those that come again move
    for batch in fitted.sample(SampleRequest(index=1, count=pairs, seed=5)):
        beside = frame_of(batch.companions["sequence"])
        masks = images_of(batch.companions["mask"])
        for number, parent in enumerate(batch.parents or ()):
            own = place[parent]
            assert sequence["frame"][own] == 5
            assert beside["sequence"][number] == sequence["sequence"][own]
            steps = int(beside["frame"][number]) - 5
            (top, before), (_, last) = squares(images[[own - 1, own]])
            speed = last - before
            left = 8 - abs(last + steps * speed - 8) if speed > 0 else abs(last + steps * speed)
            shown = squares(images_of(batch.payload)[number : number + 1])[0]
            right[steps].append(
                shown == (top, left) and squares(masks[number : number + 1].astype(int) * 20)[0] == (top, left)
            )
            assert set(np.unique(masks[number])) <= {0, 7}
    assert [len(found) for found in right.values()] == [pairs // 3] * 3
    assert np.mean(right[1]) > 0.8
    assert np.mean(right[3]) > 0.3  # by chance: one place in nine


# ---- no leak


def test_the_frame_to_predict_changes_nothing_in_its_prediction() -> None:
    clips = clips_of(frame_of(VALIDATION.samples.companions["sequence"]))
    images = images_of(VALIDATION.samples.payload)
    held = HeldClips(clips, images, 3, "cpu", "validation")
    place = int(held.places[0])
    changed = images.copy()
    changed[clips.after[place]] = 255 - changed[clips.after[place]]
    other = HeldClips(clips, changed, 3, "cpu", "validation")
    predictor = trained().predictor
    np.testing.assert_array_equal(held.predicted(predictor)[0], other.predicted(predictor)[0])
    assert not np.array_equal(held.truth[0], other.truth[0])
    # And it does depend on the frames before.
    earlier = images.copy()
    earlier[place] = 255 - earlier[place]
    assert not np.array_equal(
        held.predicted(predictor)[0], HeldClips(clips, earlier, 3, "cpu", "validation").predicted(predictor)[0]
    )


def test_a_batch_is_a_past_and_the_frame_after_it() -> None:
    run = run_of()
    past, truth = run._batch()
    assert (past.shape, truth.shape) == ((8, 3, 12, 12), (8, 1, 12, 12))
    frames = torch.from_numpy(images_of(TRAIN.samples.payload)).permute(0, 3, 1, 2).float() / 127.5 - 1
    for window, after in zip(past, truth, strict=True):
        place = int((frames - window[-1:]).abs().amax(dim=(1, 2, 3)).argmin())
        assert torch.equal(frames[place], window[-1:])
        assert torch.equal(frames[place + 1], after)
        assert torch.equal(frames[place - 1], window[-2:-1])


def test_validation_rows_give_no_gradient() -> None:
    one = run_of(data=TrainingData(TRAIN, VALIDATION))
    images = 255 - images_of(VALIDATION.samples.payload)
    other = run_of(data=TrainingData(TRAIN, replace(VALIDATION, samples=replace(VALIDATION.samples, payload=images))))
    for run in (one, other):
        run.train()
    assert torch.equal(weights(one.predictor), weights(other.predictor))


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


# ---- refusals


def test_a_class_predicted_no_better_than_the_rival_is_refused_with_both_figures() -> None:
    """By clips: twelve frames of one clip are one piece of evidence."""
    held = run_of(data=TrainingData(TRAIN, clip_toy(24, 6, split="validation"))).held
    labels = np.array([int(name.split()[1]) % 2 for name in held.clips.names])
    other = np.full(len(held.places), 3.0)
    good = np.where(labels[held.places] == 0, 1.0, 4.0)
    figures = StepFigures(1, held.places, good, {"copy": other + 1, "dis": other}, 1.0)
    found = _refused(figures, held, labels, np.arange(2))
    assert set(found) == {"1"}
    assert "no better than by dis: squared error 4.00 a frame against 3.00" in found["1"]
    of_few = _refused(figures, held, np.where(labels == 1, 5, 0), np.array([1]))  # goes by all clips, half of them good
    assert of_few == {}


def test_without_three_frames_in_a_row_there_is_nothing_to_learn() -> None:
    number = frame_of(TRAIN.samples.companions["sequence"])["frame"].to_numpy()
    short = kept(TRAIN, number < 3)
    with pytest.raises(MethodError, match=r"(?s)nothing to learn.*12 clips of at most 2 frames"):
        prepare_run(TrainingData(short), SMALL, Run(0))
    # With a pool there is; the held-out frames are then its own.
    run = run_of(data=TrainingData(short, pool=POOL))
    assert run.held.on == "train"
    assert len(run.places) == 40 * 4


def test_a_pool_of_no_clips_is_refused() -> None:
    with pytest.raises(MethodError, match="frames of no clip"):
        SMALL.check(TRAIN.spec.model_copy(update={"pool": PoolSpec(rows=30)}))


def test_a_class_of_stills_is_refused_and_the_others_are_drawn() -> None:
    number = frame_of(TRAIN.samples.companions["sequence"])["frame"].to_numpy()
    fitted = NextFrame().fit(TrainingData(kept(TRAIN, (TRAIN.labels == 0) | (number == 1))), SMALL, Run(0))
    assert "no motion" in fitted.summary["refused_classes"]["1"]
    with pytest.raises(MethodError, match="cannot start"):
        list(fitted.sample(SampleRequest(index=1, count=1, seed=0)))
