"""Outputs that tell whether they are as they were written: each folder of files has a list of their checksums.

`SHA256SUMS` has the format of `sha256sum` and names the files beside it, not those in folders below, which have lists
of their own. It may name files elsewhere (`../test_labels.parquet`) that belong to the folder and have no folder of
their own. A JSON file without a folder is sealed instead (`core.atomic.write_json`). Every reader of an output asks
`check_file` or `check_folder` first; a file is read once for it, however often it is asked about.

Beside a list lies `.listed`, which says that there was one, and the folder's name: a list that is gone is damage too,
and so is another class's folder in this one's place. A folder with neither is one of an older version, or somebody's
own: nothing is known of it, and nothing is refused.
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
_NAME = "folder: "  # so begins the first line of the mark, if the folder is not to be moved
_SAYS = f"""\
{CHECKSUMS} lists the files of this folder, and they are read only as long as it is there and right.
Whoever changes one by hand writes the list again: sha256sum * > {CHECKSUMS}
"""
OF_THE_SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini")  # file managers leave them, nobody misses them
_Stamp = tuple[int, int, int, int]
_known: dict[Path, tuple[_Stamp, str]] = {}  # what was hashed already in this process, as long as it is the same file


@contextlib.contextmanager
def replacing_output(path: Path, *, beside: Sequence[Path] = (), movable: bool = False) -> Iterator[Path]:
    """`replacing_directory` for a stage's output: with its checksums, and those of the finished files `beside`.

    `movable`: the folder may be read under another name.
    """
    with replacing_directory(path) as partial:
        yield partial
        name = None if movable else path.name
        list_checksums(partial, {os.path.relpath(file, path): file for file in beside}, name=name)


def list_checksums(folder: Path, elsewhere: dict[str, Path] | None = None, *, name: str | None = None) -> None:
    """Write the list of a folder, and of each folder below that has files and no list yet.

    `elsewhere`: name in the list -> a file that is listed too, though it lies in another folder. `name`: the only one
    under which the folder is to be read.
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
    """Raise where a file is not as it was written. `listed_in`: the folder with the list, if it is not the file's own.

    Raises
    ------
    MissingInputError
        The file is listed and absent; DamagedInputError: it has changed, or the list itself is damaged.
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
    """Raise where a file of a folder, or of a folder below, is absent or changed. As `check_file`.

    `elsewhere`: so for files of other folders that are listed; another machine may have fetched the folder alone.
    `unread`: names of files of the folder that the reader leaves alone.
    """
    for place, _, names in os.walk(folder):
        if CHECKSUMS in names or LISTED in names:
            for name, digest in (_read_list(Path(place)) or {}).items():
                if ("/" in name and not elsewhere) or name in unread:
                    continue
                _compare(Path(os.path.normpath(Path(place) / name)), digest, Path(place))


def is_whole(folder: Path) -> bool:
    """Whether a folder is there and as it was written: for scratch, which is made again where it is not."""
    try:
        check_folder(folder)
    except MissingInputError:
        return False
    return folder.is_dir() and (folder / CHECKSUMS).is_file()


def unlisted(folder: Path, *, without_list: Sequence[str]) -> list[str]:
    """Names of what lies in a folder, or below, and was not written with it: somebody put it there.

    `without_list`: patterns of what belongs to a folder of an older version, which has no list.
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
    """Name -> digest; None where there is no list, and was none. Raises MissingInputError, DamagedInputError."""
    path = folder / CHECKSUMS
    _check_name(folder)
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
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
        raise _damaged(folder, f"the folder that was written as {said.removeprefix(_NAME)}", folder)


def _list_gone(path: Path, folder: Path) -> MissingInputError:
    return MissingInputError(
        "The list of an input's checksums is gone",
        where=path,
        expected=f"the list that {folder / LISTED} tells of",
        remedy=f"{_remedy(folder)}; if you trust the files: (cd {folder} && sha256sum * > {CHECKSUMS})",
    )


def _damaged(path: Path, got: str, folder: Path) -> DamagedInputError:
    return DamagedInputError("An input of this stage is damaged", where=path, got=got, remedy=_remedy(folder))


def _remedy(folder: Path) -> str:
    return f"delete {folder} and run `dvc repro`, which brings it back"


@contextlib.contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """Turn what a library says of a file that it cannot read into DamagedInputError. For files without a list, too.

    A pipe or a device in the file's place is never opened: the library would wait for it without end.
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
    """Not an obstacle of the machine's, which has a number."""
    if isinstance(error, OSError):
        return error.errno is None
    return isinstance(error, ValueError | EOFError | KeyError) or type(error).__module__.startswith("pyarrow")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """The bytes of `numpy.save`, which does not say why it could not write."""
    array = np.ascontiguousarray(array)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data if array.size else b"")


def saved_array(path: Path, *, mmap: bool = False) -> npt.NDArray[Any]:
    """What `write_array` wrote. Raises MissingInputError, DamagedInputError."""
    check_file(path)
    if not path.exists():
        raise MissingInputError(
            "An input of this stage is missing", where=path, remedy="run `dvc repro`, which runs the stages in order"
        )
    with telling_damage(path):
        found: npt.NDArray[Any] = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    return found
