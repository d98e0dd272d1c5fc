"""Paths named in params.yaml, and reading of untrusted files, with errors that describe what was found there."""

from __future__ import annotations

import difflib
import errno
import os
import stat
from pathlib import Path

from gan_augment.core.errors import DataError

__all__ = ["MAX_FILE", "existing", "existing_directory", "existing_file", "kind_of", "read_regular", "shown"]

MAX_FILE = 2**30  # bytes of one image; the largest allowed number of pixels needs less
_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def existing(root: Path, path: str, said_in: str | None = None) -> Path:
    """Path `path` relative to `root`. Raises DataError with the nearest name where it is missing; `said_in`: key."""
    found = root / path
    if (reason := _why_absent(found)) is None:
        return found
    siblings = _names(found.parent)
    near = difflib.get_close_matches(found.name, siblings or [], n=1)
    raise DataError(
        "The data is not there",
        where=shown(f"{said_in}: {found}" if said_in else str(found)),
        got=reason + ("" if siblings is not None else f"; there is no folder {shown(str(found.parent))} either"),
        expected="a folder of images, a CSV or Parquet table, an .npz file or WebDataset tars",
        remedy=f"did you mean {shown(near[0])!r}?"
        if near
        else "check the spelling; a relative path starts at the project",
    )


def _why_absent(path: Path) -> str | None:
    try:
        path.stat()
    except FileNotFoundError:
        return "a link to something that does not exist" if path.is_symlink() else "no such file or folder"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None


def _names(folder: Path) -> list[str] | None:
    """Names in a folder, sorted; None where it cannot be listed."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (OSError, ValueError):
        return None


def existing_directory(root: Path, path: str) -> Path:
    """Existing folder, as `existing`. Raises DataError."""
    found = existing(root, path)
    if not found.is_dir():
        raise DataError(
            "A folder was expected", where=found, got=kind_of(found), remedy="name the folder that holds it"
        )
    return found


def existing_file(root: Path, path: str) -> Path:
    """Existing file that is not empty, as `existing`. Raises DataError."""
    found = existing(root, path)
    if not found.is_file():
        remedy = "name the file in it" if found.is_dir() else "write the data to a file, and name that"
        raise DataError("A file was expected", where=found, got=kind_of(found), remedy=remedy)
    if not found.stat().st_size:
        raise DataError("The file is empty", where=found, got="0 bytes", remedy="write the data again")
    return found


def kind_of(path: Path) -> str:
    """Kind of the object at a path, links followed: "a file", "a named pipe". Raises OSError where there is none."""
    mode = path.stat().st_mode
    return next((words for test, words in _KINDS if test(mode)), "no file")


def read_regular(path: Path, limit: int = MAX_FILE) -> bytes:
    """Contents of a regular file of at most `limit` bytes.

    Raises OSError with the kind of anything else, which is never opened: a named pipe would block, and a device may
    have no end.
    """
    if not path.is_file():
        raise OSError(errno.EINVAL, f"{kind_of(path)}, not a file")
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > limit:
            raise OSError(errno.EFBIG, f"a file of more than {limit:,} bytes")
        content = stream.read(limit + 1)  # a file under /proc that reports size 0 need not be empty
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"a file of more than {limit:,} bytes")
    return content


def shown(name: str) -> str:
    r"""Name of a file as text: bytes that are not UTF-8 become \xff. Other names stay as they are."""
    return os.fsencode(name).decode("utf-8", "backslashreplace") if not _is_text(name) else name


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
