"""Members of an uncompressed tar, with proof that nothing lies between or after them and that none is cut off.

Python's tarfile stops silently at a damaged header in the middle, at a cut between members, and at the end mark of the
first of two concatenated tars. So the place where it stopped is checked: there must be an end mark, and nothing after
it.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gan_augment.core.errors import DataError
from gan_augment.data.accounts import LeftOut, Reason
from gan_augment.data.paths import shown
from gan_augment.data.sources.entries import HIDDEN, LITTER, is_hidden, is_litter

__all__ = ["Member", "Tar", "read_tar"]

FOLDER = Reason("folders in a tar, which say nothing", "note")
SPECIAL_MEMBER = Reason(
    "links, devices and sparse files in a tar, which have no content of their own",
    "error",
    remedy="write the tar again from whole files (tar --dereference --hard-dereference)",
)
_BLOCK = 512
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"PK": "zip"}
_LOOKED_AT = 2**24  # bytes after the end mark that are searched for another archive


@dataclass(frozen=True)
class Member:
    """File in a tar: its path, and the place of its bytes."""

    path: PurePosixPath
    offset: int
    size: int

    def reader(self, tar: Path) -> Callable[[], bytes]:
        """Function that reads its bytes."""
        return partial(_bytes_at, tar, self.offset, self.size)


@dataclass(frozen=True)
class Tar:
    """Files of a tar in its order, its other entries, and the number of members."""

    files: tuple[Member, ...]
    left_out: tuple[LeftOut, ...]
    count: int


def read_tar(path: Path, name: str) -> Tar:
    """List the members; `name` is the tar's name in messages. Raises DataError where it is damaged or incomplete."""
    files: list[Member] = []
    left_out: list[LeftOut] = []
    count = 0
    try:
        with path.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:", encoding="utf-8") as tar:
            for member in tar:
                count += 1
                reason = _why_not(member)
                if reason is None:
                    files.append(Member(PurePosixPath(member.name), member.offset_data, member.size))
                else:
                    left_out.append(LeftOut(f"{name}: {shown(member.name)}", reason))
            _check_end(name, stream, tar.offset)
    except DataError:
        raise
    except (tarfile.TarError, OSError, ValueError, OverflowError, MemoryError, EOFError) as error:
        raise _damaged(name, _compression(path) or str(error), _compression(path) is not None) from None
    return Tar(tuple(files), tuple(left_out), count)


def _why_not(member: tarfile.TarInfo) -> Reason | None:
    """Reason why a member is not a file of a sample."""
    parts = [part for part in PurePosixPath(member.name).parts if part != ".."]
    if member.isdir():
        return FOLDER
    if hidden := next((part for part in parts if is_hidden(part)), None):
        return LITTER if is_litter(hidden) else HIDDEN
    if not member.isreg() or member.issparse():
        return SPECIAL_MEMBER
    return None


def _check_end(name: str, stream: BinaryIO, end: int) -> None:
    """Raise DataError where there is no end mark at this byte, or data after it."""
    stream.seek(end)
    mark = stream.read(_BLOCK)
    if len(mark) < _BLOCK or any(mark):
        what = "nothing" if not mark else f"{len(mark)} bytes that are not a header"
        raise _damaged(name, f"{what} at byte {end:,}, where the next member or the end mark should be")
    while block := stream.read(_LOOKED_AT):
        if any(block):
            found = "another archive" if b"ustar" in block else "something else"
            raise _damaged(name, f"{found} after the end mark at byte {end:,}, which would be lost")


def _damaged(name: str, got: str, compressed: bool = False) -> DataError:
    return DataError(
        "The tar cannot be read" if compressed else "The tar cannot be read to its end: it is damaged or was cut off",
        where=name,
        got=got,
        expected="an uncompressed WebDataset tar that ends with an end mark",
        remedy="unpack it (gunzip, unxz, zstd -d)"
        if compressed
        else "fetch or write it again; tars that were joined with cat must be written one by one",
    )


def _compression(path: Path) -> str | None:
    with path.open("rb") as stream:
        start = stream.read(8)
    return next(
        (f"a file compressed with {kind}" for mark, kind in _COMPRESSIONS.items() if start.startswith(mark)), None
    )


def _bytes_at(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(offset)
        return stream.read(size)
