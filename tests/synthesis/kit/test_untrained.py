"""A translator without training: one function, and every promise of a method."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError, ModelError
from gan_augment.core.records import PoolSpec
from gan_augment.core.samples import PoolView
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, TrainingData
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.untrained import (
    OF_ONE_SOURCE,
    Drawn,
    Pixels,
    PooledConfig,
    PooledTranslator,
    UntrainedTranslator,
)
from tests.toys import image_pool, image_toy


class Mean(UntrainedTranslator):
    """The mean of two real images."""

    name: ClassVar[str] = "mean"
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        places = [int(place) for place in random.choice(len(images), size=2)]
        return images[places].mean(0).round().astype(np.uint8), places


class TowardsConfig(PooledConfig):
    method: ClassVar[str] = "towards"


class Towards(PooledTranslator):
    """The real image with the mean of a pool image in its corner."""

    name: ClassVar[str] = "towards"
    Config: ClassVar[type[MethodConfig]] = TowardsConfig

    def draw_towards(self, image: Pixels, style: Pixels, config: Any, random: np.random.Generator) -> Pixels:
        changed = image.copy()
        changed[0, 0] = style.mean()
        return changed


def of_pool(rows: int = 24, *, masks: bool = False) -> Any:
    train, _ = image_toy()
    if masks:
        beside = (np.asarray(train.samples.payload) > 128).astype(np.uint8)
        train = replace(train, samples=replace(train.samples, companions={"mask": beside, "caption": _captions(train)}))
    return Towards().fit(TrainingData(train, pool=image_pool(rows)), TowardsConfig(), Run(0))


def _captions(train: Any) -> pd.DataFrame:
    return pd.DataFrame({"caption": train.samples.manifest["id"]})


def test_pool_images_are_drawn_for_every_class_and_saved_with_the_model(tmp_path: Path) -> None:
    model, (train, _) = of_pool(), image_toy()
    means = {int(image.mean()) for image in np.asarray(image_pool().samples.payload)}
    for index in (0, 1):
        (batch,) = model.sample(SampleRequest(index, 200, seed=1))
        assert set(np.unique(batch.payload[:, 0, 0])) == means  # all of them, whatever the class
    assert model.summary == {"rows": 40, "pool": 24}
    model.save(tmp_path)
    again = Towards().load(tmp_path, train.spec)
    np.testing.assert_array_equal(drawn(again, 9), drawn(model, 9))
    shutil.rmtree(tmp_path / "pool")
    with pytest.raises(ModelError):
        Towards().load(tmp_path, train.spec)


def test_the_mask_of_its_source_goes_with_a_sample_and_nothing_else(tmp_path: Path) -> None:
    model, (train, _) = of_pool(masks=True), image_toy()
    model.save(tmp_path)
    for one in (model, Towards().load(tmp_path, train.spec)):
        (batch,) = one.sample(SampleRequest(1, 30, seed=0))
        assert set(batch.companions) == {"mask"}
        places = [int(parent.rpartition("-")[2]) for parent in batch.parents]
        np.testing.assert_array_equal(batch.companions["mask"], np.asarray(train.samples.payload)[places] > 128)


def test_a_pool_that_is_too_small_of_other_images_or_not_there_is_refused() -> None:
    train, _ = image_toy()
    with pytest.raises(MethodError, match="too small"):
        of_pool(19)
    with pytest.raises(MethodError, match="no pool"):
        Towards().fit(TrainingData(train), TowardsConfig(), Run(0))
    wide = replace(image_pool().samples, payload=np.zeros((24, 8, 8, 3), np.uint8))
    with pytest.raises(MethodError, match="other images"):
        Towards().fit(TrainingData(train, pool=PoolView(train.spec, wide)), TowardsConfig(), Run(0))


@pytest.mark.parametrize(
    ("pool", "said"), [(PoolSpec(rows=19), "too small"), (PoolSpec(rows=500, channels=3), "in colour")]
)
def test_params_check_refuses_the_same(pool: PoolSpec, said: str) -> None:
    spec = image_toy()[0].spec
    with pytest.raises(MethodError, match=said) as caught:
        TowardsConfig().check(spec.model_copy(update={"pool": pool}))
    assert caught.value.remedy
    TowardsConfig().check(spec.model_copy(update={"pool": PoolSpec(rows=20)}))


def test_two_sources_have_no_mask_between_them() -> None:
    assert UntrainedTranslator.traits.emits == frozenset()
    assert OF_ONE_SOURCE.emits == {"mask"}


def fitted() -> Any:
    train, _ = image_toy()
    return Mean().fit(TrainingData(train), MethodConfig(), Run(0))


def drawn(model: Any, count: int, start: int = 0) -> Any:
    return np.concatenate([batch.payload for batch in model.sample(SampleRequest(1, count, seed=3, start=start))])


def test_each_sample_is_made_of_its_parents() -> None:
    model = fitted()
    by_id = dict(zip(model.rows.manifest["id"], model.rows.payload, strict=True))
    (batch,) = model.sample(SampleRequest(index=1, count=30, seed=0))
    for image, parents in zip(batch.payload, batch.parents, strict=True):
        both = np.stack([by_id[one] for one in parents.split()])
        np.testing.assert_array_equal(image, both.mean(0).round().astype(np.uint8))


def test_the_nth_sample_does_not_depend_on_how_it_is_asked_for() -> None:
    model, count = fitted(), BLOCK + 20
    whole = drawn(model, count)
    assert len(whole) == count
    np.testing.assert_array_equal(np.concatenate([drawn(model, 7), drawn(model, count - 7, start=7)]), whole)


def test_a_saved_model_draws_the_same_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    model, (train, _) = fitted(), image_toy()
    model.save(tmp_path)
    np.testing.assert_array_equal(drawn(Mean().load(tmp_path, train.spec), 9), drawn(model, 9))
    (tmp_path / "rows/images.npy").unlink()
    with pytest.raises(ModelError):
        drawn(Mean().load(tmp_path, train.spec), 1)


def test_a_class_that_it_has_no_image_of_is_refused() -> None:
    with pytest.raises(MethodError, match="has not learnt"):
        list(fitted().sample(SampleRequest(index=7, count=1, seed=0)))
