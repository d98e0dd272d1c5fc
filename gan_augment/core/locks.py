"""Locks between the processes that write or read a stage's outputs, in a project's `.gan_augment/locks`.

A lock is `flock` on a file, so the kernel releases it however its process ends. The lock files stay: removing one while
a process waits for it would let two hold it. Each holder also writes a file of its own into `running/` with its
identity. A process that takes several locks takes them in the order of the stages, so there is no deadlock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gan_augment.core.orphans import Owner, dvc_above

__all__ = ["Holder", "Locks", "holding", "running"]

_POLL_SECONDS = 0.2
_SAY_SO_EVERY_SECONDS = 300.0
_UNABLE = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # a file system without locks


@dataclass(frozen=True)
class Holder:
    """Process that holds locks. `dvc`: the DVC that started it, None without one; `orphan`: that DVC has ended."""

    process: int
    command: str
    since: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]
    dvc: int | None
    orphan: bool

    def sentence(self) -> str:
        """Sentence with the process, its start time, and the state of its DVC."""
        alone = f"; the dvc that started it (process {self.dvc}) has ended" if self.orphan else ""
        return f"process {self.process} (`{self.command}`, since {self.since}{alone})"


class Locks:
    """Locks held. `waited`: another process had one of them, so what was read before may have changed."""

    def __init__(self) -> None:
        self.waited = False
        self._descriptors: list[int] = []

    def survive_exec(self) -> None:
        """Keep the locks in the program that this process is about to become."""
        for descriptor in self._descriptors:
            os.set_inheritable(descriptor, True)

    def take(self, file: Path, kind: int) -> bool:
        """Lock a file in the way of `fcntl.flock`; False: another process holds it."""
        descriptor = _open(file)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _UNABLE:
                os.close(descriptor)
                if isinstance(error, BlockingIOError):
                    return False
                raise
        self._descriptors.append(descriptor)
        return True

    def release(self) -> None:
        """Release all of them."""
        for descriptor in self._descriptors:
            os.close(descriptor)


@contextlib.contextmanager
def holding(
    folder: Path, *, writes: Sequence[str], reads: Sequence[str] = (), say: Callable[[str], None] | None = None
) -> Iterator[Locks]:
    """Hold locks for as long as the context lasts, waiting for those that other processes have.

    Parameters
    ----------
    folder
        Where the locks lie; made when needed.
    writes, reads
        Names locked exclusively, and names locked against writers only. The reads come first, in the order given, and
        that order must be the same everywhere: a later one's holder may wait for an earlier one, never the reverse.
    say
        Called with the holder that is waited for, at once and every five minutes; prints to standard error by default.
    """
    (folder / "running").mkdir(parents=True, exist_ok=True)
    locks = Locks()
    try:
        for name, kind in [(n, fcntl.LOCK_SH) for n in reads] + [(n, fcntl.LOCK_EX) for n in writes]:
            _wait_for(locks, folder, name, kind, say or _to_standard_error)
        card = _register(locks, folder / "running", writes, reads)
        yield locks
        card.unlink(missing_ok=True)
    finally:
        locks.release()


def _wait_for(locks: Locks, folder: Path, name: str, kind: int, say: Callable[[str], None]) -> None:
    said = float("-inf")
    while not locks.take(folder / f"{_safe(name)}.lock", kind):
        locks.waited = True
        if time.monotonic() - said > _SAY_SO_EVERY_SECONDS:
            said = time.monotonic()
            say(_waiting_for(folder, name, kind))
        time.sleep(_POLL_SECONDS)


def _waiting_for(folder: Path, name: str, kind: int) -> str:
    holders = [h for h in running(folder) if name in h.writes or (kind == fcntl.LOCK_EX and name in h.reads)]
    doing = "writes" if any(name in holder.writes for holder in holders) else "reads"
    who = ", ".join(holder.sentence() for holder in holders) or "another process"
    end = " ".join(str(holder.process) for holder in holders)
    remedy = f"; `kill {end}` ends it" if end else ""
    return f"waiting for {who}, which {doing} the outputs of {name}{remedy}"


def _to_standard_error(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def running(folder: Path) -> list[Holder]:
    """Holders of this folder's locks now. The cards of killed processes are removed."""
    cards = sorted((folder / "running").glob("*.json")) if (folder / "running").is_dir() else []
    return [holder for holder in map(_read_card, cards) if holder is not None]


def _read_card(path: Path) -> Holder | None:
    try:
        # Opening a pipe would block, and a link would be followed.
        with open(path, encoding="utf-8", opener=_without_waiting) as stream:
            if _is_free(stream.fileno()):
                path.unlink(missing_ok=True)
                return None
            facts = json.load(stream)
        owner = Owner(**facts.pop("owner")) if facts["owner"] else facts.pop("owner")
        facts |= {"writes": tuple(facts["writes"]), "reads": tuple(facts["reads"])}
        return Holder(**facts, dvc=owner.process if owner else None, orphan=owner is not None and not owner.lives())
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # removed meanwhile, or of another version


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _register(locks: Locks, folder: Path, writes: Sequence[str], reads: Sequence[str]) -> Path:
    owner = dvc_above()
    facts = {
        "process": os.getpid(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "writes": list(writes),
        "reads": list(reads),
        "owner": asdict(owner) if owner else None,
    }
    card = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    partial = card.with_suffix(".partial")
    locks.take(partial, fcntl.LOCK_EX)  # before it gets its name: an unlocked card belongs to a dead process
    partial.write_text(json.dumps(facts), encoding="utf-8")
    partial.rename(card)
    return card


def _open(file: Path) -> int:
    # Never through a link: its target's permissions are not this tool's to change.
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, 0o666)  # whatever the umask: another user's run has to open it too
    return descriptor


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9@_.-]", "_", name)
