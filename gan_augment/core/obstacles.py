"""Errors of the operating system as errors with a remedy: disk, permissions, names that are taken."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from gan_augment.core.errors import SetupError

__all__ = ["obstacle", "os_error_in"]

_NOT_LOST = "and run the command again; nothing was lost"
_REMEDIES = {
    errno.ENOSPC: f"free some space (`dvc gc -w` drops old cached outputs) {_NOT_LOST}",
    errno.EDQUOT: f"free some of your quota {_NOT_LOST}",
    errno.EFBIG: f"raise the limit on the size of a file (`ulimit -f`, or another file system) {_NOT_LOST}",
    errno.EIO: f"look at the disk (`dmesg`) {_NOT_LOST}",
    errno.EACCES: "make the path readable and writable for your user",
    errno.EPERM: "make the path writable for your user; a file may be immutable (`lsattr`)",
    errno.EROFS: "work in a folder on a writable file system",
    errno.ENOTDIR: "move the file away: a folder is wanted there",
    errno.EEXIST: "move the file away: a folder is wanted there",
    errno.EISDIR: "move the folder away: a file is wanted there",
    errno.ENOTEMPTY: "run the command again: another process wrote there meanwhile",
    errno.ENAMETOOLONG: "work in a folder with a shorter path",
    errno.ELOOP: "mend the link: it leads back to itself",
    errno.EMFILE: "raise the limit on open files (`ulimit -n`)",
    errno.ENOMEM: "close other programs, or make batches smaller (batch_size)",
    errno.ENFILE: "close other programs: the system has too many open files",
}
_SAID = re.compile(r"os error (\d+)|errno (\d+)", re.IGNORECASE)


def obstacle(error: OSError) -> SetupError | None:
    """Error with a remedy; None where it is not one that a user can remove."""
    if error.errno not in _REMEDIES:
        return None
    where = os.fsdecode(error.filename or Path.cwd())
    return SetupError(os.strerror(error.errno), where=where, remedy=_REMEDIES[error.errno])


def os_error_in(error: Exception, path: Path) -> OSError | None:
    """Error of the operating system that a library hides in its own error's text; None without one."""
    found = _SAID.search(str(error))
    if found is None:
        return None
    number = int(next(filter(None, found.groups())))
    return OSError(number, os.strerror(number), str(path))
