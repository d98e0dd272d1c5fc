"""The demo `moving_digits`: scikit-learn's digits that move over a dark square and bounce off its sides.

A train clip shows its first frames only, as a photograph burst does; validation clips are whole; of each test clip one
frame is kept, any of them. The pool holds whole clips without labels. No digit is used twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator
from gan_augment.data.raw import ArrayImage

__all__ = ["LONG", "SIDE", "Frame", "labelled_clips", "moving", "pooled_clips"]

SIDE = 20  # px
LONG = 8  # frames of a whole clip
FIRST = 3  # labelled frames of a train clip
_CLIPS = {"train": 8, "validation": 8, "test": 50}  # a class
_POOLED = 30  # a class
_INK = 60  # level from which a pixel belongs to the digit's mask

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A frame of the clip of scikit-learn's digit with this number; its mask is 255 on the digit."""

    number: int
    label: str
    part: str
    frame: int
    image: ArrayImage
    mask: ArrayImage


def labelled_clips() -> Iterator[Frame]:
    """The labelled rows: three first frames of 8 train clips a class, 8 whole clips, one frame of each of 50 others."""
    for label, numbers, images in _digits():
        start = 0
        for part, count in _CLIPS.items():
            for number in numbers[start : start + count]:
                yield from _frames(number, label, part, images[number], _shown(part, number))
            start += count


def pooled_clips() -> Iterator[Frame]:
    """The pool: 30 whole clips a class."""
    start = sum(_CLIPS.values())
    for label, numbers, images in _digits():
        for number in numbers[start : start + _POOLED]:
            yield from _frames(number, label, "", images[number], range(LONG))


def moving(digit: Pixels, random: np.random.Generator, *, side: int = SIDE, long: int = LONG) -> Pixels:
    """A clip uint8 [long, side, side, 1] of a small picture that moves in a straight line and bounces off the sides."""
    down, right = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    ink = digit[down[0] : down[-1] + 1, right[0] : right[-1] + 1]  # what bounces is what can be seen
    room = side - np.array(ink.shape)
    place, speed = random.integers(room + 1), random.choice([-2, -1, 1, 2], size=2)
    # Reflected at 0 and at the last place.
    places = room - np.abs((place + speed * np.arange(long)[:, None]) % (2 * room) - room)
    frames = np.zeros((long, side, side, 1), dtype=np.uint8)
    for frame, (top, left) in zip(frames, places, strict=True):
        frame[top : top + len(ink), left : left + ink.shape[1], 0] = ink
    return frames


def _digits() -> Iterator[tuple[str, npt.NDArray[np.int64], Pixels]]:
    """Of each class the numbers of its digits in an order of the demo's own, and all digits uint8 [n, 8, 8]."""
    from sklearn.datasets import load_digits  # slow to import, and only demos need it

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    for label in range(10):
        own = np.flatnonzero(bunch.target == label)
        yield str(label), numpy_generator("demo", "moving_digits", label).permutation(own), images


def _shown(part: str, number: int) -> range:
    """The frames of a clip that are rows of this part."""
    if part == "test":
        first = int(numpy_generator("demo", "moving_digits", "shown", int(number)).integers(LONG))
        return range(first, first + 1)
    return range(FIRST if part == "train" else LONG)


def _frames(number: int, label: str, part: str, digit: Pixels, shown: range) -> Iterator[Frame]:
    clip = moving(digit, numpy_generator("demo", "moving_digits", "way", int(number)))
    for frame in shown:
        name, pixels = f"digit {number}, frame {frame}", clip[frame]
        mask = np.where(pixels >= _INK, 255, 0).astype(np.uint8)
        yield Frame(int(number), label, part, frame, ArrayImage(name, pixels), ArrayImage(f"{name}, mask", mask))
