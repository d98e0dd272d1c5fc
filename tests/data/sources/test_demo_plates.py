"""Plates: what is on them, that no handwriting is in two parts, and that the camera shows it."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import CompanionSource, DemoSource, PoolDemo, SplitConfig
from gan_augment.data.sources import demo
from gan_augment.data.sources.demo_plates import HEIGHT, KINDS, PARTS, POOLED, WIDTH, Plates


@functools.cache
def plates() -> Plates:
    return Plates()


def test_no_digit_is_in_two_parts() -> None:
    numbers = [number for own in plates().own.values() for digit in own for number in digit]
    assert len(set(numbers)) == len(numbers) == 1797
    assert all(len(own) == 10 and min(map(len, own)) > 20 for own in plates().own.values())


def test_a_plate_is_what_its_part_and_number_say() -> None:
    one, again, other = plates().plate("train", 3), Plates().plate("train", 3), plates().plate("train", 5)
    np.testing.assert_array_equal(one.image.pixels, again.image.pixels)
    assert one.text == again.text
    assert not np.array_equal(one.image.pixels, other.image.pixels)
    assert one.image.pixels.shape == (HEIGHT, WIDTH)
    assert all(plates().plate("test", n).text[0] in KINDS[plates().plate("test", n).kind] for n in range(6))


def test_ink_is_darker_than_paper() -> None:
    shown = [plates().plate("test", number).image.pixels.astype(float) for number in range(20)]
    assert np.mean([image[4:12, 6:50].mean() < image[[0, -1]].mean() for image in shown]) > 0.9


def test_the_source_and_its_pool_are_read_as_any_other() -> None:
    text = {"text": CompanionSource(column="text")}
    raw = demo.read(DemoSource(name="plates"), Path(), SplitConfig(), text)  # type: ignore[arg-type]
    assert Counter(raw.rows["split"]) == PARTS
    assert set(raw.rows["label"]) == set(KINDS)
    assert all(len(str(cell)) == 5 for (cell,) in raw.companions["text"])  # type: ignore[misc]
    pool = demo.read(PoolDemo(name="plates"), Path(), SplitConfig(), {})
    assert len(pool.rows) == POOLED
    assert set(pool.rows["label"]) == {""}
    with pytest.raises(DataError):
        demo.read(PoolDemo(name="plates"), Path(), SplitConfig(), text)  # type: ignore[arg-type]
