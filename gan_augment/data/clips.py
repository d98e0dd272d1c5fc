"""Clips: rows that are frames of one sequence. They share a part of the split, for neighbouring frames are alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import Payload, frame_of
from gan_augment.data.duplicates import components
from gan_augment.data.images import Header
from gan_augment.data.problems import Problem

__all__ = ["CLIP", "about_clips", "bound_ids", "name_ids"]

CLIP = "clip"  # the column of `LoadedData.rows` with the sequence's name, where rows have one
_WHERE = "prepare.companions.sequence"


def about_clips(names: Sequence[str], sequence: Payload, headers: Sequence[Header]) -> Iterator[Problem]:
    """Findings on frames that no clip can have: two with one number, and frames of several sizes."""
    frame = frame_of(sequence)
    clips, numbers = frame["sequence"].tolist(), frame["frame"].tolist()
    counts = Counter(zip(clips, numbers, strict=True))
    twice = [
        f"{name}: frame {number} of {clip!r}"
        for name, clip, number in zip(names, clips, numbers, strict=True)
        if counts[clip, number] > 1
    ]
    if twice:
        yield Problem(
            severity="error",
            code="companions",
            what=f"{len(twice)} rows are the same frame of a sequence as another row",
            where=_WHERE,
            places=tuple(twice),
            expected="one row for each number, and names of sequences that differ from class to class",
            remedy="correct the two columns",
        )
    yield from _about_sizes(clips, headers)


def _about_sizes(clips: Sequence[str], headers: Sequence[Header]) -> Iterator[Problem]:
    sizes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for clip, header in zip(clips, headers, strict=True):
        sizes[clip][f"{header.width} x {header.height}"] += 1
    mixed = [f"{clip}: {', '.join(found)}" for clip, found in sizes.items() if len(found) > 1]
    if mixed:
        yield Problem(
            severity="error",
            code="companions",
            what=f"{len(mixed)} sequences have frames of several sizes, whose crops would look like motion",
            where=_WHERE,
            places=tuple(mixed),
            expected="one width and height for all frames of a sequence",
            remedy="write these frames again in one size, or give them another sequence",
        )


def name_ids(rows: pd.DataFrame, column: str) -> npt.NDArray[np.int64]:
    """Numbers of the names in a column, int64 [n]; a row without a name has a number of its own."""
    names = rows[column].where(rows[column] != "", "\0" + rows["id"])
    return np.asarray(pd.factorize(names)[0], dtype=np.int64)


def bound_ids(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Rows with the same number stay together, int64 [n]: those of one group, of one clip, and all that these join."""
    groups = name_ids(rows, "group")
    return groups if CLIP not in rows else components(len(rows), groups, name_ids(rows, CLIP))
