"""The nearest caption's real row, by the words that tell rows apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import AskedCaption, MethodConfig, Run, SampleRequest, TrainingData
from gan_augment.synthesis.translators.retrieve import FittedRetrieve, Retrieve, nearest_captions
from tests.toys import caption_toy, image_toy

TRAIN, VALIDATION = caption_toy(withheld=("blue", "white"))


def fitted() -> FittedRetrieve:
    return Retrieve().fit(TrainingData(TRAIN, VALIDATION), MethodConfig(), Run(0))


def rows(model: FittedRetrieve, index: int) -> pd.DataFrame:
    (batch,) = model.sample(SampleRequest(index=index, count=40, seed=2))
    beside = [pd.DataFrame(batch.companions[role]) for role in ("caption", "attributes")]
    return pd.concat(beside, axis=1).assign(parent=batch.parents, image=[image.tobytes() for image in batch.payload])


def test_rare_words_decide_and_all_that_are_as_near_are_found() -> None:
    known = ["a red one on a page", "a red two on a page", "on a page a red two", "a blue two on a page"]
    assert [places.tolist() for places in nearest_captions(["a red two", "blue", "?"], known)] == [
        [1, 2],
        [3],
        [0, 1, 2, 3],
    ]
    assert [places.tolist() for places in nearest_captions(["red"], ["...", "?"])] == [[0, 1]]


def test_rows_are_real_ones_with_what_lies_beside_them() -> None:
    found = rows(fitted().asked_for([AskedCaption("red ink on black, left")]), 0)
    assert set(found["ink"]) == {"red"}
    assert set(found["paper"].dropna()) == {"black"}
    own = pd.DataFrame(TRAIN.samples.companions["caption"]).assign(
        parent=TRAIN.samples.manifest["id"], image=[image.tobytes() for image in np.asarray(TRAIN.samples.payload)]
    )
    assert len(found.merge(own, on=["parent", "image", "caption"])) == len(found)


def test_of_what_no_row_shows_it_gets_a_part() -> None:
    found = rows(fitted().asked_for([AskedCaption("blue on white", "green/blue")]), 1)
    assert not ((found["ink"] == "blue") & (found["paper"] == "white")).any()
    assert ((found["ink"] == "blue") | (found["paper"] == "white")).all()


def test_without_asking_every_caption_of_the_class_is_looked_for() -> None:
    assert len(set(rows(fitted(), 0)["ink"])) == 3


def test_the_class_is_that_of_the_nearest_rows_or_is_asked_for() -> None:
    model = fitted()
    assert model.classes_of([AskedCaption("the left half is red on black paper"), AskedCaption("x", "red")]) == [0, 0]
    with pytest.raises(MethodError, match="does not tell its class"):
        model.classes_of([AskedCaption("zebra")])


def test_rows_without_captions_are_refused() -> None:
    with pytest.raises(MethodError, match="needs a caption beside every row"):
        Retrieve().fit(TrainingData(*image_toy()), MethodConfig(), Run(0))
