"""Checksums of a stage's outputs, checked before every read: each folder of files has a list of them.

`SHA256SUMS` has the format of `sha256sum` and names the files beside it. Folders below have lists of their own. A list
may also name files elsewhere (`../test_labels.parquet`) that belong to the folder and lie in none of their own. A JSON
file outside such a folder is sealed instead (`core.atomic.write_json`). Every reader of an output calls `check_file` or
`check_folder` first; each file is hashed once per process, however often it is checked.

`.listed` lies beside a list and records that the list exists, and the folder's name. So a missing list counts as damage
too, and so does the folder of another class in this one's place. A folder with neither was written by an older version
or by hand: it is read unchecked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import file_hash, replacing_directory
from gan_augment.core.errors import DamagedInputError, MissingInputError

__all__ = [
    "CHECKSUMS",
    "LISTED",
    "OF_THE_SYSTEM",
    "check_file",
    "check_folder",
    "is_whole",
    "list_checksums",
    "replacing_output",
    "saved_array",
    "telling_damage",
    "unlisted",
    "write_array",
]

CHECKSUMS = "SHA256SUMS"
LISTED = ".listed"
_NAME = "folder: "  # first words of the mark of a folder that must keep its name
_SAYS = f"""\
{CHECKSUMS} lists the files of this folder, and they are read only as long as it is there and right.
Whoever changes one by hand writes the list again: sha256sum * > {CHECKSUMS}
"""
OF_THE_SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini")  # left by file managers; their loss does not matter
_Stamp = tuple[int, int, int, int]
_known: dict[Path, tuple[_Stamp, str]] = {}  # digests of this process, valid while the file is unchanged


@contextlib.contextmanager
def replacing_output(path: Path, *, beside: Sequence[Path] = (), movable: bool = False) -> Iterator[Path]:
    """Yield an empty stage output to fill, as `replacing_directory` does, and list its checksums.

    `beside`: finished files elsewhere to list too. `movable`: the folder may be read under another name.
    """
    with replacing_directory(path) as partial:
        yield partial
        name = None if movable else path.name
        list_checksums(partial, {os.path.relpath(file, path): file for file in beside}, name=name)


def list_checksums(folder: Path, elsewhere: dict[str, Path] | None = None, *, name: str | None = None) -> None:
    """Write the list of a folder, and of each folder below that has files and no list yet.

    `elsewhere`: name in the list -> a listed file that lies in another folder. `name`: the only name under which the
    folder may be read.
    """
    says = _SAYS if name is None else f"{_NAME}{name}\n{_SAYS}"
    for place, _, names in os.walk(folder):
        files = {name: Path(place) / name for name in sorted(names) if name not in (CHECKSUMS, LISTED)}
        if Path(place) == folder:
            files |= elsewhere or {}
        elif CHECKSUMS in names:
            continue
        if files:
            lines = [f"{file_hash(file)}  {name}\n" for name, file in files.items()]
            (Path(place) / CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
            (Path(place) / LISTED).write_text(says if Path(place) == folder else _SAYS, encoding="utf-8", newline="\n")


def check_file(path: Path, *, listed_in: Path | None = None) -> None:
    """Raise where a file is not as it was written. `listed_in`: the folder with the list, if not the file's own.

    Raises
    ------
    MissingInputError
        The file is listed but missing; DamagedInputError: it has changed, or the list itself is damaged.
    """
    folder = listed_in or path.parent
    listed = _read_list(folder)
    if listed is None:
        return
    name = os.path.relpath(path, folder)
    if name not in listed:
        if path.exists() and listed_in is None:
            raise _damaged(path, f"{CHECKSUMS} beside it does not name it", folder)
        return
    _compare(path, listed[name], folder)


def check_folder(folder: Path, *, elsewhere: bool = False, unread: Collection[str] = ()) -> None:
    """Raise where a file of a folder, or of a folder below, is missing or changed; the errors are those of
    `check_file`.

    `elsewhere`: check listed files of other folders too; another machine may have fetched this folder alone. `unread`:
    names of files in the folder that the reader does not open.
    """
    for place, _, names in os.walk(folder):
        if CHECKSUMS in names or LISTED in names:
            for name, digest in (_read_list(Path(place)) or {}).items():
                if ("/" in name and not elsewhere) or name in unread:
                    continue
                _compare(Path(os.path.normpath(Path(place) / name)), digest, Path(place))


def is_whole(folder: Path) -> bool:
    """Whether a folder exists and is as it was written: for scratch folders, which are remade where they are not."""
    try:
        check_folder(folder)
    except MissingInputError:
        return False
    return folder.is_dir() and (folder / CHECKSUMS).is_file()


def unlisted(folder: Path, *, without_list: Sequence[str]) -> list[str]:
    """Names of files in a folder, or below, that were not written with it but added later.

    `without_list`: patterns of the files that belong to a folder of an older version, which has no list.
    """
    found = []
    for place, below, names in os.walk(folder):
        here = Path(place)
        try:
            listed = _read_list(here)
        except MissingInputError:  # damaged: the patterns decide
            listed = None
        for name in [*names, *(name for name in below if (here / name).is_symlink())]:
            shown = os.path.relpath(here / name, folder)
            own = name in listed if listed is not None else any(fnmatch(shown, p) for p in without_list)
            if not own and name not in (CHECKSUMS, LISTED, *OF_THE_SYSTEM):
                found.append(shown)
    return sorted(found)


def _compare(path: Path, digest: str, folder: Path) -> None:
    if not path.is_file():
        raise MissingInputError(
            "An input of this stage is missing",
            where=path,
            expected=f"the file that {folder / CHECKSUMS} names",
            remedy=_remedy(folder),
        )
    if _digest(path) != digest:
        raise _damaged(path, f"not the bytes that {folder / CHECKSUMS} says", folder)


def _digest(path: Path) -> str:
    facts = path.stat()
    stamp = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    place = path.absolute()
    if place not in _known or _known[place][0] != stamp:
        _known[place] = stamp, file_hash(path)
    return _known[place][1]


def _read_list(folder: Path) -> dict[str, str] | None:
    """Digests by name; None where there is no list and never was. Raises MissingInputError, DamagedInputError."""
    path = folder / CHECKSUMS
    _check_name(folder)
    if path.exists() and not path.is_file():  # opening a pipe would block forever
        raise _damaged(path, "a folder, a pipe or a device", folder)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        if (folder / LISTED).exists():
            raise _list_gone(path, folder) from None
        return None
    except UnicodeDecodeError:
        lines = []
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if not listed or not all(len(digest) == 64 and name for name, digest in listed.items()):
        raise _damaged(path, "no list of checksums", folder)
    return listed


def _check_name(folder: Path) -> None:
    mark = folder / LISTED
    said = mark.read_text(encoding="utf-8", errors="replace").partition("\n")[0] if mark.is_file() else ""
    if said.startswith(_NAME) and said.removeprefix(_NAME) != folder.name:
        raise _damaged(folder, f"a folder that was written as {said.removeprefix(_NAME)}", folder)


def _list_gone(path: Path, folder: Path) -> MissingInputError:
    return MissingInputError(
        "The list of an input's checksums is gone",
        where=path,
        expected=f"the list that {folder / LISTED} names",
        remedy=f"{_remedy(folder)}; if you trust the files: (cd {folder} && sha256sum * > {CHECKSUMS})",
    )


def _damaged(path: Path, got: str, folder: Path) -> DamagedInputError:
    return DamagedInputError("An input of this stage is damaged", where=path, got=got, remedy=_remedy(folder))


def _remedy(folder: Path) -> str:
    return f"delete {folder} and run `dvc repro`, which restores it"


@contextlib.contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """Turn a library's error about an unreadable file into DamagedInputError. Also for files without a list.

    A pipe or a device in the file's place is never opened: the library would block forever.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise _damaged(path, "a pipe or a device", path.parent)
    try:
        yield
    except (FileNotFoundError, MissingInputError):
        raise
    except Exception as error:
        if not _says_damage(error):
            raise
        raise _damaged(path, _first_line(error), path.parent) from None


def _says_damage(error: Exception) -> bool:
    """Whether an OSError is about the contents: one about the machine has an errno."""
    if isinstance(error, OSError):
        return error.errno is None
    return isinstance(error, ValueError | EOFError | KeyError) or type(error).__module__.startswith("pyarrow")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write the bytes of `numpy.save`, which does not say why it could not write."""
    array = np.ascontiguousarray(array)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data if array.size else b"")


def saved_array(path: Path, *, mmap: bool = False) -> npt.NDArray[Any]:
    """Array that `write_array` wrote. Raises MissingInputError, DamagedInputError."""
    check_file(path)
    if not path.exists():
        raise MissingInputError(
            "An input of this stage is missing", where=path, remedy="run `dvc repro`, which runs the stages in order"
        )
    with telling_damage(path):
        found: npt.NDArray[Any] = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    return found
