"""Pictures of strings: drawn with Pillow in a font, or by a function of the user's own."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont
from pydantic import Field

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.user_functions import UserFunctionError, load_function
from gan_augment.synthesis.api import MethodConfig
from gan_augment.synthesis.kit.script.formats import Format
from gan_augment.synthesis.kit.script.settings import WHERE, ScriptConfig, alphabet_of, as_far_as_known, formats_of

__all__ = ["DEFAULT_FONT", "ScriptedConfig", "Writer", "check_writing"]

Pixels = npt.NDArray[np.uint8]

DEFAULT_FONT = "default"
_NO_CHARACTER = "\U0010fffe"  # never assigned: what a font draws for it, it draws for each glyph that it lacks
_PROBED = 32  # px
_FINER = 4  # glyphs are drawn so many times larger and averaged down; of large images less
_FINEST = 256  # px a side
_MOST_OF_WIDTH = 0.98


@dataclass(frozen=True)
class Writer:
    """A script over the classes of a data set; `formats` holds those of each class."""

    script: ScriptConfig
    spec: DatasetSpec
    alphabet: str
    formats: tuple[tuple[Format, ...], ...]

    @classmethod
    def of(cls, script: ScriptConfig, spec: DatasetSpec, strings: Mapping[int, Sequence[str]] | None) -> Writer:
        """As `formats_of`. Raises MethodError."""
        return cls(script, spec, alphabet_of(script, spec), formats_of(script, spec, strings))

    def string(self, index: int, random: np.random.Generator) -> str:
        """A string of class `index`."""
        own = self.formats[index]
        weights = np.array([one.weight for one in own])
        return own[int(random.choice(len(own), p=weights / weights.sum()))].draw(random)

    def picture(self, string: str, random: np.random.Generator) -> Pixels:
        """uint8 [h, w, c]. Raises MethodError, from a function of the user's own."""
        if self.script.function is not None:
            return _drawn_by(self.script.function, string, random, self.spec)
        return self._printed(string, random)

    def _printed(self, string: str, random: np.random.Generator) -> Pixels:
        script, image = self.script, self.spec.images
        font = script.fonts[int(random.integers(len(script.fonts)))]
        colours = [one[int(random.integers(len(one)))] for one in (script.ink, script.paper)]
        size = float(random.uniform(*script.size))
        width = None if script.width is None else float(random.uniform(*script.width))
        sides = (image.height, image.width)
        finer = max(1, min(_FINER, _FINEST // max(sides)))
        px = _px(font, self.alphabet, round(size * finer * image.height))
        share = _ink_share(_line_of(string, font, self.alphabet, px, script), sides, finer, width)
        ink, paper = (_levels(colour, image.channels) for colour in colours)
        drawn: Pixels = np.rint(paper + share[..., None] * (ink - paper)).astype(np.uint8)
        return drawn


def _levels(colour: str, channels: int) -> npt.NDArray[np.float64]:
    """float64 [channels]."""
    pixel = Image.new("RGB", (1, 1), ImageColor.getrgb(colour)[:3]).convert("L" if channels == 1 else "RGB")
    return np.asarray(pixel, dtype=np.float64).reshape(channels)


@functools.lru_cache(maxsize=512)
def _font(name: str, px: int) -> Any:
    return ImageFont.load_default(px) if name == DEFAULT_FONT else ImageFont.truetype(name, px)


@functools.lru_cache(maxsize=512)
def _line(name: str, alphabet: str, px: int) -> tuple[int, int]:
    """Where the alphabet's tallest character begins and its deepest ends, in px from the top of a line."""
    boxes = [_font(name, px).getbbox(character) for character in alphabet if not character.isspace()] or [(0, 0, 1, px)]
    return min(int(box[1]) for box in boxes), max(int(box[3]) for box in boxes)


def _px(name: str, alphabet: str, wanted: int) -> int:
    """The font's size at which a line of the alphabet is about `wanted` px high."""
    top, bottom = _line(name, alphabet, _PROBED)
    return max(4, round(_PROBED * wanted / max(1, bottom - top)))


def _ink_share(line: Image.Image, sides: tuple[int, int], finer: int, width: float | None) -> npt.NDArray[np.float64]:
    """How much of each pixel is ink, float64 [h, w]: the line in the middle, squeezed where it is too wide."""
    height, columns = (finer * side for side in sides)
    most = round((_MOST_OF_WIDTH if width is None else width) * columns)
    wide = most if width is not None else min(line.width, most)
    line = line.resize((max(1, wide), min(line.height, height)), Image.Resampling.BILINEAR)
    whole = Image.new("L", (columns, height), 0)
    whole.paste(line, ((columns - line.width) // 2, (height - line.height) // 2))
    fine = np.asarray(whole, dtype=np.float64).reshape(sides[0], finer, sides[1], finer) / 255
    return np.asarray(fine.mean(axis=(1, 3)))


def _line_of(string: str, font: str, alphabet: str, px: int, script: ScriptConfig) -> Image.Image:
    """The string in white on black, as high as the alphabet's characters are, character after character."""
    top, bottom = _line(font, alphabet, px)
    space, stroke = round(script.spacing * (bottom - top)), round(script.bold * (bottom - top))
    starts = [0.0]
    for before, after in itertools.pairwise(string):
        # With kerning: what two characters take together, without what the second one takes alone.
        advance = _font(font, px).getlength(before + after) - _font(font, px).getlength(after)
        starts.append(starts[-1] + advance + space)
    left = min(0, _font(font, px).getbbox(string[0])[0]) - stroke
    right = starts[-1] + _font(font, px).getbbox(string[-1])[2] + stroke
    line = Image.new("L", (max(1, math.ceil(right - left)), max(1, bottom - top + 2 * stroke)), 0)
    pen = ImageDraw.Draw(line)
    for start, character in zip(starts, string, strict=True):
        pen.text((round(start - left), stroke - top), character, fill=255, font=_font(font, px), stroke_width=stroke)
    return line


def check_writing(writer: Writer) -> None:
    """Draw a little. Raises MethodError where a font lacks a glyph, ink cannot be seen, or a function does not do."""
    if writer.script.function is not None:
        _check_function(writer)
        return
    channels = writer.spec.images.channels
    inks, papers = (
        {tuple(_levels(one, channels)): one for one in own} for own in (writer.script.ink, writer.script.paper)
    )
    if same := [f"{inks[level]} on {papers[level]}" for level in inks if level in papers]:
        raise MethodError(
            "Ink of the paper's colour cannot be seen",
            where=f"{WHERE}.ink and {WHERE}.paper in params.yaml",
            got=same[0],
            expected="an ink that differs from each paper" + (", as a level of grey" if channels == 1 else ""),
        )
    for font in writer.script.fonts:
        _check_font(font, writer.alphabet)


def _check_font(name: str, alphabet: str) -> None:
    try:
        font = _font(name, _PROBED)
    except OSError as error:
        raise MethodError(
            "A font cannot be read",
            where=f"{WHERE}.fonts in params.yaml: {name}",
            got=str(error),
            expected=f"a file .ttf or .otf, or `{DEFAULT_FONT}`",
            remedy="give its path from the folder of params.yaml on, or its whole path",
        ) from None
    box = font.getmask(_NO_CHARACTER)
    unknown = (box.size, bytes(box))
    lacking = [one for one in alphabet if not one.isspace() and not _has_glyph(font, one, unknown)]
    if lacking:
        raise MethodError(
            "A font has no glyph for characters of the alphabet: they would be drawn as nothing, or as boxes",
            where=f"{WHERE}.fonts in params.yaml: {name}",
            got=f"none for {''.join(lacking)!r:.200}",
            expected=f"a glyph for each of {alphabet!r:.400}",
            remedy="name a font that has them in settings.script.fonts, or leave them out of settings.script.alphabet",
        )


def _has_glyph(font: Any, character: str, unknown: tuple[Any, bytes]) -> bool:
    mask = font.getmask(character)
    drawn = bytes(mask)
    return any(drawn) and (mask.size, drawn) != unknown


def _drawn_by(name: str, string: str, random: np.random.Generator, spec: DatasetSpec) -> Pixels:
    """What the user's function draws, uint8 [h, w, c]. Raises MethodError."""
    try:
        function = load_function(name, Path.cwd())
    except UserFunctionError as error:
        raise _bad_function(
            name, str(error), "module:function", "put the module beside params.yaml or install it"
        ) from None
    try:
        given: Any = function(string, random)
    except Exception as error:
        raise _bad_function(
            name, f"{type(error).__name__} for {string!r:.80}: {error}", "an image", "correct it"
        ) from error
    pixels = np.asarray(given)
    image = spec.images
    expected = f"uint8 [{image.height}, {image.width}, {image.channels}], as the images of the data set"
    if pixels.dtype != np.uint8:
        remedy = "give levels 0 to 255: np.rint(255 * image).astype(np.uint8)"
        raise _bad_function(name, f"{pixels.dtype} {list(pixels.shape)}", expected, remedy)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    wanted = (image.height, image.width, image.channels)
    if pixels.ndim != 3 or pixels.shape[:2] != wanted[:2] or pixels.shape[2] not in (1, image.channels):
        raise _bad_function(name, f"uint8 {list(np.shape(given))}", expected, "draw images of this size")
    return np.ascontiguousarray(np.broadcast_to(pixels, wanted))


def _check_function(writer: Writer) -> None:
    """Draw one string three times. Raises MethodError where chance does not come from `rng` alone."""
    name, random = str(writer.script.function), np.random.default_rng(0)
    index = next((place for place, own in enumerate(writer.formats) if own), None)
    string = writer.alphabet[0] if index is None else writer.string(index, random)
    first, again, other = (_drawn_by(name, string, np.random.default_rng(seed), writer.spec) for seed in (1, 1, 2))
    if not np.array_equal(first, again):
        raise _bad_function(
            name, "two images from one state of rng", "the same image for the same label and rng",
            "take all chance from rng, a numpy.random.Generator: another run could not repeat these rows",
        )  # fmt: skip
    if np.array_equal(first, other):
        raise _bad_function(
            name, "the same image whatever rng is", "images of a string that differ",
            "vary size, place, ink or font with rng: equal pictures of a string teach nothing new",
        )  # fmt: skip


def _bad_function(name: str, got: str, expected: str, remedy: str) -> MethodError:
    return MethodError(
        "The function that draws the script does not do",
        where=f"{WHERE}.function in params.yaml: {name}",
        got=got,
        expected=expected,
        remedy=remedy,
    )


class ScriptedConfig(MethodConfig):
    """Base of the settings of a method that writes strings itself."""

    shared: ClassVar[tuple[str, ...]] = ("script",)

    script: ScriptConfig = Field(default_factory=ScriptConfig, description="what is written, and how")

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where strings are not what is learnt, or the script cannot be written."""
        if (known := as_far_as_known(self.script, spec)) is not None:
            check_writing(Writer.of(self.script, known, None))  # which opens fonts and functions
