"""A translator without training: one function, and every promise of a method."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from gan_augment.core.errors import MethodError, ModelError
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, TrainingData
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.untrained import Drawn, Pixels, UntrainedTranslator
from tests.toys import image_toy


class Mean(UntrainedTranslator):
    """The mean of two real images."""

    name: ClassVar[str] = "mean"
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        places = [int(place) for place in random.choice(len(images), size=2)]
        return images[places].mean(0).round().astype(np.uint8), places


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
