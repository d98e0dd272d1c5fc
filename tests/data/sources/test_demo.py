from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import DEMO_NAMES, CompanionSource, DemoName, DemoSource, SplitConfig
from gan_augment.data.raw import ArrayImage, RawData, RawImages, RawTable
from gan_augment.data.sources import demo


def read(name: DemoName) -> RawData:
    return demo.read(DemoSource(name=name), Path(), SplitConfig())


def test_digits_are_a_long_tail_with_balanced_validation_and_test() -> None:
    rows = read("digits").rows
    counts = Counter(zip(rows["label"], rows["split"], strict=True))
    for label in map(str, range(10)):
        assert counts[label, "train"] == (10 if label in "358" else 60)
        assert counts[label, "validation"] == 40
        assert counts[label, "test"] == 74
    assert rows["identity"].is_unique


def test_digits_are_the_whole_range_of_grey() -> None:
    content = read("digits").content
    assert isinstance(content, RawImages)
    pixels = np.stack([handle.pixels for handle in content.handles if isinstance(handle, ArrayImage)])
    assert pixels.shape == (1590, 8, 8)
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_penguins_have_mixed_columns_with_missing_values() -> None:
    raw = read("penguins")
    assert isinstance(raw.content, RawTable)
    assert raw.rows["label"].value_counts().to_dict() == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}
    assert {column.kind for column in raw.content.spec.columns} == {"numeric", "categorical"}
    assert raw.content.frame.isna().sum().sum() == 19
    assert raw.licence == "CC0-1.0"


def test_breast_cancer_is_numeric() -> None:
    raw = read("breast_cancer")
    assert isinstance(raw.content, RawTable)
    assert raw.content.frame.shape == (569, 30)
    assert raw.rows["label"].value_counts().to_dict() == {"benign": 357, "malignant": 212}


@pytest.mark.parametrize("name", DEMO_NAMES)
def test_reading_twice_gives_the_same(name: DemoName) -> None:
    assert read(name).rows.equals(read(name).rows)


def test_coloured_digits_have_rare_combinations_in_train_and_none_elsewhere() -> None:
    companions = {
        "attributes": CompanionSource(columns=("ink", "background")),
        "caption": CompanionSource(column="caption"),
    }
    raw = demo.read(DemoSource(name="colour_digits"), Path(), SplitConfig(), companions)  # type: ignore[arg-type]
    assert isinstance(raw.content, RawImages)
    parts = raw.rows["split"].to_numpy()
    pairs = np.array(raw.companions["attributes"])
    train, test = (Counter(map(tuple, pairs[parts == part])) for part in ("train", "test"))
    assert len(train) == len(test) == 12
    assert (min(train.values()), max(train.values())) == (5, 274)
    assert min(test.values()) > 40
    for handle, (ink, background), (caption,) in list(
        zip(raw.content.handles, pairs, raw.companions["caption"], strict=True)  # type: ignore[arg-type]
    )[:40]:
        assert isinstance(handle, ArrayImage)
        assert handle.pixels.shape == (16, 16, 3)
        assert ink in caption
        assert background in caption
        corner = np.median(handle.pixels[:, 0].reshape(-1, 3), axis=0)
        assert np.abs(corner - demo.BACKGROUNDS[background]).max() < 40
    with pytest.raises(DataError, match="did you mean 'ink'"):
        wrong = {"attributes": CompanionSource(columns=("inc",))}
        demo.read(DemoSource(name="colour_digits"), Path(), SplitConfig(), wrong)  # type: ignore[arg-type]
