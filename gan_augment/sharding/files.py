"""The files of an export as a reader meets them: inside its folder, and as they were written, or an error says which.

Whatever reads an export asks `Files` for the path: a damaged or forged index, manifest or schema leads nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, MutableSequence
from pathlib import Path
from typing import Any

from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import DataError, GanAugmentError, MissingInputError

__all__ = ["CHECKSUMS", "Files", "absent", "changed", "inside", "read_checksums", "reading"]

CHECKSUMS = "SHA256SUMS"
# What our writers write: no `..`, no hidden name, no drive, no backslash, no absolute path.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
# Where DVC links to with `cache.type symlink`: a file that is named by its own checksum, so no secret.
_DVC_CACHE = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{30}")
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def inside(root: Path, name: object) -> Path:
    """The path of a file of an export. Raises DataError where the name, or a link, leads out of the folder."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _leads_out(root, f"the name {str(name)[:200]!r}")
    path = root / name
    target = Path(os.path.realpath(path))  # not resolve(), which a link to itself makes raise
    if not target.is_relative_to(os.path.realpath(root)) and not _DVC_CACHE.search(target.as_posix()[-34:]):
        raise _leads_out(root, f"{name}, a link to {target}")
    if path.exists() and not path.is_file():
        raise DataError("A part of the export is no plain file", where=path, expected="a file", remedy=_remedy(root))
    return path


def _leads_out(root: Path, got: str) -> DataError:
    return DataError(
        "The export names a file that is not its own",
        where=root,
        got=got,
        expected="names of files inside the export's folder",
        remedy="do not use it; ask whoever gave it to you to export it again",
    )


def _remedy(root: Path) -> str:
    return (
        f"`gan-augment verify {root}` names every file that differs; then fetch the export again "
        "(`dvc checkout`, or another copy), or run `gan-augment export`"
    )


def absent(root: Path, name: str, more: int = 0) -> MissingInputError:
    """The error for a file that is not there, and how many more are not."""
    return MissingInputError(
        "Files of the export are missing",
        where=root,
        got=f"no {name}" + (f" and {more} more" if more else ""),
        expected=f"every file that {CHECKSUMS} and index.json name",
        remedy=_remedy(root),
    )


def changed(root: Path, name: str, got: str, more: int = 0) -> DataError:
    """The error for a file that is not as it was written, and how many more are not."""
    return DataError(
        "The export is not as it was written",
        where=root / name,
        got=got + (f"; {more} more files differ" if more else ""),
        expected=f"the file that {CHECKSUMS} and index.json describe",
        remedy=_remedy(root),
    )


@contextlib.contextmanager
def reading(root: Path, name: str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into an error that names it and the remedy.

    A decoder meets bytes that it was not written for, and may raise anything.
    """
    try:
        yield
    except GanAugmentError:
        raise
    except FileNotFoundError:
        raise absent(root, name) from None
    except Exception as error:
        raise DataError(
            "A file of the export cannot be read",
            where=root / str(name),
            got=f"{type(error).__name__}: {str(error)[:300]}",
            remedy=_remedy(root),
        ) from error


def read_checksums(root: Path) -> dict[str, str]:
    """File -> SHA-256, in the order of the list. Raises MissingInputError, DataError."""
    path = inside(root, CHECKSUMS)
    if not path.exists():
        raise MissingInputError("The list of checksums is gone", where=path, remedy=_remedy(root))
    with reading(root, CHECKSUMS):
        lines = path.read_text(encoding="utf-8").splitlines()
    found = {}
    for number, line in enumerate(lines, start=1):
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise changed(root, CHECKSUMS, f"line {number} is no checksum: {line[:80]!r}")
        if not _NAME.fullmatch(parts[2]):
            raise changed(root, CHECKSUMS, f"line {number} names a file that no export has: {parts[2][:80]!r}")
        found[parts[2]] = parts[1]
    return found


class Files:
    """Gives the path of a file of an export; the first time, once its bytes are those of the list of checksums.

    `seen` has a flag a file: processes that share it check each file once together.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sums = read_checksums(root)
        self._places = {name: place for place, name in enumerate(self._sums)}
        self.seen: MutableSequence[int] | Any = bytearray(len(self._sums))

    def __call__(self, name: str) -> Path:
        """The path. Raises DataError where it leads out of the folder or the file has changed; MissingInputError."""
        place = self._places.get(name) if isinstance(name, str) else None  # a forged index holds anything
        if place is not None and self.seen[place]:
            return self.root / name
        path = inside(self.root, name)
        self._check(path, name)
        self.seen[self._places[name]] = 1
        return path

    def _check(self, path: Path, name: str) -> None:
        if not path.exists():
            raise absent(self.root, name)
        if name not in self._sums:
            raise changed(self.root, CHECKSUMS, f"no line for {name}")
        with reading(self.root, name):
            found = file_hash(path)
        if found != self._sums[name]:
            raise changed(self.root, name, "bytes with another checksum")

    def __contains__(self, name: str) -> bool:
        """Whether the list of checksums has this file."""
        return name in self._places

    def below(self, folder: str) -> list[str]:
        """The names of the files that were written into a folder, at any depth."""
        return [name for name in self._sums if name.startswith(f"{folder}/")]

    def size(self, name: str) -> int | None:
        """The size of a file in bytes, None where it is not there."""
        path = inside(self.root, name)
        return path.stat().st_size if path.exists() else None
