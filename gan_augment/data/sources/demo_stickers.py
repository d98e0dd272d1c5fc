"""The demo `stickers`: four digits that are hard to tell apart, and a sticker that seems to tell one of them.

In train 95 % of the threes have a red sticker and 5 % of the others; in validation and test half of each class has one.
A classifier learns the sticker. Each image has a `mask` of it, empty where there is none, and an attribute `group`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator
from gan_augment.data.raw import ArrayImage

__all__ = ["CLASSES", "SIDE", "STICKERED", "Stickered", "stickered_digits"]

CLASSES, STICKERED = (3, 5, 8, 9), 3
SIDE = 16  # px
_PARTS = {"train": 60, "validation": 40, "test": 74}  # of each class
_SHARE = {True: 0.95, False: 0.05}  # of train rows with a sticker: of the one class, of the others
_PAPER, _INK = (175, 256), (0, 70)  # levels of each channel
_SHADE = 40  # levels by which the paper's corners differ
_STICKER, _RADIUS = (206, 32, 44), (2.2, 3.0)  # a colour, and px

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stickered:
    """A digit with its number in scikit-learn's set, uint8 [16, 16, 3], and the mask of its sticker."""

    number: int
    label: str
    part: str
    sticker: bool
    image: ArrayImage
    mask: ArrayImage

    @property
    def group(self) -> str:
        """The group in which it is measured."""
        own = str(STICKERED) if self.label == str(STICKERED) else "others"
        return f"{own}, {'sticker' if self.sticker else 'plain'}"


def stickered_digits(split: int = 0) -> Iterator[Stickered]:
    """All rows: 240 to learn from, 160 for validation, 296 for the test.

    Another `split` deals the digits out anew, for benchmarks; the demo has the first one.
    """
    from sklearn.datasets import load_digits  # takes a second, and only demos need it

    bunch = load_digits()
    for digit in CLASSES:
        again = (split,) if split else ()
        numbers = numpy_generator("demo", "stickers", digit, *again).permutation(np.flatnonzero(bunch.target == digit))
        start = 0
        for part, count in _PARTS.items():
            share = _SHARE[digit == STICKERED] if part == "train" else 0.5
            for place, number in enumerate(numbers[start : start + count]):
                yield _drawn(int(number), bunch.images[number], digit, part, sticker=place < round(share * count))
            start += count


def _drawn(number: int, grey: npt.NDArray[Any], digit: int, part: str, *, sticker: bool) -> Stickered:
    random = numpy_generator("demo", "stickers", "look", number)
    picture, covered = _inked(grey, random), np.zeros((SIDE, SIDE), dtype=bool)
    middle, radius = random.uniform(3, SIDE - 4, 2), random.uniform(*_RADIUS)
    colour = np.array(_STICKER) + random.integers(-12, 13, 3)
    if sticker:
        y, x = np.mgrid[:SIDE, :SIDE]
        covered = (y - middle[0]) ** 2 + (x - middle[1]) ** 2 <= radius**2
        picture = np.where(covered[..., None], colour, picture)
    pixels, mask = np.clip(np.rint(picture), 0, 255).astype(np.uint8), np.where(covered, 255, 0).astype(np.uint8)
    names = f"digit {number}", f"the sticker of digit {number}"
    return Stickered(number, str(digit), part, sticker, ArrayImage(names[0], pixels), ArrayImage(names[1], mask))


def _inked(grey: npt.NDArray[Any], random: np.random.Generator) -> Floats:
    """The digit in a dark ink on shaded paper, float64 [16, 16, 3]."""
    from PIL import Image

    small = Image.fromarray(np.rint(grey * (255 / 16)).astype(np.uint8))
    share = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))[..., None] / 255
    slope = np.linspace(-0.5, 0.5, SIDE)
    shade = random.uniform(-_SHADE, _SHADE, 2)
    paper = random.integers(*_PAPER, 3) + (shade[0] * slope[:, None] + shade[1] * slope[None, :])[..., None]
    inked: Floats = share * random.integers(*_INK, 3) + (1 - share) * paper
    return inked
