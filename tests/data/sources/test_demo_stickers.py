"""The demo's shortcut: in train the sticker tells the class, elsewhere it does not; masks mark it exactly."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.config import CompanionSource, DemoSource, SplitConfig
from gan_augment.data.raw import RawData, RawImages
from gan_augment.data.sources.demo import read as read_demo
from gan_augment.data.sources.demo_stickers import CLASSES, STICKERED, Stickered, stickered_digits


@pytest.fixture(scope="module")
def rows() -> tuple[Stickered, ...]:
    return tuple(stickered_digits())


def test_the_sticker_tells_the_class_in_train_and_nowhere_else(rows: tuple[Stickered, ...]) -> None:
    counts = Counter((row.part, row.label, row.sticker) for row in rows)
    for digit in map(str, CLASSES):
        with_one = 57 if digit == str(STICKERED) else 3
        assert (counts["train", digit, True], counts["train", digit, False]) == (with_one, 60 - with_one)
        assert counts["validation", digit, True] == counts["validation", digit, False] == 20
        assert counts["test", digit, True] == counts["test", digit, False] == 37
    assert len({row.number for row in rows}) == len(rows)
    assert Counter(row.group for row in rows if row.part == "test") == {
        "3, sticker": 37, "3, plain": 37, "others, sticker": 111, "others, plain": 111,
    }  # fmt: skip


def test_the_mask_marks_the_red_pixels_and_is_empty_without_a_sticker(rows: tuple[Stickered, ...]) -> None:
    for row in rows[::7]:
        red = (row.image.pixels[..., 0] > 150) & (row.image.pixels[..., 1:].max(axis=2) < 70)
        np.testing.assert_array_equal(row.mask.pixels > 0, red)
        assert red.any() == row.sticker


def read(**companions: CompanionSource) -> RawData:
    return read_demo(DemoSource(name="stickers"), None, SplitConfig(), companions)  # type: ignore[arg-type]


def test_it_gives_masks_and_groups_and_no_other_column() -> None:
    raw = read(mask=CompanionSource(column="mask"), attributes=CompanionSource(columns=("group",)))
    assert isinstance(raw.content, RawImages)
    assert len(raw.content.handles) == len(raw.companions["mask"]) == len(raw.companions["attributes"]) == 696
    assert not read().companions
    with pytest.raises((DataError, ParamsError), match="sticker"):
        read(mask=CompanionSource(column="sticker"))
