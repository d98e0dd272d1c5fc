"""Fixed-size records kept on disk, so that millions of rows can be read again without holding them in memory."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["RecordFile", "RowFile", "RowsLike"]

_SPARSE = 4  # below one wanted row in so many, a range is read row by row


class RowsLike(Protocol):
    """Anything indexable as float32 rows [n, d]: an array, or a `RowFile`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


class _File:
    """Items of one size, in sequence; without a path, in a temporary file that is deleted with this object."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.touch()
        # Open for as long as this object lives; the file's old items do not count until `keep` says how many do.
        self._stream: BinaryIO = tempfile.TemporaryFile() if path is None else path.open("r+b")  # noqa: SIM115
        self._count = self._sum = 0

    def __len__(self) -> int:
        return self._count

    def _keep(self, count: int, size: int) -> bool:
        """Adopt the first items that the file holds and cut off the rest; False: it has fewer."""
        if os.fstat(self._stream.fileno()).st_size < count * size:
            return False
        self._stream.truncate(count * size)
        self._stream.seek(0)
        self._sum = 0
        while block := self._stream.read(1 << 20):
            self._sum = zlib.crc32(block, self._sum)
        self._count = count
        return True

    def sum(self) -> int:
        """Checksum of all items."""
        return self._sum

    def settle(self) -> int:
        """Flush all items to disk, and return their checksum."""
        os.fsync(self._stream.fileno())
        return self._sum

    def _append(self, items: npt.NDArray[Any]) -> None:
        data = np.ascontiguousarray(items).tobytes()
        self._stream.write(data)
        self._stream.flush()
        self._sum = zlib.crc32(data, self._sum)
        self._count += len(items)

    def _read(self, start: int, stop: int, size: int) -> bytes:
        return os.pread(self._stream.fileno(), max(stop - start, 0) * size, start * size)


class RowFile(_File):
    """File of float32 rows of one width."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path)
        self.width = 0

    def keep(self, count: int, width: int) -> bool:
        """Adopt exactly the first `count` rows of the file, `width` values each; False: it has fewer."""
        self.width = width
        return self._keep(count, 4 * width)

    def append(self, rows: npt.NDArray[np.float32]) -> None:
        """Add float32 [n, d]; every call has the same d."""
        self.width = rows.shape[1]
        self._append(rows.astype(np.float32, copy=False))

    def __getitem__(self, index: slice | npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float32]:
        """Rows of a slice without a step, or at the given positions in any order; float32 [m, d]."""
        if isinstance(index, slice):
            start, stop, _ = index.indices(len(self))
            return self._rows(start, stop)
        if not len(index):
            return np.zeros((0, self.width), dtype=np.float32)
        low, high = int(index.min()), int(index.max()) + 1
        if high - low <= _SPARSE * len(index):
            stretch: npt.NDArray[np.float32] = self._rows(low, high)[index - low]
            return stretch
        return np.concatenate([self._rows(int(place), int(place) + 1) for place in index])

    def _rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        data = self._read(start, stop, 4 * self.width)
        return np.frombuffer(data, dtype=np.float32).reshape(-1, self.width)


class RecordFile(_File):
    """File of records of one dtype, structured or not."""

    def __init__(self, dtype: npt.DTypeLike, path: Path | None = None) -> None:
        super().__init__(path)
        self.dtype = np.dtype(dtype)

    def keep(self, count: int) -> bool:
        """Adopt exactly the first `count` records of the file; False: it has fewer."""
        return self._keep(count, self.dtype.itemsize)

    def append(self, records: npt.NDArray[Any]) -> None:
        """Add records [n] of this file's dtype."""
        self._append(records)

    def __getitem__(self, rows: slice) -> npt.NDArray[Any]:
        """Records of a slice without a step."""
        start, stop, _ = rows.indices(len(self))
        return np.frombuffer(self._read(start, stop, self.dtype.itemsize), dtype=self.dtype)

    def column(self, name: str, dtype: npt.DTypeLike | None = None, *, rows: int = 65_536) -> npt.NDArray[Any]:
        """One field of all records, in memory."""
        column = np.empty(len(self), self.dtype[name] if dtype is None else dtype)
        for start in range(0, len(self), rows):
            column[start : start + rows] = self[start : start + rows][name]
        return column
