"""Write beside, then move into place: a killed run leaves the old output or the new one, never half of one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_augment.core.errors import MissingInputError, ParamsError

__all__ = [
    "check_writable",
    "file_hash",
    "read_json",
    "replacing_directory",
    "replacing_file",
    "write_json",
    "write_text",
]


def _beside(path: Path) -> Path:
    # Hidden, on the same file system (so that os.replace is atomic), and the same name on every try:
    # what a killed run left behind is swept away by the next one.
    return path.parent / f".{path.name}.partial"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def check_writable(path: Path, what: str) -> Path:
    """The file to write for `path`, which the user named: where a link leads, else itself. `what`: for whom.

    Raises ParamsError, before any work, where it cannot be written, or is there and no regular file: a device, a pipe
    or a folder is never replaced.
    """
    try:
        problem = _not_writable(path)
    except (OSError, RuntimeError, ValueError) as error:  # too long, a circle of links, a NUL
        problem = getattr(error, "strerror", None) or str(error)
    if problem:
        raise ParamsError(
            f"{what} cannot be written",
            where=path if len(str(path)) <= 300 else f"{str(path)[:150]} ... ({len(str(path))} characters)",
            got=problem,
            expected="a file in a folder that can be written",
        )
    return path.resolve() if path.is_symlink() else path


def _not_writable(path: Path) -> str | None:
    if path.is_dir():
        return "a folder"
    if path.exists() and not path.is_file():
        return "a device, a pipe or a socket"
    if path.is_symlink() and not path.exists():
        return "a link that leads nowhere"
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not above.is_dir():
        return f"{above.name} is no folder"
    try:
        with tempfile.TemporaryFile(dir=above):  # rights do not tell: root has all of them, and /proc takes no file
            return None
    except OSError as error:
        return f"no file can be made in {above}: {error.strerror}"


@contextlib.contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a path to write; on success it becomes `path`, on any exception it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    _remove(partial)
    try:
        yield partial
        os.replace(partial, path)
    except BaseException:
        _remove(partial)
        raise


@contextlib.contextmanager
def replacing_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory to fill; on success it becomes `path` (replacing what was there)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    _remove(partial)
    partial.mkdir()
    try:
        yield partial
        if path.exists():
            _remove(path)
        os.replace(partial, path)
    except BaseException:
        _remove(partial)
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically, with Unix line ends."""
    with replacing_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically: two spaces, keys in the order given, NaN refused, a newline at the end."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote.

    Raises
    ------
    MissingInputError
        The file is absent or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingInputError(
            "An input of this stage is missing",
            where=path,
            expected="a JSON file written by an earlier stage",
            remedy="run `dvc repro`, which runs the stages in order",
        ) from None
    except json.JSONDecodeError as error:
        raise MissingInputError(
            "An input of this stage is damaged",
            where=path,
            got=f"not JSON: {error}",
            remedy="delete the file and run `dvc repro`",
        ) from None


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, or of a directory's sorted relative paths and bytes, as 64 hex digits."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        if file is not path:
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
