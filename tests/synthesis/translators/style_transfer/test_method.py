"""Style transfer as a method: sources and styles in turn, masks, progress, settings that say nothing, bad pools."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import PoolSpec
from gan_augment.synthesis.api import Run, SampleRequest, TickReport, TrainingData
from gan_augment.synthesis.translators.style_transfer.method import CHUNK, StyleTransfer, StyleTransferConfig
from tests.toys import image_pool, image_toy

QUICK = {"features": "random", "steps": 3}


def fitted(*, pool: int = 24, masks: bool = False, **settings: Any) -> Any:
    train, _ = image_toy()
    if masks:
        beside = (np.asarray(train.samples.payload) > 128).astype(np.uint8)
        train = replace(train, samples=replace(train.samples, companions={"mask": beside}))
    config = StyleTransferConfig(**(settings or {"way": "statistics"}))
    data = TrainingData(train, pool=image_pool(pool) if pool else None)
    return StyleTransfer().fit(data, config, Run(0))


def drawn(model: Any, count: int, start: int = 0, index: int = 1) -> Any:
    return np.concatenate([b.payload for b in model.sample(SampleRequest(index, count, seed=3, start=start))])


@pytest.mark.parametrize("settings", [{"way": "statistics"}, QUICK])
def test_the_nth_sample_does_not_depend_on_how_it_is_asked_for(settings: dict[str, Any]) -> None:
    model, count = fitted(**settings), CHUNK + 10
    whole = drawn(model, count)
    np.testing.assert_array_equal(np.concatenate([drawn(model, 7), drawn(model, count - 7, start=7)]), whole)


def test_every_row_and_every_style_is_used_as_often_as_can_be() -> None:
    model = fitted()
    batches = list(model.sample(SampleRequest(1, 60, seed=3)))
    counts = Counter(parent for batch in batches for parent in batch.parents)
    assert len(counts) == 20
    assert set(counts.values()) == {3}
    looks = np.concatenate([model.styles_from(first, SampleRequest(1, 96, seed=3)) for first in (0, 32, 64)])
    assert set(Counter(one.tobytes() for one in looks[:72]).values()) == {3}  # 24 styles


def test_the_mask_of_the_source_goes_with_the_sample(tmp_path: Path) -> None:
    model = fitted(masks=True)
    model.save(tmp_path)
    train, _ = image_toy()
    for one in (model, StyleTransfer().load(tmp_path, train.spec)):
        for batch in one.sample(SampleRequest(1, 40, seed=0)):
            places = [int(parent.rpartition("-")[2]) for parent in batch.parents]
            np.testing.assert_array_equal(batch.companions["mask"], np.asarray(train.samples.payload)[places] > 128)


@pytest.mark.parametrize(
    "settings", [{"way": "statistics"}, QUICK, {"features": "own", "steps": 2, "training_steps": 2}]
)
@pytest.mark.parametrize("pool", [0, 24])
def test_a_saved_model_draws_the_same(settings: dict[str, Any], pool: int, tmp_path: Path) -> None:
    model = fitted(pool=pool, **settings)
    model.save(tmp_path)
    again = StyleTransfer().load(tmp_path, image_toy()[0].spec)
    np.testing.assert_array_equal(drawn(again, 9), drawn(model, 9))
    assert (tmp_path / "pool").exists() == bool(pool)
    assert model.summary["styles"] == (pool or "generated")


def test_without_a_pool_every_sample_has_a_texture_of_its_own() -> None:
    model, request = fitted(pool=0), SampleRequest(1, 64, seed=3)
    looks = np.concatenate([model.styles_from(first, request) for first in (0, 32)])
    assert len({one.tobytes() for one in looks}) == 64
    assert fitted(pool=24, way="statistics", styles="generated").looks is None


def test_a_strength_of_nothing_gives_the_sources() -> None:
    train, _ = image_toy()
    pixels = dict(zip(train.samples.manifest["id"], np.asarray(train.samples.payload), strict=True))
    for settings in ({"way": "statistics", "strength": 0}, QUICK | {"strength": 0}):
        (batch,) = fitted(**settings).sample(SampleRequest(0, 30, seed=1))
        np.testing.assert_array_equal(batch.payload, np.stack([pixels[parent] for parent in batch.parents]))


def test_progress_is_told_while_features_are_learnt() -> None:
    ticks: list[TickReport] = []
    train, _ = image_toy()
    config = StyleTransferConfig(features="own", steps=1, training_steps=4)
    StyleTransfer().fit(TrainingData(train), config, Run(0, progress=ticks.append))
    assert [(tick.done, tick.total) for tick in ticks] == [(0, 4), (1, 4), (2, 4), (3, 4)]


@pytest.mark.parametrize(
    "settings",
    [
        {"way": "statistics", "features": "own"},
        {"way": "statistics", "steps": 10},
        {"way": "statistics", "training_steps": 10},
        {"way": "optimise", "features": "random", "training_steps": 10},
        {"training_steps": 10},
    ],
)
def test_settings_without_effect_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no effect"):
        StyleTransferConfig(**settings)


def test_pools_that_cannot_give_styles_are_refused_before_and_at_the_training() -> None:
    spec = image_toy()[0].spec
    config = StyleTransferConfig(way="statistics")
    for pool, said in (
        (PoolSpec(rows=19), "too small"),
        (PoolSpec(rows=0), "too small"),
        (PoolSpec(rows=99, channels=3), "colour"),
    ):
        with pytest.raises(MethodError, match=said):
            config.check(spec.model_copy(update={"pool": pool}))
        StyleTransferConfig(styles="generated").check(spec.model_copy(update={"pool": pool}))
    config.check(spec)
    with pytest.raises(MethodError, match="there is none"):
        StyleTransferConfig(styles="pool").check(spec)
    with pytest.raises(MethodError, match="too small"):
        fitted(pool=19)
