"""The demo `two_domains`: digits on plain paper, and digits on textures cut out of photographs.

Train and validation rows are on plain paper; the test part holds both domains. The pool is digits on textures without
labels; some of them have a `pair`, the same digit on plain paper. No digit is used twice among labelled rows and pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator
from gan_augment.data.raw import ArrayImage

__all__ = ["PLAIN", "SIDE", "TEXTURED", "Digits", "Drawing", "labelled_digits", "pooled_digits"]

PLAIN, TEXTURED = "plain", "textured"
SIDE = 16  # px
_PARTS = {("train", PLAIN): 20, ("validation", PLAIN): 20, ("test", PLAIN): 20, ("test", TEXTURED): 40}  # a class
_POOLED = 50  # a class
_PAIRED = 20  # of these, a class
_PAPER, _INK = (170, 256), (0, 70)  # levels of each channel
_CROPS = (24, 120)  # px of a photograph that become one image
_TRIED = 3

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Drawing:
    """A digit with its number in scikit-learn's set; `pair`: on plain paper, of a pool image that has one."""

    number: int
    label: str
    part: str
    domain: str
    image: ArrayImage
    pair: ArrayImage | None = None


def labelled_digits() -> Iterator[Drawing]:
    """The labelled rows: 20 train rows a class on plain paper, and both domains in the test part."""
    source = Digits()
    for numbers in source.by_class:
        start = 0
        for (part, domain), count in _PARTS.items():
            for number in numbers[start : start + count]:
                yield source.drawing(number, part, domain)
            start += count


def pooled_digits() -> Iterator[Drawing]:
    """The pool: digits on textures."""
    source, start = Digits(), sum(_PARTS.values())
    for numbers in source.by_class:
        for place, number in enumerate(numbers[start : start + _POOLED]):
            yield source.drawing(number, "", TEXTURED, paired=place < _PAIRED)


class Digits:
    """scikit-learn's digits and its two sample photographs."""

    def __init__(self) -> None:
        from sklearn.datasets import load_digits, load_sample_image  # takes a second, and only demos need it

        bunch = load_digits()
        self.images, self.target = bunch.images, np.asarray(bunch.target)
        self.photographs = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
        self.by_class = [
            numpy_generator("demo", "two_domains", label).permutation(np.flatnonzero(self.target == label))
            for label in range(10)
        ]

    def drawing(self, number: int, part: str, domain: str, *, paired: bool = False) -> Drawing:
        """The digit with ink and ground of its own draw, whatever the others are."""
        random = numpy_generator("demo", "two_domains", "look", int(number))
        ink, paper = random.integers(*_INK, 3), random.integers(*_PAPER, 3)
        plain = self._inked(number, ink, np.broadcast_to(paper, (SIDE, SIDE, 3)))
        textured = self._inked(number, ink, self._texture(random))
        names = f"digit {number}, {PLAIN}", f"digit {number}, {TEXTURED}"
        images = dict(zip((PLAIN, TEXTURED), map(ArrayImage, names, (plain, textured)), strict=True))
        pair = images[PLAIN] if paired else None
        return Drawing(int(number), str(self.target[number]), part, domain, images[domain], pair)

    def _texture(self, random: np.random.Generator) -> npt.NDArray[np.float64]:
        """The most varied of some parts of photographs, so bright that ink can be seen: float64 [16, 16, 3]."""
        crop = max((self._crop(random) for _ in range(_TRIED)), key=lambda found: float(found.std()))
        return 80 + crop * (175 / 255)

    def _crop(self, random: np.random.Generator) -> npt.NDArray[np.float64]:
        from PIL import Image

        photograph = self.photographs[random.integers(len(self.photographs))]
        side = int(random.integers(*_CROPS))
        top, left = (int(random.integers(length - side + 1)) for length in photograph.shape[:2])
        crop = Image.fromarray(photograph[top : top + side, left : left + side])
        small: Any = np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
        found: npt.NDArray[np.float64] = small
        return found

    def _inked(self, number: int, ink: npt.NDArray[Any], ground: npt.NDArray[Any]) -> Pixels:
        from PIL import Image

        small = Image.fromarray(np.rint(self.images[number] * (255 / 16)).astype(np.uint8))
        share = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))[..., None] / 255
        inked: Pixels = np.rint(share * ink + (1 - share) * ground).astype(np.uint8)
        return inked
