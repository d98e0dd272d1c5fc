"""Pictures of the verdict for Prefect's UI: the arms with their intervals, and real beside accepted samples.

They are PNGs within the Markdown (`data:` addresses), because the server keeps no files and may be used offline.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from gan_augment.core.errors import GanAugmentError
from gan_augment.core.png import encode_png
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import read_samples

__all__ = ["contact_sheet", "gain_plot", "markdown_image"]

_CLASSES, _COLUMNS, _SIDE, _GAP = (
    12,
    8,
    32,
    6,
)  # rows at most; samples of each kind; pixels per sample at least, at most 2x
_NAMES, _WIDTH, _ROW = 230, 760, 30  # of the plot: the start of the axis, in pixels
_REAL, _SYNTHETIC, _GREY = "#3b6fb6", "#c8553d", "#8a8a8a"


def markdown_image(png: bytes, text: str) -> str:
    """Markdown `![text](data:...)`."""
    return f"![{text}](data:image/png;base64,{base64.b64encode(png).decode()})"


def _headline(arm: Mapping[str, Any]) -> str:
    """Name of an arm's headline, the first figure with an interval; empty without one."""
    figures = (name for name, value in arm.items() if isinstance(value, Mapping) and value.get("mean") is not None)
    return next(figures, "")


def gain_plot(measure: Mapping[str, Any]) -> bytes | None:
    """PNG of each arm's headline in per cent with its interval; None where no arm has one."""
    arms = [arm for arm in measure.get("arms", []) if _headline(arm)]
    if not arms:
        return None
    headline = _headline(arms[0])
    spans = [_span(arm[headline]) for arm in arms]
    low, high = min(span[0] for span in spans), max(span[2] for span in spans)
    margin = max(1.0, 0.08 * (high - low))
    low, high = max(0.0, low - margin), min(100.0, high + margin)
    image = Image.new("RGB", (_WIDTH, _ROW * (len(arms) + 1)), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)

    def place(value: float) -> float:
        return _NAMES + (_WIDTH - _NAMES - 70) * (value - low) / (high - low)

    for row, (arm, (left, mean, right)) in enumerate(zip(arms, spans, strict=True)):
        y = _ROW * row + _ROW / 2
        colour = _SYNTHETIC if arm.get("rows_synthetic") else _REAL
        draw.text((8, y), str(arm["arm"])[:28], fill="black", font=font, anchor="lm")
        draw.line([(place(left), y), (place(right), y)], fill=colour, width=3)
        draw.ellipse([place(mean) - 5, y - 5, place(mean) + 5, y + 5], fill=colour)
        draw.text((place(right) + 8, y), f"{mean:.1f}", fill=colour, font=font, anchor="lm")
    foot = _ROW * len(arms) + _ROW / 2
    draw.line([(place(low), foot - 12), (place(high), foot - 12)], fill=_GREY)
    for value, anchor in ((low, "lm"), (high, "rm")):
        draw.text((place(value), foot), f"{value:.1f} %", fill=_GREY, font=font, anchor=anchor)
    draw.text((8, foot), headline.replace("_", " "), fill=_GREY, font=font, anchor="lm")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _span(value: Mapping[str, Any]) -> tuple[float, float, float]:
    """Low, mean and high in per cent; a missing end is the mean."""
    mean = 100 * float(value["mean"])
    low, high = (100 * float(value[end]) if value.get(end) is not None else mean for end in ("low", "high"))
    return low, mean, high


def contact_sheet(root: Path) -> bytes | None:
    """PNG with a row per class (at most 12), real train samples left and accepted synthetic ones right.

    None for tables, and where the pipeline's folders are missing or are not ours.
    """
    try:
        spec = DatasetSpec.load(root / "data/prepared/dataset.json")
        if spec.image is None:
            return None
        curated = read_samples(root / "data/curated", mmap=True)
        rows = []
        for record in spec.classes[:_CLASSES]:
            real = read_samples(root / "data/prepared/train" / record.key, mmap=True).take(slice(_COLUMNS))
            made = curated.take(np.flatnonzero((curated.manifest["label"] == record.label).to_numpy(bool))[:_COLUMNS])
            rows.append((np.asarray(real.payload), np.asarray(made.payload)))
    except (GanAugmentError, OSError, ValueError):
        return None
    return encode_png(_grid(rows, spec.image.channels))


def _grid(rows: Sequence[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]], channels: int) -> npt.NDArray[np.uint8]:
    height, width = rows[0][0].shape[1:3]
    scale, step = max(1, _SIDE // max(height, width)), max(1, max(height, width) // (2 * _SIDE))
    high, wide = len(range(0, height, step)) * scale, len(range(0, width, step)) * scale
    sheet = np.full((len(rows) * (high + 2), 2 * _COLUMNS * (wide + 2) + _GAP, channels), 255, np.uint8)
    for row, kinds in enumerate(rows):
        for kind, samples in enumerate(kinds):
            for column, pixels in enumerate(samples):
                tile = pixels[::step, ::step].repeat(scale, 0).repeat(scale, 1)
                left = (kind * _COLUMNS + column) * (wide + 2) + kind * _GAP
                sheet[row * (high + 2) : row * (high + 2) + high, left : left + wide] = tile
    return sheet
