"""Little drawn characters: three haircuts, and attributes whose combinations are a long tail. Made here, no download.

A figure of 16 x 16 px has a haircut (the class), and colours of hair, eyes, skin and shirt (attributes). Position,
light, shades and background differ from one to the next: a colour is to be read from few pixels under any light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.seeds import numpy_generator

__all__ = ["ATTRIBUTES", "HAIRCUTS", "Characters", "characters"]

Colour = tuple[int, int, int]
Pixels = npt.NDArray[np.uint8]

HAIRCUTS = ("short", "long", "mohawk")
ATTRIBUTES: Mapping[str, Mapping[str, Colour]] = {
    "hair": {
        "brown": (104, 66, 36),
        "black": (36, 32, 38),
        "blond": (222, 188, 96),
        "red": (186, 64, 30),
        "blue": (70, 104, 196),
    },
    "eyes": {"brown": (92, 56, 30), "blue": (50, 100, 210), "green": (44, 140, 70), "violet": (136, 66, 176)},
    "skin": {"light": (240, 204, 176), "medium": (198, 146, 106), "dark": (122, 80, 56)},
    "shirt": {"grey": (120, 122, 128), "green": (60, 130, 80), "orange": (226, 130, 44)},
}
COUNTS = {"train": 120, "validation": 60, "test": 120}  # of each haircut
TAIL = 1.3  # in train the r-th combination of hair and eyes has a share of about r^-1.3; elsewhere all are alike
SIDE = 16  # px
_SHADE, _NOISE = 14, 7.0  # of a colour from one figure to the next, and of a pixel
_LIGHT = (0.72, 1.15)
_BACKGROUND = (130, 215)


@dataclass(frozen=True)
class Characters:
    """Pictures uint8 [16, 16, 3] with their haircuts, parts of the split and attributes."""

    pictures: tuple[Pixels, ...]
    haircuts: tuple[str, ...]
    parts: tuple[str, ...]
    attributes: pd.DataFrame


def characters() -> Characters:
    """All figures, always the same ones."""
    places = [(haircut, part) for haircut in HAIRCUTS for part, count in COUNTS.items() for _ in range(count)]
    pictures, described = [], []
    for number, (haircut, part) in enumerate(places):
        random = numpy_generator("demo", "characters", number)
        values = _values(part, random)
        described.append(values)
        pictures.append(draw(haircut, values, random))
    haircuts, parts = zip(*places, strict=True)
    return Characters(tuple(pictures), haircuts, parts, pd.DataFrame(described, dtype="string"))


def _values(part: str, random: np.random.Generator) -> dict[str, str]:
    """Hair and eyes are one draw, a long tail in train; skin and shirt are free."""
    pairs = [(hair, eyes) for hair in ATTRIBUTES["hair"] for eyes in ATTRIBUTES["eyes"]]
    order = numpy_generator("demo", "characters", "order").permutation(len(pairs))
    shares = np.arange(1, len(pairs) + 1) ** -(TAIL if part == "train" else 0.0)
    hair, eyes = pairs[order[random.choice(len(pairs), p=shares / shares.sum())]]
    skin, shirt = (list(ATTRIBUTES[name])[random.integers(len(ATTRIBUTES[name]))] for name in ("skin", "shirt"))
    return {"hair": hair, "eyes": eyes, "skin": skin, "shirt": shirt}


def draw(haircut: str, values: Mapping[str, str], random: np.random.Generator) -> Pixels:
    """A figure, uint8 [16, 16, 3]; what is not asked for comes from `random`."""
    paint = {name: np.array(ATTRIBUTES[name][value]) + random.integers(-_SHADE, _SHADE + 1, 3)
             for name, value in values.items()}  # fmt: skip
    canvas = np.empty((SIDE, SIDE, 3))
    canvas[:] = random.integers(*_BACKGROUND, 3)
    down, right, wide = (int(random.integers(*ends)) for ends in ((-1, 2), (-1, 2), (0, 2)))
    y, x = np.mgrid[:SIDE, :SIDE] - np.array([down, right])[:, None, None]
    canvas[(y >= 13) & (abs(x - 7.5) < 5.5 - wide)] = paint["shirt"]
    face = ((y - 8) / 4.6) ** 2 + ((x - 7.5) / (3.9 + 0.5 * wide)) ** 2 <= 1
    hair = _hair(haircut, y, x, wide)
    canvas[hair] = paint["hair"]
    canvas[face] = paint["skin"]
    canvas[face & (y < 6 - (haircut == "mohawk"))] = paint["skin" if haircut == "mohawk" else "hair"]
    canvas[(y == 8) & np.isin(x, (5, 6, 9, 10))] = (245, 245, 245)
    canvas[np.isin(y, (8, 9)) & np.isin(x, (6, 9))] = paint["eyes"]
    canvas[(y == 11) & (abs(x - 7.5) < 1)] = (176, 70, 70)
    if haircut == "mohawk":
        canvas[hair] = paint["hair"]
    lit = canvas * random.uniform(*_LIGHT) + random.normal(0, _NOISE, canvas.shape)
    pixels: Pixels = np.clip(np.rint(lit), 0, 255).astype(np.uint8)
    return pixels


def _hair(haircut: str, y: npt.NDArray[np.int64], x: npt.NDArray[np.int64], wide: int) -> npt.NDArray[np.bool_]:
    """bool [16, 16]: where the hair is, before the face is drawn over it."""
    if haircut == "mohawk":
        return (abs(x - 7.5) < 1.5) & (y >= 1) & (y < 6)
    cap = ((y - 7) / 5.2) ** 2 + ((x - 7.5) / (4.8 + 0.5 * wide)) ** 2 <= 1
    if haircut == "short":
        return cap & (y < 8)
    return (cap & (y < 8)) | ((abs(x - 7.5) < 5.2 + 0.5 * wide) & (y >= 6) & (y < 14))
