"""Frames from which a clip is continued: which sample starts from which row, and how many steps it goes on.

For methods that make the frames after a real one. What every method promises of its samples (numbered, evenly used,
parents, what lies beside them, saving) is here; a method adds how it makes a frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of, images_of, take
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Payload, PoolView, Samples, TrainView, read_samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, SampleRequest, Synthetic
from gan_augment.synthesis.kit.blocks import blocks_of
from gan_augment.synthesis.kit.checks import check_index
from gan_augment.synthesis.kit.clips import Clips, check_pool_clips, clips_of, joined
from gan_augment.synthesis.kit.turns import in_turn, stepped

__all__ = ["CHUNK", "ClipConfig", "ClipStarts", "Drawn", "Images", "StartFrom", "read_starts", "starts_of"]

Ints = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8]
StartFrom = Literal["last", "any"]

CHUNK = 64  # samples computed at once
NO_MOTION = "no frame of the class has the frame before it, so that no motion can be seen"


class ClipConfig(MethodConfig):
    """Settings of where samples start, and how far they go on."""

    steps: int = Field(default=3, ge=1, le=16, description="samples lie from 1 to so many frames after their row")
    shift: int = Field(default=1, ge=0, le=16, description="px that a sample moves when row and step come again")
    start: StartFrom = Field(
        default="last", description="last: after the last row of each clip, where no frame exists; any: after every row"
    )

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where the pool's images belong to no clip."""
        check_pool_clips(spec)


class Drawn(NamedTuple):
    """A block of samples: rows that they start from, steps of each, px that each moves, and the part asked for."""

    places: Ints
    steps: Ints
    moves: Ints
    wanted: slice


@dataclass
class ClipStarts:
    """The labelled rows of clips, and the frames of the pool that lie before them.

    Attributes
    ----------
    rows, earlier
        Train rows with `sequence`, and `mask` where they have one; rows of the pool with `sequence`.
    stride
        The step between the numbers of consecutive frames.
    config
        Where samples start; a frame without the one before it shows no motion, and is no start.
    clips, images
        Of the rows and then of the earlier frames.
    """

    spec: DatasetSpec
    rows: Samples
    earlier: Samples
    stride: int
    config: ClipConfig
    clips: Clips = field(init=False)
    images: Images = field(init=False)

    def __post_init__(self) -> None:
        frames = joined(self.rows, self.earlier)
        self.clips = clips_of(frame_of(frames.companions["sequence"]), self.stride)
        self.images = images_of(frames.payload)
        self.labels = self.rows.label_indices(self.spec)
        places = _start_places(self.clips, len(self.rows), self.config.start)
        self.of_class = {int(index): places[self.labels[places] == index] for index in np.unique(self.labels)}

    @property
    def refused(self) -> dict[str, str]:
        """Class index (as text) -> why no sample can start from its rows."""
        return {str(index): NO_MOTION for index, places in self.of_class.items() if not len(places)}

    def blocks(self, request: SampleRequest, method: str) -> Iterator[tuple[int, Drawn]]:
        """Each block that holds some of the samples, whole, so that no sample depends on others; with its number.

        Samples are pairs of a row and a number of steps, all of them in turn. Raises MethodError for a class without a
        row to start from.
        """
        check_index(request.index, np.unique(self.labels), self.spec, method)
        own = self.of_class[request.index]
        if not len(own):
            label = self.spec.labels[request.index]
            raise MethodError(f"{method!r} cannot start from a frame of {label!r}", got=NO_MOTION)
        steps, shift = self.config.steps, self.config.shift
        for block, wanted in blocks_of(request, CHUNK):
            first = block * CHUNK
            pairs = in_turn(len(own) * steps, first, CHUNK, request.seed, request.index, "pairs")
            used = np.arange(first, first + CHUNK) // (len(own) * steps)
            random = numpy_generator(request.seed, request.index, "moves", block)
            moves = random.integers(-shift, shift + 1, (CHUNK, 2)) * (used > 0)[:, None]
            yield block, Drawn(own[pairs // steps], pairs % steps + 1, moves, wanted)

    def synthetic(self, drawn: Drawn, images: Images, masks: Images | None) -> Synthetic:
        """Samples of images and masks [n, h, w, c], which are those of the wanted part of a block."""
        places = drawn.places[drawn.wanted]
        sequence = take(self.rows.companions["sequence"], places)
        frame = frame_of(sequence)
        frame["frame"] = frame["frame"] + drawn.steps[drawn.wanted] * self.stride
        moves = drawn.moves[drawn.wanted]
        beside: dict[Role, Payload] = {"sequence": frame}
        if masks is not None:
            beside["mask"] = _all_stepped(masks, moves)
        ids = self.rows.manifest["id"].iloc[places]
        return Synthetic(_all_stepped(images, moves), tuple(str(one) for one in ids), companions=beside)

    def masks(self, places: Ints) -> Images | None:
        """The masks of these rows; None where rows have none."""
        return None if "mask" not in self.rows.companions else images_of(take(self.rows.companions["mask"], places))

    @property
    def about(self) -> dict[str, Any]:
        """JSON-able facts that `read_starts` needs."""
        return {"stride": self.stride, "masks": "mask" in self.rows.companions}

    def save(self, directory: Path) -> None:
        """The rows and the earlier frames as samples folders."""
        for name, samples in (("rows", self.rows), ("earlier", self.earlier)):
            (directory / name).mkdir()
            write_samples(directory / name, samples)


def starts_of(
    train: TrainView, pool: PoolView | None, config: ClipConfig, *, history: int, stride: int | None = None
) -> ClipStarts:
    """Starts among the train rows, with those frames of the pool that `history` frames before them need.

    Raises MethodError where two rows are one frame.
    """
    rows = train.samples.with_roles([role for role in ("sequence", "mask") if role in train.samples.companions])
    own = rows.with_roles(["sequence"])
    frames = own if pool is None else joined(own, pool.samples)
    clips = clips_of(frame_of(frames.companions["sequence"]), stride)
    found = np.unique(clips.history(_start_places(clips, len(rows), config.start), history))
    earlier = frames.take(found[found >= len(rows)])
    return ClipStarts(train.spec, rows, earlier, clips.stride, config)


def read_starts(directory: Path, spec: DatasetSpec, about: dict[str, Any], config: ClipConfig) -> ClipStarts:
    """What `ClipStarts.save` wrote, with its `about`. Raises MissingInputError, KeyError."""
    roles: tuple[Role, ...] = ("sequence", "mask") if about["masks"] else ("sequence",)
    rows = read_samples(directory / "rows", mmap=True, companions=roles)
    earlier = read_samples(directory / "earlier", mmap=True, companions=["sequence"])
    return ClipStarts(spec, rows, earlier, about["stride"], config)


def _all_stepped(images: Images, moves: Ints) -> Images:
    return np.stack([stepped(image, down, right) for image, (down, right) in zip(images, moves.tolist(), strict=True)])


def _start_places(clips: Clips, rows: int, start: StartFrom) -> Ints:
    """Places among the first `rows` frames, those with a label."""
    found = clips.in_motion[clips.in_motion < rows]
    if start == "any":
        return found
    order = found[np.argsort(clips.numbers[found], kind="stable")]
    last = {clips.names[place]: int(place) for place in order}
    return np.array(sorted(last.values()), dtype=np.int64)
