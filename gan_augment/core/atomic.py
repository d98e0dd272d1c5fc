"""Atomic writes: write beside, then move into place, so that a killed run leaves the old output or the new one.

Data is flushed to disk (fsync) before it is moved, so a power cut leaves no empty file under the final name. An old
folder is replaced in one step where the kernel can exchange two names. Elsewhere it is renamed first, and the next
writer of that folder finishes what a kill left between the two renames.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from gan_augment.core.errors import DamagedInputError, DataError, MissingInputError, ParamsError
from gan_augment.core.obstacles import os_error_in

__all__ = [
    "check_writable",
    "file_hash",
    "read_json",
    "refuse_foreign",
    "remove",
    "replacing_directory",
    "replacing_file",
    "sync_folder",
    "write_json",
    "write_text",
]


_OURS = "gan-augment"  # part of every temporary name, so that other programs' `.NAME.partial` or `.NAME.old` are safe
_SEAL = "sha256"  # the last key of a sealed JSON file
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # Linux: renameat2(2)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with its contents; do nothing where the path does not exist."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def check_writable(path: Path, what: str) -> Path:
    """Path to write for `path`, which the user named: the target where it is a link, else itself. `what`: its purpose.

    Raises ParamsError, before any work, where it cannot be written or is not a regular file: a device, a pipe or a
    folder is never replaced.
    """
    try:
        problem = _not_writable(path)
    except (OSError, RuntimeError, ValueError) as error:  # too long, a circle of links, or a NUL
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
    if path.is_symlink() and (problem := _bad_link(path)):
        return problem
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not above.is_dir():
        return f"{above.name} is no folder"
    try:
        with tempfile.TemporaryFile(dir=above):  # mode bits do not tell: root ignores them, and /proc takes no file
            return None
    except OSError as error:
        return f"no file can be made in {above}: {error.strerror}"


def _bad_link(path: Path) -> str | None:
    if str(path.absolute()).startswith(("/dev/", "/proc/")):  # /dev/stdout may lead to a regular file, a log
        return "a path that belongs to the system"
    return None if path.exists() else "a link that leads nowhere"


@contextlib.contextmanager
def replacing_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a path to write; on success it becomes `path`, on any exception it is removed.

    `durable=False` is for content that a power cut may take, such as a page that is written every second.
    """
    with _naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_partials(path)
    # Two processes that write the same file at once each write their own copy; the later one stays.
    partial = path.parent / f".{path.name}.{os.getpid()}.{_OURS}.partial"
    try:
        with _naming(path):
            yield partial
            if durable:
                _sync(partial)
            os.replace(partial, path)
            if durable:
                _sync(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to report
            remove(partial)
        raise


def _sweep_partials(path: Path) -> None:
    """Remove the partial files that killed writers of this file left."""
    of_process = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.{_OURS}\.partial")
    for other in path.parent.iterdir():
        if (found := of_process.fullmatch(other.name)) and not _lives(int(found[1])):
            remove(other)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@contextlib.contextmanager
def replacing_directory(path: Path, *, mark: str | None = None) -> Iterator[Path]:
    """Yield an empty directory to fill; on success it becomes `path` (replacing what was there).

    Only one process at a time may do so; the stages ensure that with `core.locks`.

    Parameters
    ----------
    mark
        A file that every folder of this kind has. A folder without it was not written by this tool and is not replaced.

    Raises
    ------
    DataError
        `path` holds something else.
    """
    partial = _beside(path, "partial")  # the same name on every try, so that the next one sweeps it away
    with _naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _settle(path)
        refuse_foreign(path, mark)
        remove(partial)
        partial.mkdir()
    try:
        with _naming(path):
            yield partial
            sync_folder(partial)
            _move_into_place(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(partial)
        raise


def _beside(path: Path, kind: str) -> Path:
    return path.parent / f".{path.name}.{_OURS}.{kind}"


def _aside(path: Path) -> Path:
    return _beside(path, "old")


def _settle(path: Path) -> None:
    """Finish what a kill interrupted between two renames: restore the old folder, or remove it for good."""
    if not os.path.lexists(_aside(path)):
        return
    if os.path.lexists(path):
        remove(_aside(path))
    else:
        _aside(path).rename(path)


def refuse_foreign(path: Path, mark: str | None) -> None:
    """Raise DataError where a folder has contents but not `mark`; NotADirectoryError where the path is a file."""
    if path.is_dir() and mark is not None and any(path.iterdir()) and not (path / mark).is_file():
        raise DataError(
            "The folder holds something else, which would be lost",
            where=path,
            got=", ".join(sorted(item.name for item in path.iterdir())[:5]),
            expected=f"nothing, or what was written there before, with {mark}",
            remedy="move it away, or name another folder",
        )
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def _move_into_place(partial: Path, path: Path) -> None:
    if not os.path.lexists(path):
        partial.rename(path)
    elif path.is_symlink():
        path.unlink()
        partial.rename(path)
    else:
        _replace_folder(partial, path)
    _sync(path.parent)


def _replace_folder(partial: Path, path: Path) -> None:
    old = _aside(path)
    try:
        _exchange(partial, path)
        partial.rename(old)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV):
            raise
        _put_aside(path, old)
        partial.rename(path)
    _sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)  # the new folder is in place; the next writer removes what is left


def _put_aside(path: Path, old: Path) -> None:
    try:
        path.rename(old)
    except OSError as error:  # a folder of a container's lower layer cannot be renamed at all
        if error.errno != errno.EXDEV:
            raise
        remove(path)


def _exchange(one: Path, other: Path) -> None:
    """Swap two names in one step. Raises OSError(ENOSYS) where the system cannot do it."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(other))


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk."""
    for place, _, files in os.walk(folder):
        for name in files:
            if not (Path(place) / name).is_symlink():
                _sync(Path(place) / name)
        _sync(Path(place))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # a file system without fsync
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Add the path to an OSError that lacks it: some libraries leave out the path, some the reason too."""
    try:
        yield
    except OSError as error:
        text, said = str(error), os_error_in(error, path)
        if error.filename is None:
            error.filename = str(path)
        if error.errno is None:
            error.errno, error.strerror = said.errno if said else errno.EIO, text
        raise


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write UTF-8 text atomically, with Unix line endings."""
    with replacing_file(path, durable=durable) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any, *, sealed: bool = False, durable: bool = True) -> None:
    """Write JSON atomically: two spaces, keys in the order given, NaN refused, a newline at the end.

    `sealed` adds a last key to an object: the checksum of the rest, which `read_json` checks and removes.
    """
    if sealed:
        value = {**value, _SEAL: _checksum(value)}
    write_text(path, _as_json(value) + "\n", durable=durable)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def _checksum(value: Any) -> str:
    return hashlib.sha256(_as_json(value).encode()).hexdigest()


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote.

    Raises
    ------
    MissingInputError
        The file is absent; DamagedInputError: it is not JSON, or not as it was sealed.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would block forever
            raise _damaged(path, "a folder, a pipe or a device")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingInputError(
            "An input of this stage is missing",
            where=path,
            expected="a JSON file written by an earlier stage",
            remedy="run `dvc repro`, which runs the stages in order",
        ) from None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from None
    return _unsealed(path, value)


def _unsealed(path: Path, value: Any) -> Any:
    if not isinstance(value, dict) or next(reversed(value), None) != _SEAL or not _is_digest(value[_SEAL]):
        return value
    rest = {key: item for key, item in value.items() if key != _SEAL}
    try:
        right = _checksum(rest) == value[_SEAL]
    except (ValueError, RecursionError):  # NaN, half a surrogate pair or a thousand levels: never written
        right = False
    if not right:
        raise _damaged(path, "its contents are not those of its checksum")
    return rest


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64


def _damaged(path: Path, got: str) -> DamagedInputError:
    return DamagedInputError(
        "An input of this stage is damaged", where=path, got=got, remedy="delete the file and run `dvc repro`"
    )


def file_hash(path: Path, *, without: Collection[str] = ()) -> str:
    """SHA-256 of a file's bytes, or of a directory's sorted relative paths and bytes, as 64 hex digits.

    `without`: names of files in a directory that do not count.
    """
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and p.name not in without)
    for file in files:
        if file is not path:
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
