"""Feature rows of all candidates on disk: what filters look at a second time, without a place in memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["RowFile", "RowsLike"]

_SPARSE = 4  # a stretch of which less than one row in so many is wanted is read row by row


class RowsLike(Protocol):
    """float32 rows [n, d] that give out some of theirs: an array, or a `RowFile`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


class RowFile:
    """Rows of one width in a temporary file, deleted with this object; `folder` None: the system's own place."""

    def __init__(self, folder: Path | None = None) -> None:
        self._stream = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as this object
        self._width = 0
        self._count = 0

    def append(self, rows: npt.NDArray[np.float32]) -> None:
        """Add float32 [n, d]; every call has the same d."""
        self._width, self._count = rows.shape[1], self._count + len(rows)
        self._stream.write(np.ascontiguousarray(rows, dtype=np.float32).data)
        self._stream.flush()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: slice | npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float32]:
        """The rows of a slice without a step, or at ascending or any places; float32 [m, d]."""
        if isinstance(index, slice):
            start, stop, _ = index.indices(self._count)
            return self._read(start, max(stop, start))
        if not len(index):
            return np.zeros((0, self._width), dtype=np.float32)
        low, high = int(index.min()), int(index.max()) + 1
        if high - low <= _SPARSE * len(index):
            stretch: npt.NDArray[np.float32] = self._read(low, high)[index - low]
            return stretch
        return np.concatenate([self._read(int(place), int(place) + 1) for place in index])

    def _read(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        size = 4 * self._width
        data = os.pread(self._stream.fileno(), (stop - start) * size, start * size)
        return np.frombuffer(data, dtype=np.float32).reshape(-1, self._width)
