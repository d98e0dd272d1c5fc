"""Every entry below a folder: a readable file, or left out for a reason. Nothing is opened."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from gan_augment.core.errors import DataError
from gan_augment.data.accounts import LeftOut, Reason
from gan_augment.data.paths import kind_of, shown

__all__ = ["LITTER", "Entries", "is_hidden", "is_litter", "list_entries"]

LITTER = Reason("left there by a program or an operating system", "note")
HIDDEN = Reason(
    "hidden, as the name begins with a point",
    remedy="give it a name without the point if it belongs to the data",
)
EMPTY = Reason("an empty folder, which makes no class", remedy="remove it, or put the images in")
CIRCLE = Reason("a link to a folder that is read already, or that leads around in a circle", remedy="remove the link")
BROKEN = Reason(
    "links to something that does not exist, at which DVC fails",
    "error",
    remedy="restore what it names, or remove the link",
)
SPECIAL = Reason(
    "no file and no folder, so that reading might wait for ever or have no end",
    "error",
    expected="files and folders",
    remedy="remove it from the data",
)
NOT_UTF8 = Reason(
    "names that are not UTF-8, at which DVC fails",
    "error",
    expected="file and folder names in UTF-8",
    remedy="rename them (such as convmv -f latin1 -t utf8 --notest -r FOLDER)",
)
_LITTER_NAMES = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "lost+found"),
        *("$recycle.bin", "system volume information", ".ds_store", ".directory", ".dropbox", ".localized"),
        *(".git", ".gitignore", ".gitattributes", ".gitkeep", ".gitmodules", ".keep", ".dvc", ".dvcignore"),
        *(".ipynb_checkpoints", ".apdisk", ".spotlight-v100", ".fseventsd", ".trashes", ".temporaryitems"),
    }
)
_LITTER_STARTS = ("._", ".nfs", ".fuse_hidden", ".trash-", ".~lock.")  # the first: macOS adds it to a copied file


@dataclass(frozen=True)
class Entries:
    """Entries below a folder, with paths relative to it and sorted.

    Attributes
    ----------
    files
        Files, and links to files.
    links
        The folders outside to which links inside lead, and which were listed too.
    count
        All entries: files, and what was left out. A folder that is not empty is not an entry.
    """

    files: tuple[PurePosixPath, ...]
    left_out: tuple[LeftOut, ...]
    links: tuple[Path, ...]
    count: int


def list_entries(folder: Path) -> Entries:
    """List the entries of a folder and of the folders to which links in it lead, each once.

    Raises DataError where a folder cannot be read: its images would be missed silently.
    """
    walk = _Walk(folder)
    walk.go()
    count = len(walk.files) + len(walk.left_out)
    return Entries(tuple(sorted(walk.files)), tuple(walk.left_out), tuple(walk.links), count)


def is_hidden(name: str) -> bool:
    """Whether the name begins with a point, or is litter."""
    return name.startswith(".") or is_litter(name)


def is_litter(name: str) -> bool:
    """Whether a program or an operating system leaves files of this name behind."""
    return name.lower() in _LITTER_NAMES or name.lower().startswith(_LITTER_STARTS)


class _Walk:
    def __init__(self, folder: Path) -> None:
        self._top = folder
        self._home = folder.resolve()
        self._gone_into: set[Path] = set()
        self._to_do: list[PurePosixPath] = [PurePosixPath()]
        self.files: list[PurePosixPath] = []
        self.left_out: list[LeftOut] = []
        self.links: list[Path] = []

    def go(self) -> None:
        while self._to_do:
            place = self._to_do.pop()
            names = _names(self._top / place)
            if not names and place.parts:
                self._leave(place, EMPTY)
            for name in names:
                self._look(place / name)

    def _look(self, path: PurePosixPath) -> None:
        """Check one entry: first its type, as DVC reads hidden ones too, then its name."""
        if shown(path.name) != path.name:
            return self._leave(path, NOT_UTF8)
        full = self._top / path
        try:
            mode = full.stat().st_mode
        except OSError as error:
            return self._leave_broken(path, error)
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            return self._leave(path, SPECIAL, kind_of(full))
        if is_hidden(path.name):
            return self._leave(path, LITTER if is_litter(path.name) else HIDDEN)
        if stat.S_ISREG(mode):
            return self.files.append(path)
        return self._go_into(path) if full.is_symlink() else self._to_do.append(path)

    def _leave_broken(self, path: PurePosixPath, error: OSError) -> None:
        full = self._top / path
        if not full.is_symlink():
            _refuse(error)
        self._leave(path, BROKEN, f"-> {shown(str(full.readlink()))}")

    def _go_into(self, path: PurePosixPath) -> None:
        """Follow a link, unless its images are read anyway or it would lead back here."""
        target = (self._top / path).resolve()
        known = (self._home, *self._gone_into)
        if any(target.is_relative_to(place) or place.is_relative_to(target) for place in known):
            return self._leave(path, CIRCLE, f"-> {shown(str(target))}")
        self._gone_into.add(target)
        self.links.append(target)
        self._to_do.append(path)
        return None

    def _leave(self, path: PurePosixPath, reason: Reason, found: str = "") -> None:
        self.left_out.append(LeftOut(shown(path.as_posix()), reason, found))


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError as error:
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise DataError(
        "A folder of the data cannot be read",
        where=shown(str(error.filename)),
        got=error.strerror,
        remedy="give yourself the right to read it (chmod u+rx), or move it out of the data",
    ) from None
