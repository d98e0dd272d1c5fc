"""Finding what a path in params.yaml names, with errors that say what is there instead."""

from __future__ import annotations

import difflib
from pathlib import Path

from gan_augment.core.errors import DataError

__all__ = ["existing", "existing_directory", "existing_file"]


def existing(root: Path, path: str, said_in: str | None = None) -> Path:
    """`path` relative to `root`. Raises DataError with the nearest name where nothing is there; `said_in`: by what."""
    found = root / path
    try:
        if found.exists():
            return found
    except (OSError, ValueError) as error:  # too long, a NUL in it, a folder on the way that may not be read
        raise DataError(
            "The path of the data cannot be followed",
            where=said_in or (path if len(path) <= 200 else f"{path[:100]} ... ({len(path)} characters)"),
            got=getattr(error, "strerror", None) or str(error),
            remedy="name a path that is there and readable for your user",
        ) from None
    siblings = sorted(p.name for p in found.parent.iterdir()) if found.parent.is_dir() else []
    near = difflib.get_close_matches(found.name, siblings, n=1)
    raise DataError(
        "The data is not there",
        where=f"{said_in}: {found}" if said_in else found,
        got="no such file or folder" + ("" if found.parent.is_dir() else f"; there is no folder {found.parent} either"),
        expected="a folder of images, a CSV or Parquet table, an .npz file or WebDataset tars",
        remedy=f"did you mean {near[0]!r}?" if near else "check the spelling; a relative path starts at the project",
    )


def existing_directory(root: Path, path: str) -> Path:
    """As `existing`, and a folder. Raises DataError."""
    found = existing(root, path)
    if not found.is_dir():
        raise DataError("A folder was expected", where=found, got="a file", remedy="name the folder that holds it")
    return found


def existing_file(root: Path, path: str) -> Path:
    """As `existing`, and a file with something in it. Raises DataError."""
    found = existing(root, path)
    if not found.is_file():
        raise DataError("A file was expected", where=found, got="a folder", remedy="name the file in it")
    if not found.stat().st_size:
        raise DataError("The file is empty", where=found, got="0 bytes", remedy="write the data again")
    return found
