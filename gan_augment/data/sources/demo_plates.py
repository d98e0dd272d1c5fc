"""The demo `plates`: strings of real handwritten digits on a plate, under a simulated camera.

A plate has five digits; the first one says its kind. The camera turns the plate, smears it, loses resolution, lights it
from one side and adds dirt and noise, and its sensor bends the levels. Few plates have been read; the pool is
photographs of others without their strings. No digit is in two parts: each part has handwriting of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator
from gan_augment.data.raw import ArrayImage

__all__ = [
    "CHARACTERS",
    "HEIGHT",
    "KINDS",
    "WIDTH",
    "Plate",
    "Plates",
    "labelled_plates",
    "photograph",
    "pooled_plates",
]

HEIGHT, WIDTH = 16, 56  # px
CHARACTERS = 5
KINDS = {"north": "01234", "south": "56789"}  # the digits with which a plate of a kind begins
PARTS = {"train": 60, "validation": 60, "test": 300}  # plates
POOLED = 500
_SHARES = {"train": 0.2, "validation": 0.15, "test": 0.3, "pool": 0.35}  # of scikit-learn's digits
_ADVANCE = 10  # px from one digit to the next
_PAPER, _INK = (150, 245), (10, 90)
_SHIFT = 1.8  # px of each corner
_FINER = 4

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plate:
    """A photograph of a plate, with what is on it; `part` is empty in the pool."""

    number: int
    part: str
    text: str
    kind: str
    image: ArrayImage


def labelled_plates() -> Iterator[Plate]:
    """The train, validation and test rows."""
    source = Plates()
    for part, count in PARTS.items():
        for number in range(count):
            yield source.plate(part, number)


def pooled_plates() -> Iterator[Plate]:
    """The pool."""
    source = Plates()
    for number in range(POOLED):
        yield source.plate("pool", number)


class Plates:
    """Plates of scikit-learn's digits, as many as are wanted of each part."""

    def __init__(self) -> None:
        from sklearn.datasets import load_digits  # takes a second, and only demos need it

        bunch = load_digits()
        self.images, target = bunch.images, np.asarray(bunch.target)
        self.own: dict[str, list[npt.NDArray[np.int64]]] = {part: [] for part in _SHARES}
        for digit in range(10):
            places = numpy_generator("demo", "plates", digit).permutation(np.flatnonzero(target == digit))
            ends = np.rint(np.cumsum(list(_SHARES.values()))[:-1] * len(places)).astype(int)
            for part, numbers in zip(_SHARES, np.split(places, ends), strict=True):
                self.own[part].append(numbers)

    def plate(self, part: str, number: int) -> Plate:
        """A plate with string and camera of its own draw, whatever the others are; kinds take turns."""
        random = numpy_generator("demo", "plates", part, number)
        kind = list(KINDS)[number % len(KINDS)]
        first = KINDS[kind][int(random.integers(len(KINDS[kind])))]
        text = first + "".join(map(str, random.integers(10, size=CHARACTERS - 1)))
        digits = [self.images[random.choice(self.own[part][int(digit)])] for digit in text]
        pixels = photograph(_on_a_plate(digits, random), random)
        return Plate(number, "" if part == "pool" else part, text, kind, ArrayImage(f"plate {part} {number}", pixels))


def _on_a_plate(digits: list[Floats], random: np.random.Generator) -> Floats:
    """How much of each pixel is ink, float64 [4 h, 4 w] in 0 .. 1."""
    from PIL import Image

    ink = np.zeros((_FINER * HEIGHT, _FINER * WIDTH))
    side = _FINER * 12
    left = _FINER * (WIDTH - CHARACTERS * _ADVANCE) // 2
    for digit in digits:
        small = Image.fromarray(np.rint(digit * (255 / 16)).astype(np.uint8))
        large = np.asarray(small.resize((_FINER * _ADVANCE, side), Image.Resampling.BICUBIC)) / 255
        top = _FINER * (HEIGHT - 12) // 2 + int(random.integers(-_FINER, _FINER + 1))
        ink[top : top + side, left : left + large.shape[1]] = large
        left += large.shape[1]
    return ink


def photograph(ink: Floats, random: np.random.Generator) -> Pixels:
    """A plate whose ink is float64 [4 h, 4 w] as the camera shows it, uint8 [h, w]."""
    from PIL import Image
    from scipy.ndimage import uniform_filter1d

    height, width = ink.shape
    shown = _turned(Image.fromarray(np.rint(255 * ink).astype(np.uint8)), random)
    smear = int(random.integers(1, 3 * _FINER))
    shown = uniform_filter1d(shown, smear, axis=int(random.random() < 0.7))
    factor = random.uniform(1, 1.9)
    coarse = Image.fromarray(np.rint(255 * shown).astype(np.uint8)).resize(
        (round(width / _FINER / factor), round(height / _FINER / factor)), Image.Resampling.BOX
    )
    share = np.asarray(coarse.resize((width // _FINER, height // _FINER), Image.Resampling.BICUBIC)) / 255
    paper, black = random.uniform(*_PAPER), random.uniform(*_INK)
    levels = (paper + share * (black - paper)) * _light(share.shape, random)
    levels = _dirty(levels, random) + random.normal(0, random.uniform(3, 14), share.shape)
    bent = 255 * (np.clip(levels, 0, 255) / 255) ** random.uniform(0.8, 1.4)
    return np.rint(bent).astype(np.uint8)


def _turned(plate: Any, random: np.random.Generator) -> Floats:
    """Float64 [4 h, 4 w] in 0 .. 1, its corners moved."""
    from PIL import Image

    width, height = plate.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    moved = corners + random.uniform(-_SHIFT, _SHIFT, (4, 2)) * _FINER
    rows = []
    for (x, y), (u, v) in zip(moved, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    coefficients = np.linalg.solve(np.array(rows), corners.reshape(-1))
    turned = plate.transform(plate.size, Image.Transform.PERSPECTIVE, coefficients.tolist(), Image.Resampling.BILINEAR)
    return np.asarray(turned) / 255


def _light(shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Factors around 1, brighter to one side."""
    rows, columns = np.mgrid[-0.5 : 0.5 : shape[0] * 1j, -0.5 : 0.5 : shape[1] * 1j]
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, 0.5)
    light: Floats = 1 + strength * (np.sin(angle) * rows + np.cos(angle) * columns)
    return light


def _dirty(levels: Floats, random: np.random.Generator) -> Floats:
    """With up to three soft dark spots."""
    height, width = levels.shape
    rows, columns = np.mgrid[:height, :width]
    for _ in range(int(random.integers(4))):
        row, column, radius = random.uniform(0, height), random.uniform(0, width), random.uniform(1, 3)
        spot = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * radius**2))
        levels = levels * (1 - random.uniform(0.1, 0.5) * spot)
    return levels
