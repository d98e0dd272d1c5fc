"""Decoding one image into canonical pixels: uint8 RGB of one square size.

Every mode that Pillow reads is handled by rule: palettes are looked up, transparency is laid over a grey level,
16-bit values are scaled by the named white, EXIF orientation is applied, other colour spaces become RGB. A header
that promises more pixels than memory should hold is refused before anything is decoded.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from gan_augment.data.sources.api import ArrayImage, ImageHandle

__all__ = ["MAX_PIXELS", "Canonical", "Header", "UnreadableImageError", "read_header", "read_pixels"]

Pixels = npt.NDArray[np.uint8]
MAX_PIXELS = 89_478_485  # Pillow's own line between a photograph and an attack: 256 MB of RGB
_ORIENTATION = 0x0112  # the EXIF tag; 5 to 8 swap width and height


class UnreadableImageError(Exception):
    """This file is not an image that can be used; the text says why in a few words."""


@dataclass(frozen=True)
class Header:
    """What a file says about itself: size in pixels as displayed (after EXIF orientation), Pillow mode, format."""

    width: int
    height: int
    mode: str
    format: str

    @property
    def deep(self) -> bool:
        """Whether a channel has more than 8 bits."""
        return self.mode.startswith(("I", "F"))


@dataclass(frozen=True)
class Canonical:
    """How an image becomes canonical; see `PrepareConfig` for the words."""

    size: int
    resize: str = "crop"
    background: int = 255
    white: int = 65535


def read_header(handle: ImageHandle) -> Header:
    """Size and mode without decoding the pixels. Raises UnreadableImageError."""
    if isinstance(handle, ArrayImage):
        height, width = handle.pixels.shape[:2]
        grey = handle.pixels.ndim == 2 or handle.pixels.shape[2] == 1
        return Header(width, height, "L" if grey else "RGB", "array")
    with _opened(handle.read()) as image:
        width, height = image.size
        if _lies_on_its_side(image):
            width, height = height, width
        return Header(width, height, image.mode, image.format or "unknown")


def read_pixels(handle: ImageHandle, canonical: Canonical) -> Pixels:
    """uint8 [size, size, 3]. Raises UnreadableImageError."""
    if isinstance(handle, ArrayImage):
        image = Image.fromarray(np.squeeze(handle.pixels, axis=2) if handle.pixels.shape[2:] == (1,) else handle.pixels)
        return _fit(image.convert("RGB"), canonical)
    with _opened(handle.read()) as image:
        try:
            turned = ImageOps.exif_transpose(image)
            return _fit(_as_rgb(turned, canonical), canonical)
        except UnreadableImageError:
            raise
        except Exception as error:  # Pillow's plug-ins raise nearly anything on damaged data
            raise UnreadableImageError(_reason(error)) from None


def _opened(content: bytes) -> Image.Image:
    if not content:
        raise UnreadableImageError("empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit speaks, right below
            image = Image.open(io.BytesIO(content))
    except Image.DecompressionBombError:
        raise UnreadableImageError(
            f"more than {2 * MAX_PIXELS:,} pixels promised, {MAX_PIXELS:,} are allowed"
        ) from None
    except Exception as error:  # as above
        raise UnreadableImageError(_reason(error)) from None
    if image.width * image.height > MAX_PIXELS:
        raise UnreadableImageError(f"{image.width} x {image.height} pixels promised, {MAX_PIXELS:,} are allowed")
    return image


def _lies_on_its_side(image: Image.Image) -> bool:
    if image.format == "PNG" and "exif" not in image.info:
        return False  # Pillow would decode the pixels to look for it behind them
    try:
        return int(image.getexif().get(_ORIENTATION, 1)) >= 5
    except Exception:
        return False


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no known image format"
    text = str(error).split("\n", maxsplit=1)[0]
    return f"damaged: {text or type(error).__name__}"


def _as_rgb(image: Image.Image, canonical: Canonical) -> Image.Image:
    if image.mode.startswith("I"):
        return _scaled(np.asarray(image, dtype=np.float64) / canonical.white)
    if image.mode == "F":
        return _scaled(_unit_range(np.asarray(image, dtype=np.float64)))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        grey = Image.new("RGBA", over.size, (canonical.background,) * 3 + (255,))
        return Image.alpha_composite(grey, over).convert("RGB")
    return image.convert("RGB")


def _unit_range(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0 or high > 255:
        raise UnreadableImageError(f"floating-point pixels from {low:g} to {high:g}; 0 to 1 or 0 to 255 can be read")
    return values if high <= 1 else values / 255


def _scaled(unit: npt.NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)).convert("RGB")


def _fit(image: Image.Image, canonical: Canonical) -> Pixels:
    """Bicubic with antialiasing (the choice of Parmar et al. 2022, "On aliased resizing", for comparable scores)."""
    size = (canonical.size, canonical.size)
    if image.size != size:
        if canonical.resize == "crop":
            image = ImageOps.fit(image, size, Image.Resampling.BICUBIC)
        elif canonical.resize == "pad":
            image = ImageOps.pad(image, size, Image.Resampling.BICUBIC, color=(canonical.background,) * 3)
        else:
            image = image.resize(size, Image.Resampling.BICUBIC)
    return np.array(image, dtype=np.uint8)
