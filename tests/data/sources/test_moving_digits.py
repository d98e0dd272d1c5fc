"""The demo of clips: who is where, no digit is used twice, and what moves bounces."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import CompanionSource, DemoSource, PoolDemo, SplitConfig
from gan_augment.data.sources import demo
from gan_augment.data.sources.moving_digits import LONG, SIDE, Frame, labelled_clips, moving, pooled_clips


@functools.cache
def labelled() -> tuple[Frame, ...]:
    return tuple(labelled_clips())


def test_train_clips_show_their_first_frames_and_test_clips_any_one() -> None:
    frames = {
        part: Counter(one.frame for one in labelled() if one.part == part) for part in ("train", "validation", "test")
    }
    assert frames["train"] == dict.fromkeys(range(3), 80)
    assert frames["validation"] == dict.fromkeys(range(LONG), 80)
    assert set(frames["test"]) == set(range(LONG))
    assert Counter(one.label for one in labelled() if one.part == "test") == dict.fromkeys(map(str, range(10)), 50)


def test_no_clip_is_in_two_parts() -> None:
    pooled = tuple(pooled_clips())
    parts: dict[int, set[str]] = {}
    for one in (*labelled(), *pooled):
        parts.setdefault(one.number, set()).add(one.part)
    assert all(len(found) == 1 for found in parts.values())
    assert len(pooled) == 300 * LONG


def test_a_picture_moves_in_a_straight_line_and_bounces() -> None:
    picture = np.array([[0, 0, 0], [0, 9, 9], [0, 9, 9]], np.uint8)
    for seed in range(20):
        clip = moving(picture, np.random.default_rng(seed), side=10, long=12)
        assert clip.shape == (12, 10, 10, 1)
        assert ((clip == 9).sum(axis=(1, 2, 3)) == 4).all()
        places = np.array([np.argwhere(frame[..., 0])[0] for frame in clip])
        steps = np.diff(places, axis=0)
        assert np.abs(steps).max() <= 2
        inside = ((places[1:-1] > 1) & (places[1:-1] < 7)).all(axis=1)  # far from the sides speed does not change
        assert (steps[1:][inside] == steps[:-1][inside]).all()
        assert places.min() >= 0
        assert places.max() <= 8


def test_the_source_and_its_pool_are_read_as_any_other() -> None:
    sequence = CompanionSource(columns=("clip", "frame"))

    def read(config: Any, **companions: CompanionSource) -> Any:
        return demo.read(config, Path(), SplitConfig(), companions)  # type: ignore[arg-type]

    raw = read(DemoSource(name="moving_digits"), sequence=sequence, mask=CompanionSource(column="mask"))
    assert raw.companions["sequence"][1] == (f"digit {labelled()[1].number}", "1")
    mask, image = raw.companions["mask"][0].pixels, raw.content.handles[0].pixels
    assert image.shape == (SIDE, SIDE, 1)
    assert ((mask == 255) == (image >= 60)).all()
    pool = read(PoolDemo(name="moving_digits"), sequence=sequence)
    assert set(pool.rows["label"]) == {""}
    assert not {cells[0] for cells in pool.companions["sequence"]} & {cells[0] for cells in raw.companions["sequence"]}
    with pytest.raises(DataError, match="cover"):
        read(DemoSource(name="moving_digits"), mask=CompanionSource(column="cover"))
