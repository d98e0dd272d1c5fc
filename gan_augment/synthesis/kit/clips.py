"""Clips of a samples folder: which frame comes directly before and after each, and windows of consecutive frames."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples

__all__ = ["NONE", "Clips", "check_pool_clips", "clips_of", "joined"]

Ints = npt.NDArray[np.int64]

NONE = -1


@dataclass(frozen=True)
class Clips:
    """Frames of clips, by their places among the rows.

    Attributes
    ----------
    names, numbers
        Each row's clip, object [n], and its frame's number, int64 [n].
    stride
        The step between the numbers of consecutive frames: 1, or 10 where every tenth frame of a film was kept.
    before, after
        int64 [n]: the place of the frame directly before and after, or `NONE` at an end and at a gap.
    """

    names: npt.NDArray[np.object_]
    numbers: Ints
    stride: int
    before: Ints
    after: Ints

    def history(self, places: Ints, length: int) -> Ints:
        """int64 [k, length]: the frames up to those at `places`, the oldest first; the first one stands for missing."""
        found = [places]
        for _ in range(length - 1):
            earlier = self.before[found[-1]]
            found.append(np.where(earlier == NONE, found[-1], earlier))
        return np.stack(found[::-1], axis=1)

    def later(self, places: Ints, step: int) -> Ints:
        """int64 [k]: the frames so many steps after those at `places`, or `NONE`."""
        for _ in range(step):
            places = np.where(places == NONE, NONE, self.after[places])
        return places

    @property
    def in_motion(self) -> Ints:
        """The places of frames that have one directly before them: those whose motion can be seen."""
        return np.flatnonzero(self.before != NONE)


def clips_of(sequence: pd.DataFrame, stride: int | None = None) -> Clips:
    """Clips of the companion `sequence`; `stride` None: the commonest step between neighbouring numbers.

    Raises MethodError where two rows are one frame.
    """
    names = sequence["sequence"].to_numpy(dtype=object)
    numbers = sequence["frame"].to_numpy(dtype=np.int64)
    places = {key: place for place, key in enumerate(zip(names, numbers.tolist(), strict=True))}
    if len(places) < len(names):
        twice = [f"frame {n} of {name!r}" for (name, n), count in Counter(zip(names, numbers, strict=True)).items()
                 if count > 1]  # fmt: skip
        raise MethodError(
            "Two rows are the same frame of a clip", got=", ".join(twice[:5]), expected="one row for each number"
        )
    step = stride or _commonest_step(names, numbers)
    before, after = (
        np.array([places.get((name, number + way), NONE) for name, number in zip(names, numbers.tolist(), strict=True)],
                 dtype=np.int64)
        for way in (-step, step)
    )  # fmt: skip
    return Clips(names, numbers, step, before, after)


def _commonest_step(names: npt.NDArray[np.object_], numbers: Ints) -> int:
    order = np.lexsort((numbers, pd.factorize(names)[0]))
    same = names[order][1:] == names[order][:-1]
    steps = Counter(np.diff(numbers[order])[same].tolist())
    return min(steps, key=lambda step: (-steps[step], step)) if steps else 1


def joined(train: Samples, pool: Samples | None) -> Samples:
    """The train rows, then the pool's, with their `sequence`. A pool row that is a frame of a train row is left out."""
    own = train.with_roles(["sequence"])
    if pool is None or not len(pool):
        return own
    known = pd.MultiIndex.from_frame(frame_of(own.companions["sequence"]))
    more = pool.with_roles(["sequence"])
    new = ~pd.MultiIndex.from_frame(frame_of(more.companions["sequence"])).isin(known)
    return Samples.concat([own, more.take(np.flatnonzero(new))])


def check_pool_clips(spec: DatasetSpec) -> None:
    """Refuse a pool whose frames belong to no clip. Raises MethodError."""
    if spec.pool is not None and spec.pool.rows and "sequence" not in spec.pool.companions:
        raise MethodError(
            "The pool's images are frames of no clip",
            where="prepare.pool in params.yaml",
            got=f"the companions {', '.join(spec.pool.companions)}" if spec.pool.companions else "no companions",
            expected="a sequence and a frame's number for every image",
            remedy="name them, such as prepare.pool.companions: {sequence: {columns: [CLIP, FRAME]}}, "
            "or remove the pool",
        )
