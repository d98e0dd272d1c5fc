"""The adversarial run: it learns, it resumes exactly, it notices each fault and goes back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.progress import silent
from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.encoding.image import encode_images
from gan_augment.nn.image_networks import build_discriminator, build_generator
from gan_augment.synthesis.api import Run
from gan_augment.synthesis.health.alarms import run_alarm
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.kit.adversarial import AdversarialRun, RunSettings

SPEC = DatasetSpec(
    name="bars",
    modality="image",
    classes=(ClassRecord(key="low", label="low"), ClassRecord(key="high", label="high")),
    image=ImageSpec(height=6, width=6, channels=1),
)
SETTINGS = RunSettings(
    kimg=6.4,
    batch_size=32,
    learning_rate=2e-3,
    gamma=0.3,
    gamma_end=0.03,
    penalty_interval=2,
    operations=("translation",),
    augment_probability=0.1,
    adaptive=True,
    checks=5,
    patience=3,
)


def view(kind: type[Any], split: str, seed: int, count: int = 60) -> Any:
    """Class low: a bright lower half, of random brightness; class high: the upper half."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (2 * count, 6, 6, 1))
    images[:count, 3:] += rng.integers(60, 190, (count, 1, 1, 1))
    images[count:, :3] += rng.integers(60, 190, (count, 1, 1, 1))
    ids, labels = [f"{split}{i}" for i in range(2 * count)], ["low"] * count + ["high"] * count
    manifest = make_manifest(2 * count, id=ids, label=labels, split=split, origin="real")
    return kind(SPEC, Samples(manifest, images.astype(np.uint8)))


TRAIN, VALIDATION = view(TrainView, "train", 1), view(ValidationView, "validation", 2)


def build(
    settings: RunSettings = SETTINGS, *, monitored: bool = True, progress: Any = silent, checkpoint: Path | None = None
) -> AdversarialRun:
    torch.manual_seed(0)
    assert SPEC.image is not None
    networks = (
        build_generator(SPEC.image, classes=2, architecture="mlp", width=32, latent=8, embedding=8),
        build_discriminator(SPEC.image, classes=2, architecture="mlp", width=32),
    )
    monitor = Monitor(TRAIN, VALIDATION, 0) if monitored else None
    return AdversarialRun(*networks, TRAIN, settings, Run(3, "cpu", progress, checkpoint), monitor=monitor)


def test_it_learns_the_classes_and_keeps_the_best_snapshot() -> None:
    run = build()
    run.train()
    history = run.loop.history
    assert len(history) == 5
    assert history[-1]["kid"] < history[0]["kid"] / 2
    assert max(row["cas"] for row in history) > 0.95
    best = max(history, key=lambda row: row["score"])
    assert run.summary["snapshot_kimg"] == best["kimg"]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", [0.5, 2.0, 5.0])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path, kill_at: float) -> None:
    def kill(tick: Any) -> None:
        if tick.done >= kill_at:
            raise Killed

    whole = build()
    whole.train()
    with pytest.raises(Killed):
        build(progress=kill, checkpoint=tmp_path / "state").train()
    resumed = build(checkpoint=tmp_path / "state")
    resumed.train()
    for name, module in whole.loop.networks.items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, resumed.loop.networks[name].state_dict()[key]), (name, key)
    assert resumed.loop.history == whole.loop.history
    assert resumed.summary == whole.summary


def test_a_discriminator_that_does_not_learn_stops_nothing() -> None:
    """It ranks reals and fakes by chance, always: the 50 % that proves nothing."""
    run = build(replace(SETTINGS, kimg=3.2))
    run.loop.phases[0].schedule = replace(run.loop.phases[0].schedule, start=0.0, end=0.0)
    with torch.no_grad():
        for parameter in run.discriminator.parameters():
            parameter.zero_()
    run.train()
    assert run.reason == "length"


def test_a_frozen_generator_stops_nothing() -> None:
    run = build(replace(SETTINGS, kimg=3.2))
    run.loop.phases[1].schedule = replace(run.loop.phases[1].schedule, start=0.0, end=0.0)
    run.train()
    assert run.reason == "length" or run.reason.startswith("alarm")
    assert not any(row["critic_pvalue"] > 0.05 for row in run.loop.history)


def weight_sum(module: torch.nn.Module) -> torch.Tensor:
    return torch.stack([parameter.sum() for parameter in module.parameters()]).sum()


def test_not_a_number_is_rolled_back_and_then_given_up() -> None:
    run = build(replace(SETTINGS, kimg=3.2))
    run.loop.phases[1].loss = lambda _: weight_sum(run.generator) * float("nan")
    run.train()
    assert run.reason.startswith("alarm: ")
    assert "loss is not a number" in run.reason
    assert run.summary["retries"] == 2
    assert set(run.alarms) == {0, 1}  # nothing healthy was ever reached: neither class is synthesised
    assert all(torch.isfinite(p).all() for p in run.best.parameters())


def test_a_collapse_is_rolled_back_with_changed_settings() -> None:
    """Halfway the generator is made to draw one picture; the run returns to the best snapshot and recovers."""
    done: list[bool] = []

    def collapse(tick: Any) -> None:
        if tick.done > 4 and not done:
            done.append(True)
            for network in (run.generator, run.loop.ema.network):
                with torch.no_grad():
                    for parameter in network.parameters():
                        parameter.mul_(0.0)

    run = build(replace(SETTINGS, kimg=9.6, checks=15, patience=50), progress=collapse)
    run.train()
    assert run.summary["retries"] >= 1
    assert run.memory.gamma_scale >= 2
    assert run.memory.rate_scale <= 0.5
    assert not run.reason.startswith("alarm")
    assert run.alarms == {}
    assert run.loop.history[-1]["cas"] > 0.9


class Brightness(torch.nn.Module):
    """A discriminator that takes dark images for generated ones, or knows its train images by heart."""

    def __init__(self, by_heart: torch.Tensor | None = None) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.by_heart = by_heart

    def forward(self, images: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        if self.by_heart is None:
            return images.mean(dim=(1, 2, 3))
        return (images.flatten(1)[:, None] == self.by_heart.flatten(1)).all(2).any(1).float()


class Drawn(torch.nn.Module):
    """A generator that hands out given images, class after class."""

    latent = 2

    def __init__(self, images: np.ndarray) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.images = torch.from_numpy(encode_images(images))

    def forward(self, _: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.images[int(c) * len(self.images) // 2 :][: int((labels == c).sum())] for c in (0, 1)])


def test_a_dead_discriminator_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = build(replace(SETTINGS, kimg=3.2))
    assert run.monitor is not None
    run.loop.phases[0].loss = lambda _: weight_sum(run.discriminator) * 0.0
    dark = Drawn(np.zeros_like(VALIDATION.samples.payload))
    found = run.monitor.ranking(dark, Brightness())
    assert found.share == 1
    monkeypatch.setattr(run.monitor, "ranking", lambda *_: found)
    run.train()
    assert "the discriminator won" in run.reason
    assert "100% of held-out real rows" in run.reason


def test_a_discriminator_that_knows_its_train_images_by_heart_refuses_no_generator_equal_to_the_data() -> None:
    run = build()
    assert run.monitor is not None
    equal = Drawn(view(TrainView, "train", 7).samples.payload)
    by_heart = Brightness(torch.from_numpy(run.monitor.train_images))
    for discriminator in (by_heart, Brightness()):
        assert run_alarm({"discriminator": 1e-4}, partial(run.monitor.ranking, equal, discriminator)) is None


def test_augmentation_rises_while_the_discriminator_is_too_sure() -> None:
    run = build(replace(SETTINGS, augment_probability=0.0))
    run.ranked_above = [torch.tensor(1.0)]
    run._adapt_augmentation(run.loop)
    assert run.memory.augment > 0
    run.ranked_above = [torch.tensor(0.5)]
    before = run.memory.augment
    run._adapt_augmentation(run.loop)
    assert run.memory.augment < before


def test_the_ramp_is_for_small_classes_and_ends_fully_conditional() -> None:
    small = view(TrainView, "train", 1, count=20)
    assert not build(replace(SETTINGS, ramp=True)).ramp  # 60 rows a class
    run = build(replace(SETTINGS, ramp=True))
    run.ramp = AdversarialRun(
        run.generator,
        run.discriminator,
        small,
        replace(SETTINGS, ramp=True),
        Run(0),
        monitor=None,
    ).ramp
    assert run.ramp
    assert [run._label_scale(p) for p in (0.0, 0.25, 0.375, 0.5, 1.0)] == [0, 0, 0.5, 1, 1]


def test_batches_are_balanced_however_rare_a_class_is() -> None:
    few = Samples.concat([TRAIN.samples.take(range(60)), TRAIN.samples.take(range(60, 64))])
    run = AdversarialRun(
        *(build().generator, build().discriminator),
        TrainView(SPEC, few),
        SETTINGS,
        Run(0),
        monitor=None,
    )
    labels = torch.cat([run._batch()[1] for _ in range(60)])
    assert abs(float((labels == 1).float().mean()) - 0.5) < 0.05


def test_half_the_bits_train_nearly_the_same_networks_and_leave_the_weights_whole() -> None:
    whole, half = (build(replace(SETTINGS, bfloat16=bfloat16, checks=2), monitored=False) for bfloat16 in (False, True))
    for run in (whole, half):
        run.train()
    assert {parameter.dtype for parameter in half.best.parameters()} == {torch.float32}
    curves = [[row["discriminator_loss"] for row in run.loop.history] for run in (whole, half)]
    assert curves[0] != curves[1]  # it is another computation
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.05)
