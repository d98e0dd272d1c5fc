"""text_to_image draws what captions say, also what no row shows, and claims no value that it draws badly."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.core.samples import Samples
from gan_augment.synthesis.api import AskedCaption, Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.text_to_image.method import FittedTextToImage, TextToImage, TextToImageConfig
from tests.settings import METHODS
from tests.toys import caption_toy, colours_of, image_toy

SMALL = METHODS["text_to_image"].settings
TRAIN, VALIDATION = caption_toy(withheld=("green", "white"))


def fit(data: TrainingData | None = None, run: Run | None = None, **settings: Any) -> FittedTextToImage:
    config = TextToImageConfig.model_validate(SMALL | settings)
    return TextToImage().fit(data or TrainingData(TRAIN, VALIDATION), config, run or Run(0))


@functools.cache
def learnt() -> FittedTextToImage:
    # Of three seeds two draw both withheld captions, the third draws one of them; at half the length one seed of three.
    return fit(kimg=25.6, width=64, learning_rate=3e-3, judge_steps=60)


@functools.cache
def untrained() -> FittedTextToImage:
    return fit(kimg=0.032)


def drawn(fitted: FittedTextToImage, index: int, count: int = 64) -> tuple[Any, list[str], pd.DataFrame]:
    (batch,) = fitted.sample(SampleRequest(index=index, count=count, seed=1))
    texts = pd.DataFrame(batch.companions["caption"])["caption"].tolist()
    return batch.payload, texts, pd.DataFrame(batch.companions.get("attributes", {}))


@pytest.mark.parametrize(
    ("caption", "index", "ink", "paper"),
    [
        ("a green left half on white", 0, "green", "white"),  # no train row shows it
        ("on white paper the RIGHT half is green", 1, "green", "white"),
        ("left: red ink, black", 0, "red", "black"),
    ],
)
def test_it_draws_a_caption_of_the_users_own(caption: str, index: int, ink: str, paper: str) -> None:
    asked = [AskedCaption(caption)]
    assert learnt().classes_of(asked) == [index]
    images, texts, attributes = drawn(learnt().asked_for(asked), index)
    inks, papers = colours_of(images, index)
    assert np.mean([(one, other) == (ink, paper) for one, other in zip(inks, papers, strict=True)]) > 0.75
    assert set(texts) == {caption}
    assert attributes.drop_duplicates().values.tolist() == [[ink, paper]]
    assert len(np.unique(images, axis=0)) == len(images)  # other noise, another image


def test_the_captions_of_train_rows_are_drawn_with_their_attributes() -> None:
    images, texts, attributes = drawn(learnt(), 1, 256)
    assert set(texts) <= set(learnt().captions.texts)
    inks, _ = colours_of(images, 1)
    assert np.mean(np.array(inks) == attributes["ink"]) > 0.9
    assert all(ink in text for text, ink in zip(texts, attributes["ink"], strict=True))


def test_the_summary_says_what_was_read() -> None:
    summary = learnt().summary
    assert summary["right_caption_above_same_class"] > 0.75
    assert summary["class_read_from_captions"] > 0.95
    assert summary["unknown_values"] == {}
    assert summary["precision"]["ink"]["green"]["judged"]
    assert (summary["words"], summary["longest_caption"]) == (14, 8)


def test_what_it_draws_badly_is_written_as_missing() -> None:
    column = next(iter(untrained().summary["unknown_values"]))
    assert drawn(untrained(), 0)[2][column].isna().any()


def without_attributes(view: Any) -> Any:
    spec = view.spec.model_copy(update={"companions": {"caption": view.spec.companions["caption"]}})
    samples = replace(view.samples, companions={"caption": view.samples.companions["caption"]})
    return replace(view, spec=spec, samples=samples)


def test_without_attributes_captions_are_enough(tmp_path: Path) -> None:
    train, validation = map(without_attributes, (TRAIN, VALIDATION))
    fitted = fit(TrainingData(train, validation), kimg=0.032)
    assert "precision" not in fitted.summary
    fitted.save(tmp_path)
    loaded = TextToImage().load(tmp_path, train.spec)
    assert [set(batch.companions) for batch in loaded.sample(SampleRequest(0, 3, 0))] == [{"caption"}]
    assert loaded.classes_of([AskedCaption("the right half")]) == [1]


def test_long_and_foreign_captions_with_tags_train(tmp_path: Path) -> None:
    def changed(view: Any) -> Any:
        texts = [
            f"<p>{('слева', 'справа')[label]} &amp; 赤い {'слово ' * 100}</p>" if row % 2 else f"{('左', '右')[label]}"
            for row, label in enumerate(view.labels)
        ]
        beside = {**view.samples.companions, "caption": pd.DataFrame({"caption": pd.Series(texts, dtype="string")})}
        return replace(view, samples=replace(view.samples, companions=beside))

    fitted = fit(TrainingData(changed(TRAIN), changed(VALIDATION)), kimg=0.1)
    assert fitted.captions.told.shape[1] == 1 + 64
    assert fitted.summary["longest_caption"] == 103
    assert fitted.classes_of([AskedCaption("右"), AskedCaption("СЛЕВА")]) == [1, 0]


class Killed(BaseException):
    pass


def test_a_killed_training_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    def kill(tick: Any) -> None:
        if tick.done > 0.4:
            raise Killed

    whole, checkpoint = fit(), tmp_path / "state"
    with pytest.raises(Killed):
        fit(run=Run(0, progress=kill, checkpoint=checkpoint))
    resumed = fit(run=Run(0, checkpoint=checkpoint))
    assert resumed.summary == whole.summary
    for key, value in whole.generator.state_dict().items():
        assert torch.equal(value, resumed.generator.state_dict()[key]), key


def test_rows_without_captions_are_refused_with_the_remedy() -> None:
    with pytest.raises(MethodError, match=r"companions: \{caption: "):
        fit(TrainingData(*image_toy()))


def test_a_caption_of_a_class_without_train_rows_is_refused() -> None:
    fitted = fit(TrainingData(TRAIN.of_class(1)), kimg=0.032)
    with pytest.raises(MethodError, match="a class that the model has not learnt"):
        fitted.classes_of([AskedCaption("blue on white", "red")])


def test_rows_of_one_caption_are_refused() -> None:
    texts = pd.DataFrame({"caption": pd.Series(["a picture"] * len(TRAIN), dtype="string")})
    samples: Samples = replace(TRAIN.samples, companions={**TRAIN.samples.companions, "caption": texts})
    with pytest.raises(MethodError, match="nothing to learn from the captions"):
        fit(TrainingData(replace(TRAIN, samples=samples)))
