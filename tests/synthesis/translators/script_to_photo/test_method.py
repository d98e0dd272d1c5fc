"""Strings lie beside translated rows exactly, the script's picture too; nothing is served that did not do its work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ImageSpec, PoolSpec
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.registry import resolve_method
from gan_augment.synthesis.rivals import rivals_of
from gan_augment.synthesis.translators.script_to_photo.method import ScriptToPhoto, ScriptToPhotoConfig
from tests.synthesis.translators.script_to_photo.test_translation import SMALL
from tests.toys import text_pool, text_toy


def test_strings_and_script_lie_beside_the_rows() -> None:
    fitted = ScriptToPhoto().fit(
        TrainingData(*text_toy(), text_pool()), ScriptToPhotoConfig.model_validate(SMALL | {"kimg": 0.032}), Run(0)
    )
    (batch,) = fitted.sample(SampleRequest(index=0, count=40, seed=0))
    frame, pair = (batch.companions[role] for role in ("text", "pair"))
    assert all(str(text)[0] == "0" for text in frame["text"])  # type: ignore[index]
    script, made = np.asarray(pair).astype(int), np.asarray(batch.payload).astype(int)
    assert script.shape == made.shape
    assert script[:, 0, 0].max() == 0  # as it was written: black paper, before any camera
    assert script.max(axis=(1, 2, 3)).min() > 150
    own = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(script, made, strict=True)]
    other = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(script, np.roll(made, 1, 0), strict=True)]
    assert np.mean(own) > np.mean(other)


def test_the_rivals_write_the_same_script_or_need_labels() -> None:
    names = [rival.name for rival in rivals_of(resolve_method("script_to_photo"))]
    assert names == ["domain_randomise", "matched_script", "permute_characters"]


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        ({"pool": PoolSpec(rows=19)}, {}, "at least 20"),
        ({"pool": PoolSpec(rows=50, channels=3)}, {}, "in colour"),
        ({}, {"field": 34}, "field"),
        ({"image": ImageSpec(height=8, width=16, channels=1)}, {"script": {"format": "0"}}, "one string"),
    ],
)
def test_what_cannot_be_trained_is_refused_before(change: Any, settings: Any, words: str) -> None:
    spec = text_toy(8)[0].spec.model_copy(update=change)
    with pytest.raises(MethodError, match=words):
        ScriptToPhotoConfig.model_validate(settings).check(spec)


def test_before_the_strings_are_read_only_what_is_known_is_checked() -> None:
    spec = text_toy(8)[0].spec.model_copy(update={"text": None})
    ScriptToPhotoConfig().check(spec)
    ScriptToPhotoConfig.model_validate({"script": {"alphabet": "01A", "format": "A[01]{2}"}}).check(spec)
    with pytest.raises(MethodError, match="'B'"):
        ScriptToPhotoConfig.model_validate({"script": {"alphabet": "01A", "format": "B[01]{2}"}}).check(spec)
