"""Rows without captions, and captions of classes that are none, are refused by name."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import AskedCaption
from gan_augment.synthesis.kit.captions import captions_of, class_index, quoted
from tests.toys import caption_toy, image_toy

TRAIN, _ = caption_toy()


def test_the_captions_of_rows() -> None:
    found = captions_of(TRAIN, "text_to_image")
    assert len(found) == len(TRAIN)
    assert "half" in found[0]


def test_rows_without_captions_are_refused_with_the_remedy() -> None:
    with pytest.raises(MethodError, match=r"companions: \{caption: \{column: COLUMN\}\}"):
        captions_of(image_toy()[0], "text_to_image")


def test_rows_some_of_which_have_none_are_refused() -> None:
    texts = pd.Series([pd.NA, *captions_of(TRAIN, "")[1:]], dtype="string")
    beside = {**TRAIN.samples.companions, "caption": pd.DataFrame({"caption": texts})}
    with pytest.raises(MethodError, match="1 of 160 rows without one"):
        captions_of(replace(TRAIN, samples=replace(TRAIN.samples, companions=beside)), "text_to_image")


@pytest.mark.parametrize("name", ["green/blue", "green-blue"])
def test_a_class_is_named_by_its_label_or_key(name: str) -> None:
    assert class_index(AskedCaption("x", name), TRAIN.spec) == 1


def test_a_strange_class_is_refused() -> None:
    with pytest.raises(MethodError, match="'a caption'") as caught:
        class_index(AskedCaption("a caption", "blue"), TRAIN.spec)
    assert "'red', 'green/blue'" in str(caught.value)


def test_a_long_caption_is_quoted_by_its_beginning() -> None:
    assert quoted("word " * 1000) == repr("word " * 16 + "…")
