"""Image files in every shape that people have them in."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["bomb", "deep_png", "deep_tiff", "noise", "photo", "save", "write_folder"]


def noise(seed: int, size: tuple[int, int] = (16, 16), channels: int = 3) -> npt.NDArray[np.uint8]:
    """Random pixels [height, width, channels], or [height, width] for one channel."""
    shape = (size[1], size[0]) if channels == 1 else (size[1], size[0], channels)
    return np.random.default_rng(seed).integers(0, 256, size=shape, dtype=np.uint8)


def photo(seed: int, side: int = 64) -> Image.Image:
    """Something like a photograph: smooth shapes with a little texture."""
    coarse = Image.fromarray(noise(seed, (6, 6))).resize((side, side), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(seed + 10_000).normal(0, 6, size=(side, side, 3))
    return Image.fromarray(np.clip(np.asarray(coarse, dtype=float) + grain, 0, 255).astype(np.uint8))


def save(path: Path, pixels: npt.NDArray[np.uint8]) -> Path:
    """Write pixels as an image file, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_folder(root: Path, counts: dict[str, int], size: tuple[int, int] = (16, 16)) -> Path:
    """A folder of different PNGs: `counts` images a class folder."""
    for number, (label, count) in enumerate(counts.items()):
        for image in range(count):
            save(root / label / f"{image:03d}.png", noise(1000 * number + image, size))
    return root


def bomb(path: Path, side: int = 20_000) -> Path:
    """A small PNG whose header promises side x side pixels."""

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_png(header, b"\0" * 100))
    return path


def deep_png(values: npt.NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits: [height, width] grey, [..., 2] grey and alpha, [..., 3] RGB, [..., 4] RGBA."""
    height, width = values.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[1 if values.ndim == 2 else values.shape[2]]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return _png(struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0), rows)


def deep_tiff(values: npt.NDArray[Any], photometric: int | None = None) -> bytes:
    """An uncompressed TIFF of any integers or floats, [height, width] or [height, width, 3]."""
    height, width = values.shape[:2]
    channels = 1 if values.ndim == 2 else values.shape[2]
    colour = photometric if photometric is not None else (1 if channels == 1 else 2)
    depth, kind = values.dtype.itemsize * 8, {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    pixels = values.astype(values.dtype.newbyteorder("<")).tobytes()
    tags = [(256, width), (257, height), (258, depth), (259, 1), (262, colour), (273, 8), (277, channels)]
    tags += [(278, height), (279, len(pixels)), (339, kind)]
    places = 8 + len(pixels) + 2 + 12 * len(tags) + 4  # behind the directory: one number a channel
    entries, behind = b"", b""
    for tag, value in tags:
        several = channels > 1 and tag in (258, 339)
        entries += struct.pack(
            "<HHII", tag, 3 if several else 4, channels if several else 1, places if several else value
        )
        if several:
            behind += struct.pack(f"<{channels}H", *[value] * channels)
            places += 2 * channels
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(pixels))
        + pixels
        + struct.pack("<H", len(tags))
        + entries
        + bytes(4)
        + behind
    )


def _png(header: bytes, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
