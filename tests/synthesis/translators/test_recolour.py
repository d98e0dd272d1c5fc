"""Recolouring: the colour asked for comes, what has another colour stays, and a column of no colours is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.recolour import (
    FittedRecolour,
    Recolour,
    RecolourConfig,
    recoloured,
    value_colours,
)
from tests.toys import attribute_toy, colours_of, image_toy

WITHHELD = ("blue", "black")


def fitted(combinations: str = "all") -> FittedRecolour:
    train, validation = attribute_toy(withheld=WITHHELD)
    config = RecolourConfig.model_validate({"combinations": combinations})
    return Recolour().fit(TrainingData(train, validation), config, Run(0))


@pytest.fixture(scope="module")
def model() -> FittedRecolour:
    return fitted()


@pytest.mark.parametrize("index", [0, 1])
def test_the_image_has_the_colours_that_its_attributes_say(model: FittedRecolour, index: int) -> None:
    (drawn,) = model.sample(SampleRequest(index=index, count=60, seed=1))
    said = frame_of(drawn.companions["attributes"])
    inks, papers = colours_of(np.asarray(drawn.payload), index)
    assert list(said["ink"]) == inks
    known = said["paper"].notna().to_numpy()
    assert list(said["paper"][known]) == list(np.array(papers)[known])
    assert ((said["ink"] == WITHHELD[0]) & (said["paper"] == WITHHELD[1])).any()  # which no train row has


def test_balanced_draws_only_combinations_of_train_rows_and_no_parent_as_it_is() -> None:
    model = fitted("balanced")
    (drawn,) = model.sample(SampleRequest(index=0, count=60, seed=1))
    said = frame_of(drawn.companions["attributes"])
    assert not ((said["ink"] == WITHHELD[0]) & (said["paper"] == WITHHELD[1])).any()
    places = {name: place for place, name in enumerate(model.rows.manifest["id"])}
    parents = np.asarray(model.rows.payload)[[places[name] for name in drawn.parents or ()]]
    assert (np.abs(parents.astype(int) - np.asarray(drawn.payload)).max(axis=(1, 2, 3)) > 50).all()


def test_a_mixture_moves_by_its_share_and_other_colours_stay() -> None:
    red, white, blue = np.array([200.0, 0, 0]), np.array([250.0, 250, 250]), np.array([0.0, 0, 200])
    image = np.stack([red, (red + white) / 2, white])[None].astype(np.uint8)
    (full, half, other) = recoloured(image, [(red, blue, white[None])])[0].astype(float)
    np.testing.assert_allclose(full, blue, atol=25)
    np.testing.assert_allclose(half, (blue + white) / 2, atol=25)
    np.testing.assert_array_equal(other, white.astype(np.uint8))
    grey = np.full(3, 90.0)
    both = recoloured(image, [(red, blue, white[None]), (white, grey, red[None])])[0].astype(float)
    np.testing.assert_allclose(both, np.stack([blue, (blue + grey) / 2, grey]), atol=25)


def test_a_column_whose_values_are_no_colours_keeps_those_of_the_parents() -> None:
    train, _ = attribute_toy()
    told = frame_of(train.samples.companions["attributes"]).assign(
        mood=pd.Series(np.random.default_rng(0).choice(["gay", "sad"], len(train)), dtype="string")
    )
    train = replace(train, samples=replace(train.samples, companions={"attributes": told}))
    model = Recolour().fit(TrainingData(train), RecolourConfig(), Run(0))
    assert model.summary["kept_columns"] == ["mood"]
    (drawn,) = model.sample(SampleRequest(index=0, count=30, seed=1))
    of_parent = dict(zip(train.samples.manifest["id"], told["mood"], strict=True))
    assert list(frame_of(drawn.companions["attributes"])["mood"]) == [of_parent[one] for one in drawn.parents or ()]


def test_a_saved_model_keeps_its_columns(model: FittedRecolour, tmp_path: Path) -> None:
    model.save(tmp_path)
    again = Recolour().load(tmp_path, model.spec)
    assert again.summary == model.summary
    assert again.attributes == model.attributes


def test_grey_images_and_rows_without_attributes_are_refused() -> None:
    coloured, _ = attribute_toy()
    bare = replace(coloured, samples=coloured.samples.with_roles(()))
    with pytest.raises(MethodError, match="needs attributes"):
        Recolour().fit(TrainingData(bare), RecolourConfig(), Run(0))
    train, _ = image_toy()
    with pytest.raises(MethodError, match="changes colours"):
        Recolour().fit(TrainingData(train), RecolourConfig(), Run(0))


def test_colours_that_go_together_in_train_are_told_apart() -> None:
    """Dark hair nearly always goes with brown eyes: the eyes' colour is not the hair's."""
    random = np.random.default_rng(0)
    first = random.integers(1, 3, 200)
    second = np.where(random.random(200) < 0.9, first, 3 - first)
    paint = np.array([[240, 240, 240], [200, 20, 20], [20, 20, 200], [20, 200, 20], [200, 200, 20]])
    images = np.full((200, 8, 8, 3), 240)
    images[:, :4], images[:, 6:, :3] = paint[first][:, None, None], paint[second + 2][:, None, None]
    colours = value_colours(images.astype(np.uint8), np.stack([first, second], axis=1), (3, 3), paint.astype(float))
    for found, wanted in zip(colours, (paint[1:3], paint[3:5]), strict=True):
        assert found is not None
        np.testing.assert_array_equal(found[1:], wanted)
