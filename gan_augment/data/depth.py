"""Black and white levels of images with more than 8 bits: chosen once, for the whole data set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gan_augment.data.config import PrepareConfig
from gan_augment.data.deep_images import Numbers
from gan_augment.data.problems import Problem

__all__ = ["Scale", "choose_scale"]

Range = tuple[float, float]
DARK = 4  # white is this many times the brightest number, so the images are nearly black


@dataclass(frozen=True)
class Scale:
    """Black and white of signed or 32-bit integers and of floats, where the data has such, with the findings."""

    integers: Range | None
    floats: Range | None
    problems: tuple[Problem, ...]

    @property
    def ranges(self) -> tuple[Range | None, Range | None]:
        """Levels of integers and of floats."""
        return self.integers, self.floats


def choose_scale(found: Sequence[tuple[Numbers, Range]], config: PrepareConfig) -> Scale:
    """Scale from the format and the extent of every deep image. 16-bit images use `prepare.black` and `.white`."""
    named = (float(config.black), float(config.white))
    extents = {kind: _together(kind, found) for kind in ("16-bit", "integer", "float")}
    integers = named if _inside(extents["integer"], named) else _widened(extents["integer"])
    floats = _of_floats(extents["float"], named)
    counts = {kind: sum(kind == other for other, _ in found) for kind in extents}
    problems = [
        *_about_16_bits(counts["16-bit"], extents["16-bit"], config),
        *_about_range("signed or 32-bit", counts["integer"], extents["integer"], integers, config),
        *_about_range("floating-point", counts["float"], extents["float"], floats, config),
    ]
    return Scale(integers, floats, tuple(problems))


def _together(kind: str, found: Sequence[tuple[Numbers, Range]]) -> Range | None:
    extents = [extent for other, extent in found if other == kind and all(map(math.isfinite, extent))]
    return (min(low for low, _ in extents), max(high for _, high in extents)) if extents else None


def _inside(extent: Range | None, named: Range) -> bool:
    return extent is None or (named[0] <= extent[0] and extent[1] <= named[1])


def _of_floats(extent: Range | None, named: Range) -> Range | None:
    """Levels of floats: 0 to 1 or 0 to 255, as programs write them; the user's; or the extent of the data set."""
    if extent is None:
        return None
    low, high = extent
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= 0 and 8 < high <= 255:  # below 8, rather an overshoot of 0 to 1
        return 0.0, 255.0
    return named if _inside(extent, named) and high > 8 else _widened(extent)


def _widened(extent: Range | None) -> Range | None:
    """Extent, widened where it is a single point."""
    if extent is None or extent[0] < extent[1]:
        return extent
    return extent[0], extent[0] + 1


def _about_16_bits(count: int, extent: Range | None, config: PrepareConfig) -> Iterator[Problem]:
    """Findings on 16-bit images: 12-bit data in them comes out nearly black, and a low white level clips."""
    if extent is None:
        return
    _, high = extent
    where = getattr(config.source, "path", None)
    if high > config.white:
        yield Problem(
            severity="warning",
            code="depth",
            what=f"{count} 16-bit images hold numbers up to {_said(high)}; above {_said(config.white)} all is white",
            where=where,
            remedy=f"set prepare.white: {_said(high)} to keep them apart",
        )
    elif high > 0 and (high - config.black) * DARK < config.white - config.black:
        bits = max(8, int(high).bit_length())
        yield Problem(
            severity="warning",
            code="depth",
            what=f"{count} 16-bit images are nearly black: their numbers go up to {_said(high)} only",
            where=where,
            expected=f"numbers up to prepare.white, which is {_said(config.white)}",
            remedy=f"if the camera has {bits} bits, set prepare.white: {2**bits - 1}",
        )


def _about_range(
    words: str, count: int, extent: Range | None, scale: Range | None, config: PrepareConfig
) -> Iterator[Problem]:
    if extent is None or scale is None or scale in ((0.0, 1.0), (0.0, 255.0)):
        return
    (low, high), (black, white) = extent, scale
    if scale == (config.black, config.white) and (high - low) * DARK >= white - black:
        return
    dark = scale == (config.black, config.white)
    yield Problem(
        severity="warning",
        code="depth",
        what=f"{count} {words} images hold numbers from {_said(low)} to {_said(high)}; "
        f"{_said(black)} becomes black and {_said(white)} white",
        where=getattr(config.source, "path", None),
        remedy=("to use all grey levels" if dark else "so that images to come do not move this scale")
        + f", set prepare.black: {_said(low)} and prepare.white: {_said(high)}",
    )


def _said(number: float) -> str:
    """Number as YAML reads it back."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))
