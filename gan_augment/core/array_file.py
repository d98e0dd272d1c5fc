"""`.npy` files of uint8 rows: any number of rows of one shape, read and written piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from gan_augment.core.checksums import telling_damage
from gan_augment.core.errors import DataError

__all__ = ["ArrayReader", "ArrayWriter"]


class ArrayReader:
    """Reader of an .npy file, in order. Plain reads: pages of a memory map would count as this process's memory."""

    def __init__(self, path: Path) -> None:
        with telling_damage(path):
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.dtype != np.uint8 or not mapped.flags.c_contiguous:
            raise DataError("Images are not stored row by row as bytes", where=path, got=str(mapped.dtype))
        self._shape, self._path, self._place = mapped.shape[1:], path, int(getattr(mapped, "offset", 0))

    def take(self, count: int) -> npt.NDArray[np.uint8]:
        """Rows of the file, at most `count`; none at the end."""
        size = count * int(np.prod(self._shape))
        values: npt.NDArray[np.uint8] = np.fromfile(self._path, np.uint8, size, offset=self._place)
        self._place += values.size
        return values.reshape(-1, *self._shape)

    def skip(self, count: int) -> None:
        """Skip the next rows."""
        self._place += count * int(np.prod(self._shape))


class ArrayWriter:
    """Writer that appends rows to an .npy file. The header holds their number and has a fixed length."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._stream: BinaryIO = path.open("wb")
        self._shape, self._count = shape, 0
        self._header()

    def _header(self) -> None:
        self._stream.seek(0)
        facts = {"descr": "|u1", "fortran_order": False, "shape": (self._count, *self._shape)}
        np.lib.format.write_array_header_1_0(self._stream, facts)

    def append(self, values: npt.NDArray[np.uint8]) -> None:
        """Add rows."""
        self._stream.write(np.ascontiguousarray(values).data)
        self._count += len(values)

    def close(self) -> None:
        """Write the number of rows into the header and close the file."""
        self._header()
        self._stream.close()
