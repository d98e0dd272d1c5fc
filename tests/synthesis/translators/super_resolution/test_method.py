"""Super-resolution: what it learns, what it refuses, how its stages follow one another, exact resume."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.fidelity.restoration import psnr
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.super_resolution.method import (
    FittedSuperResolution,
    SuperResolution,
    SuperResolutionConfig,
    _refused,
    prepare_run,
)
from gan_augment.synthesis.translators.super_resolution.restoration import RestorationRun

LABELS = ("wide", "tall")
SMALL = SuperResolutionConfig(
    l1_kimg=0.32, adversarial_kimg=0.16, batch_size=8, width=8, blocks=1, discriminator_width=8, checks=4
)
TRAINED = SMALL.model_copy(update={"l1_kimg": 4.0, "adversarial_kimg": 0.0, "width": 16, "blocks": 2})


def rectangles(count: int, seed: int, height: int = 16, width: int = 16) -> Any:
    """uint8 [2 * count, height, width, 1]: a sharp-edged bar, lying in the first half, standing in the second."""
    rng = np.random.default_rng(seed)
    images = np.empty((2 * count, height, width, 1), np.uint8)
    for number in range(2 * count):
        dark, bright = sorted(rng.choice(256, 2, replace=False))
        top, left = rng.integers(1, height // 2), rng.integers(1, width // 2)
        size = (3, width // 2) if number < count else (height // 2, 3)
        images[number] = dark
        images[number, top : top + size[0], left : left + size[1]] = bright
    return images


def view(kind: type[Any], images: Any, split: str) -> Any:
    height, width, channels = images.shape[1:]
    classes = tuple(ClassRecord(key=label, label=label) for label in LABELS)
    image = ImageSpec(height=height, width=width, channels=channels)
    labels = [LABELS[0]] * (len(images) // 2) + [LABELS[1]] * (len(images) - len(images) // 2)
    ids = [f"{split}{number}" for number in range(len(images))]
    manifest = make_manifest(len(images), id=ids, label=labels, split=split, origin="real")
    return kind(DatasetSpec(name="bars", modality="image", classes=classes, image=image), Samples(manifest, images))


TRAIN, VALIDATION = view(TrainView, rectangles(40, 1), "train"), view(ValidationView, rectangles(15, 2), "validation")


def run_of(config: SuperResolutionConfig = SMALL, **options: Any) -> RestorationRun:
    return prepare_run(TrainingData(TRAIN, VALIDATION), config, Run(3, **options))


@functools.cache
def trained() -> FittedSuperResolution:
    return SuperResolution().fit(TrainingData(TRAIN, VALIDATION), TRAINED, Run(0))


def pillow(images: Any, side: int) -> Any:
    each = [np.asarray(Image.fromarray(one[..., 0]).resize((side, side), Image.Resampling.BICUBIC)) for one in images]
    return np.stack(each)[..., None]


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


# ---- what it learns


def test_it_restores_sharp_edges_better_than_bicubic() -> None:
    truth = rectangles(20, 9)
    low = pillow(truth, 8)
    restored, bicubic = psnr(trained().restore(low), truth).mean(), psnr(pillow(low, 16), truth).mean()
    assert restored > bicubic + 1
    summary = trained().summary
    assert summary["l1_psnr"] > summary["bicubic_psnr"] + 1
    assert summary["refused_classes"] == {}
    assert summary["psnr_on"] == "validation"


def test_a_constant_image_is_restored_to_the_constant() -> None:
    for level in (0, 100, 255):
        low = np.full((1, 8, 8, 1), level, np.uint8)
        assert np.abs(trained().restore(low).astype(int) - level).max() <= 4


# ---- samples


def test_parents_are_of_the_class_and_evenly_used() -> None:
    for label in (0, 1):
        request = SampleRequest(index=label, count=100, seed=5, start=40)
        parents = [parent for batch in trained().sample(request) for parent in batch.parents or ()]
        manifest = TRAIN.samples.manifest.set_index("id")
        assert set(manifest.loc[parents, "label"]) == {LABELS[label]}
        assert len(set(parents)) == 40
        assert set(Counter(parents).values()) <= {2, 3}


def test_a_sample_resembles_its_parent_and_two_of_one_parent_differ() -> None:
    batches = list(trained().sample(SampleRequest(index=0, count=80, seed=5)))
    images = np.concatenate([np.asarray(batch.payload) for batch in batches]).astype(float)
    parents = [parent for batch in batches for parent in batch.parents or ()]
    place = {name: number for number, name in enumerate(TRAIN.samples.manifest["id"])}
    rows = TRAIN.samples.payload.astype(float)
    distance = np.square(images[:, None] - rows[None, :40]).mean((2, 3, 4))
    own = distance[np.arange(80), [place[parent] for parent in parents]]
    assert np.mean(own < np.quantile(distance, 0.1, axis=1)) > 0.9
    twins = [np.flatnonzero(np.array(parents) == parent) for parent in set(parents)]
    assert np.mean([np.abs(images[first] - images[second]).max() > 2 for first, second in twins]) > 0.9


def test_without_variation_two_samples_of_one_parent_are_equal() -> None:
    """The toy's forced answer: what varies is the reduction, and nothing else."""
    still = SMALL.model_copy(update={"shift": 0.0, "blur": 0.0, "kernels": ("bicubic",)})
    fitted = SuperResolution().fit(TrainingData(TRAIN), still, Run(0))
    batches = list(fitted.sample(SampleRequest(index=1, count=80, seed=5)))
    drawn: dict[str, bytes] = {}
    for batch in batches:
        for parent, image in zip(batch.parents or (), np.asarray(batch.payload), strict=True):
            assert drawn.setdefault(parent, image.tobytes()) == image.tobytes()
    assert len(drawn) == 40
    assert fitted.summary["psnr_on"] == "train"


@pytest.mark.parametrize(("height", "width", "factor"), [(9, 16, 2), (14, 17, 4)])
def test_sides_need_not_be_multiples_of_the_factor(height: int, width: int, factor: int) -> None:
    train = view(TrainView, rectangles(6, 1, height, width), "train")
    fitted = SuperResolution().fit(
        TrainingData(train), SMALL.model_copy(update={"factor": factor, "l1_kimg": 0.04}), Run(0)
    )
    (batch,) = fitted.sample(SampleRequest(index=0, count=5, seed=0))
    assert np.asarray(batch.payload).shape == (5, height, width, 1)


# ---- refusals


@pytest.mark.parametrize(("side", "factor", "fits"), [(7, 2, True), (6, 2, False), (13, 4, True), (12, 4, False)])
def test_images_too_small_for_the_factor_are_refused(side: int, factor: int, fits: bool) -> None:
    config = SMALL.model_copy(update={"factor": factor, "l1_kimg": 0.04})
    train = view(TrainView, rectangles(6, 1, side, side + 4), "train")
    if fits:
        SuperResolution().fit(TrainingData(train), config, Run(0))
        return
    with pytest.raises(MethodError, match="too small"):
        config.check(train.spec)
    with pytest.raises(MethodError, match="too small"):
        SuperResolution().fit(TrainingData(train), config, Run(0))


@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (2, 3, 8, 1), (8, 8, 1)])
def test_restore_refuses_what_it_cannot_enlarge(shape: tuple[int, ...]) -> None:
    with pytest.raises(MethodError, match="enlarged"):
        trained().restore(np.zeros(shape, np.uint8))
    with pytest.raises(MethodError, match="enlarged"):
        trained().restore(np.zeros((2, 8, 8, 1), np.float32))  # type: ignore[arg-type]


def test_restore_takes_other_sizes_and_none() -> None:
    assert trained().restore(np.zeros((3, 5, 9, 1), np.uint8)).shape == (3, 10, 18, 1)
    assert trained().restore(np.zeros((0, 5, 9, 1), np.uint8)).shape == (0, 10, 18, 1)


def test_a_network_no_better_than_bicubic_is_refused_for_every_class() -> None:
    """A learning rate of almost 0 leaves the network at its start, which is bicubic enlargement."""
    idle = SMALL.model_copy(update={"learning_rate": 1e-30})
    summary = SuperResolution().fit(TrainingData(TRAIN, VALIDATION), idle, Run(0)).summary
    assert set(summary["refused_classes"]) == {"0", "1"}
    assert "no better than by bicubic" in summary["refused_classes"]["0"]
    assert summary["served_stage"] == "l1"


def test_only_the_class_that_is_restored_badly_is_refused() -> None:
    """On validation `tall` is flat, which bicubic restores exactly; `wide` has edges as in train."""
    images = rectangles(15, 2)
    images[15:] = 90
    config = TRAINED.model_copy(update={"l1_kimg": 1.0})
    data = TrainingData(TRAIN, view(ValidationView, images, "validation"))
    fitted = SuperResolution().fit(data, config, Run(0))
    assert set(fitted.summary["refused_classes"]) == {"1"}


def test_a_perfect_restorer_is_never_refused_and_a_class_of_few_images_goes_by_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_of()
    perfect = psnr(run.held.truth, run.held.truth)
    labels, classes = np.repeat([0, 1, 2], [20, 8, 2]), np.arange(3)
    monkeypatch.setattr(run.held, "figures", lambda _: (perfect, 1.0))
    assert _refused(run, labels, classes) == {}
    blurred = run.held.bicubic - 1
    blurred[28:] += 40  # the two of the smallest class happen to be flat
    monkeypatch.setattr(run.held, "figures", lambda _: (blurred, 1.0))
    assert set(_refused(run, labels, classes)) == {"0", "1"}
