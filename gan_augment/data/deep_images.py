"""Images with more than 8 bits per channel: their numbers as in the file, and one scale for the whole data set.

Pillow keeps only the high byte of 16-bit colour, reads large signed values as bytes and lets 32-bit numbers wrap, so
OpenCV reads these files. Black and white belong to a data set, not to a single image: one image of a series may well be
dark.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Deep", "Numbers", "decode_deep", "numbers_of"]

# Number formats of a file: plain bytes, 16-bit from 0, other integers (signed, 32 bits), or floats.
Numbers = Literal["8-bit", "16-bit", "integer", "float"]
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # TIFF tags
_WHITE_IS_ZERO = 0
_SIGNED, _FLOAT = 2, 3
_PNG_BITS_AT = 24  # bytes before the depth in a PNG


@dataclass(frozen=True)
class Deep:
    """Decoded image: numbers [height, width] or [height, width, 3], and its opacity 0 to 1 if it has any."""

    values: npt.NDArray[Any]
    opacity: npt.NDArray[np.float64] | None = None
    white_is_zero: bool = False

    @property
    def extent(self) -> tuple[float, float]:
        """Lowest and highest number among visible pixels; (nan, nan) where one of them is not a number."""
        seen = self.values if self.opacity is None else self.values[self.opacity > 0]
        return (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)

    def unit(self, black: float, white: float) -> npt.NDArray[np.float64]:
        """Numbers scaled to 0 (black) to 1 (white), and clipped."""
        scaled = np.clip((self.values.astype(np.float64) - black) / (white - black), 0, 1)
        return 1 - scaled if self.white_is_zero else scaled


def numbers_of(image: Image.Image, content: bytes) -> Numbers:
    """Number format of an opened image, from its header."""
    if image.format == "PNG":
        return "16-bit" if content[_PNG_BITS_AT : _PNG_BITS_AT + 1] == b"\x10" else "8-bit"
    if image.format == "TIFF":
        bits, kind = max(_tag(image, _BITS, 1)), max(_tag(image, _SAMPLE_FORMAT, 1))
        if kind == _FLOAT:
            return "float"
        if bits > 8 or kind == _SIGNED:
            return "16-bit" if bits <= 16 and kind != _SIGNED else "integer"
        return "8-bit"
    if image.mode == "F":
        return "float"
    return ("16-bit" if image.format == "PPM" else "integer") if image.mode.startswith("I") else "8-bit"


def decode_deep(image: Image.Image, content: bytes) -> Deep:
    """Numbers of an image whose `numbers_of` is not "8-bit". Raises ValueError, or an exception of Pillow."""
    white_is_zero = image.format == "TIFF" and _tag(image, _PHOTOMETRIC, 1)[0] == _WHITE_IS_ZERO
    if image.mode.startswith(("I;16", "F")) or image.format not in ("PNG", "TIFF"):
        return Deep(np.asarray(image), _opacity_of_key(image), white_is_zero)
    values = _by_opencv(content)
    if sorted(values.shape[:2]) != sorted(image.size):
        raise ValueError("pixels of another size than the header says")
    if values.ndim == 2:
        return Deep(values, None, white_is_zero)
    opacity = values[..., 3] / np.iinfo(values.dtype).max if values.shape[2] == 4 else None
    return Deep(values[..., 2::-1], opacity, white_is_zero)  # OpenCV's order is blue, green, red


def _by_opencv(content: bytes) -> npt.NDArray[Any]:
    import cv2  # slow to import, and few data sets need it

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # unknown TIFF tags, one line each
    try:
        values = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError(str(error).strip().splitlines()[0]) from None
    if values is None or (values.ndim == 3 and values.shape[2] not in (3, 4)):
        raise ValueError("channels of more than 8 bits in an order that cannot be read")
    return values


def _opacity_of_key(image: Image.Image) -> npt.NDArray[np.float64] | None:
    """Opacity of a grey PNG, in which one number may stand for transparent."""
    key = image.info.get("transparency")
    return (np.asarray(image) != key).astype(np.float64) if isinstance(key, int) else None


def _tag(image: Any, number: int, usual: int) -> tuple[int, ...]:
    try:
        value = image.tag_v2.get(number, usual)
    except (AttributeError, KeyError, ValueError, struct.error):
        return (usual,)
    return value if isinstance(value, tuple) else (value,)
