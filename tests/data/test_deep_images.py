from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_augment.data.deep_images import decode_deep, numbers_of
from tests.data.pictures import deep_png, deep_tiff


def ramp(low: float, high: float, kind: str, channels: int = 1) -> np.ndarray[Any, Any]:
    values = np.linspace(low, high, 16 * 16).reshape(16, 16).astype(kind)
    return values if channels == 1 else np.dstack([values, values[::-1], values.T])[..., :channels]


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (deep_png(ramp(0, 4095, "uint16")), "16-bit"),
        (deep_png(ramp(0, 4095, "uint16", 3)), "16-bit"),
        (deep_tiff(ramp(0, 4095, "uint16")), "16-bit"),
        (deep_tiff(ramp(0, 4095, "uint16", 3)), "16-bit"),
        (deep_tiff(ramp(-100, 100, "int8")), "integer"),
        (deep_tiff(ramp(-1000, 1000, "int16")), "integer"),
        (deep_tiff(ramp(-1000, 1000, "int32")), "integer"),
        (deep_tiff(ramp(0, 4e9, "uint32")), "integer"),
        (deep_tiff(ramp(-1, 1, "float32")), "float"),
    ],
)
def test_every_number_of_the_file_comes_out(content: bytes, numbers: str) -> None:
    with Image.open(io.BytesIO(content)) as image:
        assert numbers_of(image, content) == numbers
        deep = decode_deep(image, content)
    low, high = deep.extent
    assert deep.opacity is None
    expected = {"uint32": (0, 4e9), "int8": (-100, 100), "float32": (-1, 1)}
    kind = deep.values.dtype.name
    assert (low, high) == expected.get(kind, (0, 4095) if numbers == "16-bit" else (-1000, 1000))


def test_colours_keep_their_order() -> None:
    values = ramp(0, 4095, "uint16", 3)
    for content in (deep_png(values), deep_tiff(values)):
        with Image.open(io.BytesIO(content)) as image:
            assert (decode_deep(image, content).values == values).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_opacity_is_part_of_the_format_and_not_of_the_cameras_depth(channels: int) -> None:
    values = np.full((16, 16, channels), 1000, dtype=np.uint16)
    values[..., -1] = 65535
    values[0, 0] = 60000
    values[0, 0, -1] = 0
    content = deep_png(values)
    with Image.open(io.BytesIO(content)) as image:
        deep = decode_deep(image, content)
    assert deep.opacity is not None
    assert (deep.opacity[0, 0], deep.opacity[1, 1]) == (0, 1)
    assert deep.extent == (1000, 1000), "what is transparent says nothing of the range"


def test_where_zero_is_white() -> None:
    content = deep_tiff(ramp(0, 65535, "uint16"), photometric=0)
    with Image.open(io.BytesIO(content)) as image:
        unit = decode_deep(image, content).unit(0, 65535)
    assert (unit[0, 0], unit[-1, -1]) == (1, 0)


def test_plain_bytes_are_not_deep() -> None:
    for mode, kind in (("RGB", "PNG"), ("P", "PNG"), ("1", "TIFF"), ("CMYK", "TIFF"), ("L", "JPEG"), ("LA", "PNG")):
        buffer = io.BytesIO()
        Image.new(mode, (4, 4)).save(buffer, kind)
        with Image.open(buffer) as image:
            assert numbers_of(image, buffer.getvalue()) == "8-bit"
