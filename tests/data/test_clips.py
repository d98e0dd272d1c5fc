"""Clips: their frames share a part of the split, in the pool too; frames that no clip can have are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError, LeakError
from gan_augment.core.records import FrameField
from gan_augment.data.config import PoolManifest, PrepareConfig
from gan_augment.data.duplicates import find_duplicates
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.pool import load_pool, sift_pool
from gan_augment.data.problems import raise_errors
from gan_augment.data.split import Split, split_rows
from tests.data.pictures import noise, save

SEQUENCE = {"sequence": {"columns": ["clip", "frame"]}}
CLIPS, LONG = 12, 4


def written(root: Path, rows: list[dict[str, Any]], name: str = "list.csv") -> None:
    """A list of pictures of noise, one a row, no two alike."""
    first = 1000 * len(list(root.rglob("*.png")))
    for number, row in enumerate(rows):
        row["image"] = f"{name}-{number}.png"
        save(root / row["image"], noise(first + number, size=(row.pop("side", 12),) * 2))
    pd.DataFrame(rows).to_csv(root / name, index=False)


def clips(count: int = CLIPS, prefix: str = "") -> list[dict[str, Any]]:
    return [
        {"kind": ("cat", "dog")[clip % 2], "clip": f"{prefix}{clip}", "frame": frame}
        for clip in range(count)
        for frame in range(LONG)
    ]


def config(**more: Any) -> PrepareConfig:
    source = {"kind": "image_manifest", "path": "list.csv", "target": "kind", "image": "image"}
    return PrepareConfig.model_validate({"source": source, "companions": SEQUENCE, **more})


def loaded(root: Path, settings: PrepareConfig) -> tuple[LoadedData, Split]:
    data = load_data(settings, root)
    raise_errors(data.problems)
    return data, split_rows(data.rows, find_duplicates(data.payload, data.rows["label"]), settings.split, seed=0)


def test_the_frames_of_a_clip_are_in_one_part(tmp_path: Path) -> None:
    written(tmp_path, clips())
    data, split = loaded(tmp_path, config())
    assert isinstance(data.fields["sequence"], FrameField)
    assert set(split.parts) == {"train", "validation", "test"}
    parts = pd.Series(split.parts).groupby(data.rows["clip"].to_numpy()).nunique()
    assert len(parts) == CLIPS
    assert (parts == 1).all()


def test_clips_and_groups_are_joined(tmp_path: Path) -> None:
    rows = [{**row, "patient": f"p{int(row['clip']) // 4}-{row['frame'] // 2}"} for row in clips(16)]
    written(tmp_path, rows)
    data, split = loaded(tmp_path, config(split={"group": "patient"}))
    of_four_clips = data.rows["clip"].astype(int) // 4
    assert pd.Series(split.units).groupby(of_four_clips.to_numpy()).nunique().eq(1).all()
    assert len(set(split.units)) == 4


def test_a_clip_in_two_parts_of_the_users_split_is_a_leak(tmp_path: Path) -> None:
    parts = [["train", "val", "test"][int(row["clip"]) % 3] for row in clips()]
    parts[0] = "val"  # a frame of the clip 0, whose others are train rows
    written(tmp_path, [{**row, "part": part} for row, part in zip(clips(), parts, strict=True)])
    with pytest.raises(LeakError, match="sequence of frames"):
        loaded(tmp_path, config(split={"column": "part"}))


def test_pool_frames_of_a_held_out_clip_are_dropped_and_those_of_a_train_clip_stay(tmp_path: Path) -> None:
    written(tmp_path, clips())
    later = [{**row, "frame": row["frame"] + LONG} for row in clips()]
    written(tmp_path, later + clips(2, "of its own "), "pool.csv")
    companions: Any = SEQUENCE
    pool = PoolManifest(path="pool.csv", image="image", companions=companions)
    data, split = loaded(tmp_path, settings := config(pool=pool))
    more = load_pool(settings, tmp_path, data)
    assert more is not None
    kept = sift_pool(more, data, split, near=True)
    train = set(data.rows["clip"][split.parts == "train"])
    names = kept.data.rows["clip"].iloc[kept.kept]
    assert set(names) == train | {"of its own 0", "of its own 1"}
    assert names.value_counts().eq(LONG).all()
    bound = pd.Series(kept.bound_to[kept.kept]).groupby(names.to_numpy()).nunique()
    assert bound.eq(1).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"frame": 1}, r"(?s)2 rows are the same frame.*frame 1 of '0'"),
        ({"side": 16}, r"(?s)1 sequences have frames of several sizes.*0: 16 x 16, 12 x 12"),
        ({"frame": "x"}, r"a whole number"),
        ({"clip": None}, r"1 of 48 rows have a sequence that cannot be read"),
    ],
)
def test_frames_that_no_clip_can_have_are_named(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    rows = clips()
    rows[0] |= changed
    written(tmp_path, rows)
    with pytest.raises(DataError, match=said):
        loaded(tmp_path, config(image_size=12))


def test_gaps_and_clips_of_one_frame_are_read(tmp_path: Path) -> None:
    gone = {("1", 2)} | {("2", frame) for frame in range(1, LONG)}
    rows = [row for row in clips() if (row["clip"], row["frame"]) not in gone]
    written(tmp_path, rows)
    data, split = loaded(tmp_path, config())
    assert len(data.rows) == CLIPS * LONG - 1 - (LONG - 1)
    assert np.unique(split.units).size == CLIPS
