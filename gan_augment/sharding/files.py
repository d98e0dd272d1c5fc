"""Checked files of an export: inside its folder and as they were written, or an error names the one that is not.

All readers of an export get their paths from `Files`: a damaged or forged index, manifest or schema cannot lead
elsewhere.
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
# The names that our writers use: no `..`, no hidden name, no drive, no backslash, no absolute path.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
# Targets of DVC's links with `cache.type symlink`: a file named by its own checksum, so not a secret.
_DVC_CACHE = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{30}")
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def inside(root: Path, name: object) -> Path:
    """Path of a file of an export. Raises DataError where the name, or a link, leads out of the folder."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _leads_out(root, f"the name {str(name)[:200]!r}")
    path = root / name
    target = Path(os.path.realpath(path))  # not resolve(), which raises for a link to itself
    if not target.is_relative_to(os.path.realpath(root)) and not _DVC_CACHE.search(target.as_posix()[-34:]):
        raise _leads_out(root, f"{name}, a link to {target}")
    if path.exists() and not path.is_file():
        raise DataError("A part of the export is not a plain file", where=path, expected="a file", remedy=_remedy(root))
    return path


def _leads_out(root: Path, got: str) -> DataError:
    return DataError(
        "The export names a file that is not its own",
        where=root,
        got=got,
        expected="names of files inside the export's folder",
        remedy="do not use it; ask for a new export where you got it",
    )


def _remedy(root: Path) -> str:
    return (
        f"`gan-augment verify {root}` names every file that differs; then fetch the export again "
        "(`dvc checkout`, or another copy), or run `gan-augment export`"
    )


def absent(root: Path, name: str, more: int = 0) -> MissingInputError:
    """Error for a missing file, with the number of other missing files."""
    return MissingInputError(
        "Files of the export are missing",
        where=root,
        got=f"no {name}" + (f" and {more} more" if more else ""),
        expected=f"every file that {CHECKSUMS} and index.json name",
        remedy=_remedy(root),
    )


def changed(root: Path, name: str, got: str, more: int = 0) -> DataError:
    """Error for a file that is not as it was written, with the number of other such files."""
    return DataError(
        "The export is not as it was written",
        where=root / name,
        got=got + (f"; {more} more files differ" if more else ""),
        expected=f"the file that {CHECKSUMS} and index.json describe",
        remedy=_remedy(root),
    )


@contextlib.contextmanager
def reading(root: Path, name: str) -> Iterator[None]:
    """Turn any failure while a file is read into an error that names it and the remedy.

    A decoder may raise anything on bytes that it was not written for.
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
    """Checksums by file, in the order of the list. Raises MissingInputError, DataError."""
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
    """Paths of an export's files; at its first use, each file is checked against the list of checksums.

    `seen` has a flag per file: processes that share it check each file once in total.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sums = read_checksums(root)
        self._places = {name: place for place, name in enumerate(self._sums)}
        self.seen: MutableSequence[int] | Any = bytearray(len(self._sums))

    def __call__(self, name: str) -> Path:
        """Path of a file. Raises DataError where it leads out of the folder or has changed; MissingInputError."""
        place = self._places.get(name) if isinstance(name, str) else None  # a forged index may hold anything
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
        """Whether the list of checksums names this file."""
        return name in self._places

    def below(self, folder: str) -> list[str]:
        """Names of the files that were written into a folder, at any depth."""
        return [name for name in self._sums if name.startswith(f"{folder}/")]

    def size(self, name: str) -> int | None:
        """Size of a file in bytes, None where it does not exist."""
        path = inside(self.root, name)
        return path.stat().st_size if path.exists() else None
