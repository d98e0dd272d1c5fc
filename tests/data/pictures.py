"""Image files in every shape that people have them in."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["bomb", "noise", "photo", "save", "write_folder"]


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

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
    return path
