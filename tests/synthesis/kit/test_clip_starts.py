"""Samples start from the last labelled frame of a clip, evenly; a class of stills has nowhere to start."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import PoolView, TrainView
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.kit.clip_starts import CHUNK, ClipConfig, ClipStarts, starts_of
from tests.toys import clip_toy

TRAIN = clip_toy(6, 4)


def starts(train: Any = TRAIN, pool: Any = None, **settings: Any) -> ClipStarts:
    return starts_of(train, pool, ClipConfig(**{"start": "last", "steps": 2, "shift": 1, **settings}), history=3)


def kept(view: Any, rows: Any) -> Any:
    """The view with only these rows."""
    return replace(view, samples=view.samples.take(np.flatnonzero(rows)))


def test_each_pair_of_a_row_and_a_step_is_used_equally() -> None:
    found = starts()
    pairs: Counter[tuple[int, int]] = Counter()
    for _, drawn in found.blocks(SampleRequest(index=0, count=CHUNK + 8, seed=3), "x"):
        pairs.update(zip(drawn.places[drawn.wanted].tolist(), drawn.steps[drawn.wanted].tolist(), strict=True))
    assert set(pairs.values()) == {(CHUNK + 8) // 6}
    numbers = frame_of(TRAIN.samples.companions["sequence"])["frame"]
    assert {int(numbers[place]) for place, _ in pairs} == {4}
    assert {step for _, step in pairs} == {1, 2}


def test_a_pair_that_comes_again_moves_and_its_mask_with_it() -> None:
    for shift in (0, 1):
        found = starts(shift=shift)
        ((_, first), *_) = found.blocks(SampleRequest(index=0, count=CHUNK, seed=3), "x")
        assert not first.moves[:6].any()  # three clips, two steps
        assert (np.abs(first.moves).max() == 1) == (shift == 1)
        drawn = first._replace(wanted=slice(6, CHUNK))
        images = found.images[drawn.places[6:]]
        made = found.synthetic(drawn, images, images)
        assert (images_of(made.payload) == images_of(made.companions["mask"])).all()
        still = (images_of(made.payload) == images).all(axis=(1, 2, 3))
        assert (still == ~drawn.moves[6:].any(axis=1)).all()


def test_any_row_with_a_frame_before_it() -> None:
    found = starts(start="any")
    numbers = frame_of(TRAIN.samples.companions["sequence"])["frame"]
    assert sorted(numbers[found.of_class[1]]) == sorted([2, 3, 4] * 3)


def test_the_frames_before_a_labelled_one_may_be_the_pools() -> None:
    """Of each clip the last frame alone has a label; of the pool's frames those are kept that windows hold."""
    number = frame_of(TRAIN.samples.companions["sequence"])["frame"].to_numpy()
    train, rest = kept(TRAIN, number == 4), TRAIN.samples.take(np.flatnonzero(number < 4))
    pool = PoolView(TRAIN.spec, rest.relabelled(split="pool"))
    assert starts(train).refused.keys() == {"0", "1"}
    found = starts(train, pool)
    assert found.refused == {}
    assert set(frame_of(found.earlier.companions["sequence"])["frame"]) == {2, 3}
    assert len(found.images) == 6 + 12


def test_a_class_of_stills_is_refused_with_the_reason() -> None:
    number = frame_of(TRAIN.samples.companions["sequence"])["frame"].to_numpy()
    stills = kept(TRAIN, (TRAIN.labels == 0) | (number == 1))
    assert isinstance(stills, TrainView)
    found = starts(stills)
    assert set(found.refused) == {"1"}
    with pytest.raises(MethodError, match=r"no motion can be seen"):
        list(found.blocks(SampleRequest(index=1, count=3, seed=0), "x"))
