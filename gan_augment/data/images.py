"""Decoding of one image into canonical pixels: uint8 RGB of one size.

Every Pillow mode has a rule: palettes are looked up, transparency is composited over a grey level, more than 8 bits are
scaled by the black and white of the data set, EXIF orientation is applied, other colour spaces become RGB. A header
that declares more pixels than memory should hold is refused before decoding.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from gan_augment.data.deep_images import Deep, Numbers, decode_deep, numbers_of
from gan_augment.data.raw import ArrayImage, ImageHandle

__all__ = [
    "MAX_PIXELS",
    "Canonical",
    "Header",
    "UnreadableImageError",
    "read_extent",
    "read_header",
    "read_mask",
    "read_pixels",
]

Pixels = npt.NDArray[np.uint8]
MAX_PIXELS = 89_478_485  # Pillow's own limit between a photograph and an attack: 256 MB of RGB
_ORIENTATION = 0x0112  # the EXIF tag; 5 to 8 swap width and height
_TIFF_WIDTH = 256
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableImageError(Exception):
    """Image file that cannot be used; the text is a reason of a few words."""


@dataclass(frozen=True)
class Header:
    """Header of a file: size in pixels as displayed (after EXIF orientation), Pillow mode, format.

    `numbers` is the number format of a channel, `frames` the number of pictures in the file.
    """

    width: int
    height: int
    mode: str
    format: str
    numbers: Numbers = "8-bit"
    frames: int = 1

    @property
    def grey(self) -> bool:
        """Whether there is one channel."""
        return self.mode.split(";")[0] in ("1", "L", "LA", "I", "F")

    @property
    def deep(self) -> bool:
        """Whether a channel has more than 8 bits."""
        return self.numbers != "8-bit"


@dataclass(frozen=True)
class Canonical:
    """Settings by which an image becomes canonical; see `PrepareConfig`.

    `size` is the side of a square, or (height, width).
    `black` and `white` are those of 16-bit images; `integers` and `floats` the pairs of signed or 32-bit and of
    floating-point images. None: derived from the single picture, which loading never allows.
    """

    size: int | tuple[int, int]
    resize: str = "crop"
    background: int = 255
    white: float = 65535
    black: float = 0
    integers: tuple[float, float] | None = None
    floats: tuple[float, float] | None = None

    @property
    def height_and_width(self) -> tuple[int, int]:
        """In pixels."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


def read_header(handle: ImageHandle) -> Header:
    """Size and mode without decoding the pixels. Raises UnreadableImageError."""
    if isinstance(handle, ArrayImage):
        height, width = handle.pixels.shape[:2]
        grey = handle.pixels.ndim == 2 or handle.pixels.shape[2] == 1
        return Header(width, height, "L" if grey else "RGB", "array")
    content = handle.read()
    with _opened(content) as image:
        width, height = image.size
        if _lies_on_its_side(image):
            width, height = height, width
        numbers = numbers_of(image, content)
        mode = f"{image.mode};16" if numbers == "16-bit" and not image.mode.startswith("I") else image.mode
        return Header(width, height, mode, image.format or "unknown", numbers, _frames(image))


def read_extent(handle: ImageHandle) -> tuple[float, float]:
    """Lowest and highest number in an image with more than 8 bits. Raises UnreadableImageError."""
    if isinstance(handle, ArrayImage):
        return float(handle.pixels.min()), float(handle.pixels.max())
    content = handle.read()
    with _opened(content) as image:
        return _deep(image, content).extent


def read_pixels(handle: ImageHandle, canonical: Canonical) -> Pixels:
    """Canonical pixels, uint8 [height, width, 3]. Raises UnreadableImageError."""
    if isinstance(handle, ArrayImage):
        image = Image.fromarray(np.squeeze(handle.pixels, axis=2) if handle.pixels.shape[2:] == (1,) else handle.pixels)
        return _fit(image.convert("RGB"), canonical)
    content = handle.read()
    with _opened(content) as image:
        try:
            return _fit(_upright(image, content, canonical), canonical)
        except UnreadableImageError:
            raise
        except Exception as error:  # Pillow's plug-ins raise nearly anything on damaged data
            raise UnreadableImageError(_reason(error)) from None


def read_mask(handle: ImageHandle, canonical: Canonical) -> Pixels:
    """Mask, uint8 [height, width, 1 or 3], with the file's own values, not interpolated. Raises UnreadableImageError.

    A palette gives its indices; transparency is ignored, and padding is 0.
    """
    if isinstance(handle, ArrayImage):
        values = np.squeeze(handle.pixels, axis=2) if handle.pixels.shape[2:] == (1,) else handle.pixels
    else:
        content = handle.read()
        with _opened(content) as image:
            values = _mask_values(image)
    fitted = _fit(Image.fromarray(values), canonical, Image.Resampling.NEAREST, padding=0)
    colour = fitted.ndim == 3 and not (fitted == fitted[..., :1]).all()
    return fitted if colour else fitted.reshape(*fitted.shape[:2], -1)[..., :1]


def _mask_values(image: Image.Image) -> Pixels:
    try:
        upright = ImageOps.exif_transpose(image)
        plain = {"1": "L", "LA": "L", "PA": "P", "RGBA": "RGB"}.get(upright.mode)
        values = np.asarray(upright.convert(plain) if plain else upright)
    except Exception as error:  # as above
        raise UnreadableImageError(_reason(error)) from None
    if values.ndim == 3 and values.shape[2] != 3:
        raise UnreadableImageError(f"a mask of {values.shape[2]} channels ({image.mode})")
    if values.min() < 0 or values.max() > 255:
        raise UnreadableImageError(f"a mask with values from {values.min()} to {values.max()}, 0 to 255 are kept")
    return values.astype(np.uint8)


def _upright(image: Image.Image, content: bytes, canonical: Canonical) -> Image.Image:
    """Image as RGB, as displayed."""
    numbers = numbers_of(image, content)
    if numbers == "8-bit":
        return _as_rgb(ImageOps.exif_transpose(image), canonical)
    flat = _flattened(_deep(image, content), numbers, canonical)
    turn = image.getexif().get(_ORIENTATION, 1)  # after decoding: Pillow has turned decoded TIFF images already
    return flat.transpose(_TURNS[turn]) if turn in _TURNS else flat


def _deep(image: Image.Image, content: bytes) -> Deep:
    try:
        return decode_deep(image, content)
    except Exception as error:  # as above
        raise UnreadableImageError(_reason(error)) from None


def _flattened(deep: Deep, numbers: Numbers, canonical: Canonical) -> Image.Image:
    """Image scaled to 8 bits and composited over the background."""
    unit = deep.unit(*_scale(deep, numbers, canonical))
    if deep.opacity is not None:
        seen = deep.opacity if unit.ndim == 2 else deep.opacity[..., None]
        unit = unit * seen + canonical.background / 255 * (1 - seen)
    return Image.fromarray(np.rint(unit * 255).astype(np.uint8)).convert("RGB")


def _scale(deep: Deep, numbers: Numbers, canonical: Canonical) -> tuple[float, float]:
    """Black and white for this picture. Raises UnreadableImageError where they would clip it."""
    low, high = deep.extent
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UnreadableImageError("pixels that are not numbers")
    if numbers == "16-bit":
        return canonical.black, canonical.white  # a few brighter pixels of a camera are no reason to refuse
    known = canonical.integers if numbers == "integer" else canonical.floats or _usual_floats(low, high)
    black, white = known or (canonical.black, canonical.white)
    if low < black or high > white:
        raise UnreadableImageError(f"pixels from {low:g} to {high:g}, where {black:g} is black and {white:g} white")
    return black, white


def _usual_floats(low: float, high: float) -> tuple[float, float]:
    return (0.0, 1.0) if low >= 0 and high <= 1 else (0.0, 255.0)


def _opened(content: bytes) -> Image.Image:
    if not content:
        raise UnreadableImageError("empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit applies, right below
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
        return False  # Pillow would decode the pixels to look for EXIF after them
    if image.format == "TIFF" and image.width != image.tag_v2.get(_TIFF_WIDTH, image.width):  # type: ignore[attr-defined]
        return False  # newer Pillow versions have swapped the size already
    try:
        return int(image.getexif().get(_ORIENTATION, 1)) >= 5
    except Exception:
        return False


def _frames(image: Image.Image) -> int:
    """Number of pictures in the file; a camera's second view of the same scene (MPO) does not count."""
    try:
        return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    except Exception:  # as above; decoding reports the fault
        return 1


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no known image format"
    text = str(error).split("\n", maxsplit=1)[0]
    return f"damaged: {text or type(error).__name__}"


def _as_rgb(image: Image.Image, canonical: Canonical) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        grey = Image.new("RGBA", over.size, (canonical.background,) * 3 + (255,))
        return Image.alpha_composite(grey, over).convert("RGB")
    return image.convert("RGB")


def _fit(
    image: Image.Image,
    canonical: Canonical,
    how: Image.Resampling = Image.Resampling.BICUBIC,
    padding: int | None = None,
) -> Pixels:
    """Image in canonical size: bicubic, antialiased (Parmar et al. 2022, "On aliased resizing": comparable scores)."""
    height, width = canonical.height_and_width
    size = (width, height)
    if image.size != size:
        if canonical.resize == "crop":
            image = ImageOps.fit(image, size, how)
        elif canonical.resize == "pad":
            image = ImageOps.pad(image, size, how, color=(canonical.background,) * 3 if padding is None else padding)
        else:
            image = image.resize(size, how)
    return np.array(image, dtype=np.uint8)
