"""Windows of consecutive frames: gaps, clips of one frame, numbers in tens, rows of the pool between labelled ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import PoolSpec
from gan_augment.synthesis.kit.clips import NONE, check_pool_clips, clips_of, joined
from tests.toys import clip_toy


def sequence(*frames: tuple[str, int]) -> pd.DataFrame:
    names, numbers = zip(*frames, strict=True)
    return pd.DataFrame({"sequence": pd.array(names, dtype="string"), "frame": pd.array(numbers, dtype="Int64")})


def test_windows_end_at_gaps_and_the_first_frame_stands_for_missing_ones() -> None:
    # In any order; frame 3 of `a` is missing, `b` has one frame.
    clips = clips_of(sequence(("a", 2), ("a", 0), ("b", 1), ("a", 5), ("a", 1), ("a", 4)))
    assert clips.stride == 1
    assert clips.before.tolist() == [4, NONE, NONE, 5, 1, NONE]
    assert clips.after.tolist() == [NONE, 4, NONE, NONE, 0, 3]
    assert clips.history(np.array([0, 3, 2]), 4).tolist() == [[1, 1, 4, 0], [5, 5, 5, 3], [2, 2, 2, 2]]
    assert clips.in_motion.tolist() == [0, 3, 4]
    assert clips.later(np.array([1, 1, 5]), 2).tolist() == [0, 0, NONE]


def test_frames_numbered_in_tens_are_consecutive() -> None:
    clips = clips_of(sequence(("a", 10), ("a", 20), ("a", 30), ("a", 50), ("a", 51)))
    assert clips.stride == 10
    assert clips.history(np.array([2, 3, 4]), 3).tolist() == [[0, 1, 2], [3, 3, 3], [4, 4, 4]]


def test_two_frames_with_one_number_are_refused() -> None:
    with pytest.raises(MethodError, match=r"(?s)same frame.*frame 2 of 'a'"):
        clips_of(sequence(("a", 1), ("a", 2), ("a", 2)))


def test_pool_frames_join_the_clips_of_train_rows_once() -> None:
    train: Any = clip_toy(2, 3).samples
    beside = frame_of(train.companions["sequence"])
    more = beside.assign(frame=beside["frame"] + 2)  # of each clip frame 3 again, and frames 4 and 5
    pool = replace(train, manifest=train.manifest.assign(split="pool"), companions={"sequence": more})
    found = joined(train, pool)
    assert len(found) == 6 + 4
    assert set(found.companions) == {"sequence"}
    assert set(frame_of(found.companions["sequence"])["frame"][6:]) == {4, 5}


def test_a_pool_without_clips_is_refused() -> None:
    spec = clip_toy(2, 3).spec
    check_pool_clips(spec)
    check_pool_clips(spec.model_copy(update={"pool": PoolSpec(rows=0)}))
    check_pool_clips(
        spec.model_copy(update={"pool": PoolSpec(rows=9, companions={"sequence": spec.companions["sequence"]})})
    )
    with pytest.raises(MethodError, match="frames of no clip"):
        check_pool_clips(spec.model_copy(update={"pool": PoolSpec(rows=9)}))
