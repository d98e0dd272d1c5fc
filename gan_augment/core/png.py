"""PNG encoding and decoding. The same pixels give the same bytes: no time stamp, no text chunk."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt

__all__ = ["decode_png", "encode_png"]


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """PNG bytes of uint8 [height, width, 1 or 3]."""
    from PIL import Image  # not at the top: reading tables alone needs no Pillow

    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def decode_png(data: bytes) -> npt.NDArray[np.uint8]:
    """uint8 pixels [height, width, 1 or 3]; the inverse of `encode_png`."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        pixels = np.array(image, dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels
