"""The doctor's checks of a project: params.yaml, Git, DVC with its locks and remote, and Prefect's server."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from gan_augment.cli.finding import Finding
from gan_augment.cli.prefect_server import named_server
from gan_augment.core.errors import GanAugmentError

__all__ = ["project_findings"]

REMOTE_SECONDS = 8.0  # seconds after which a silent store counts as unreachable


def project_findings(root: Path) -> Iterator[Finding]:
    """Findings on params.yaml, Git, DVC and Prefect in the folder `root`."""
    if (root / "params.yaml").exists():
        yield from _params(root)
        yield from _git(root)
        yield from _dvc(root)
        yield from _runs(root)
    else:
        yield Finding("project", f"no params.yaml in {root.absolute()}", "gan-augment init PATH_TO_YOUR_DATA")
    yield from _prefect()


def _params(root: Path) -> Iterator[Finding]:
    from gan_augment.setup.check import check_project

    try:
        checked = check_project(root, read_data=False)
    except GanAugmentError as error:
        yield _mistake(error)
    else:
        params = checked.params
        yield from map(_mistake, checked.errors)
        if not checked.errors:
            yield Finding("params.yaml", f"{len(params.classes)} classes, method {params.synthesis.method}")
            yield from _leftovers(root, set(params.classes), set(params.retrain.arms))
            yield from _rivals(root, params.synthesis.method)
    yield from _no_files(root, "dvc.yaml", "dvc.lock")
    if not os.path.lexists(root / "dvc.yaml"):
        yield Finding("dvc.yaml", "absent", "gan-augment init PATH_TO_YOUR_DATA", blocking=True)


def _no_files(folder: Path, *names: str) -> Iterator[Finding]:
    """Findings on paths that DVC opens as files, but that are not files: DVC waits for a pipe for ever."""
    for name in names:
        path = folder / name
        if os.path.lexists(path) and not path.is_file():
            state = "a link, and not to a file" if path.is_symlink() else "a folder, a pipe or a device"
            remedy = f"mv {shlex.quote(str(path))} {shlex.quote(f'{path}.wrong')}, and bring the file back"
            yield Finding(name, f"{state}, where DVC opens a file", remedy, blocking=True)


def _mistake(error: GanAugmentError) -> Finding:
    facts = ": ".join(part for part in (error.problem, error.where) if part)
    remedy = "; ".join(part for part in (error.got, error.remedy) if part)
    return Finding("params.yaml", facts, remedy or "correct it; `gan-augment params check` says more", blocking=True)


def _leftovers(root: Path, classes: set[str], arms: set[str]) -> Iterator[Finding]:
    """Findings on outputs of stages that no longer exist: DVC forgets them, and leaves them in place."""
    from gan_augment.project.layout import Layout

    layout = Layout(root)
    known = {layout.train_gan: classes, layout.synthetic: classes, layout.predictions: arms}
    found = [
        path.relative_to(root).as_posix()
        for place, keys in known.items()
        for path in sorted(place("").glob("*"))
        if path.is_dir() and path.name not in keys and not path.name.startswith(".")  # one that is being written
    ]
    if found:
        yield Finding(
            "leftovers",
            f"outputs of classes or arms that params.yaml has no longer: {', '.join(found)}",
            _removal(found),
        )


def _rivals(root: Path, name: str) -> Iterator[Finding]:
    from gan_augment.project.tracked import has_rivals_stage
    from gan_augment.synthesis.registry import resolve_method

    names = resolve_method(name).traits.rivals
    if names and not has_rivals_stage(root):
        yield Finding(
            "dvc.yaml",
            f"has no stage `rivals`, so the gain is not compared with {name}'s rivals ({', '.join(names)})",
            "gan-augment init with --force writes it anew, and keeps the old one as .bak",
        )


def _removal(paths: list[str]) -> str:
    return "nothing reads them; to free the space: rm -r " + " ".join(map(shlex.quote, paths))


def _git(root: Path) -> Iterator[Finding]:
    if shutil.which("git") is None:
        yield Finding("git", "not installed; `dvc repro` works, experiments and comparisons do not", "install git")
    elif _upwards(root, ".git") is None:
        yield Finding("git", "no repository here", "git init  (experiments and comparisons need one)")
    elif _run("git", "rev-parse", "HEAD", root=root) != 0:
        yield Finding("git", "no commit yet", "git add -A && git commit  (`dvc exp run` needs one)")
    elif _run("git", "check-ignore", "-q", "dvc.lock", root=root) == 0:
        remedy = "take the line that matches dvc.lock out of .gitignore"
        yield Finding("git", "ignores dvc.lock, with which DVC refuses to run", remedy, blocking=True)
    else:
        yield Finding("git", "a repository with a commit")


def _run(*command: str, root: Path) -> int:
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode


def _upwards(root: Path, name: str) -> Path | None:
    return next((folder for folder in (root.absolute(), *root.absolute().parents) if (folder / name).exists()), None)


def _dvc(root: Path) -> Iterator[Finding]:
    home = _upwards(root, ".dvc")
    if home is None:
        yield Finding("DVC", "not initialised here", "dvc init  (or: dvc init --no-scm, without git)", blocking=True)
        return
    yield Finding("DVC", f"initialised in {home}")
    found = [*_no_files(home / ".dvc", "config", "config.local"), *_no_files(home / ".dvc/tmp", "lock", "rwlock")]
    if found:
        yield from found
        return
    try:
        config = _config(home)
    except Exception as error:
        # DVC and configobj have many ways to refuse a file; any of them stops every DVC command.
        yield Finding("DVC config", f"cannot be read: {error}", f"correct {home / '.dvc/config'}", blocking=True)
        return
    yield from _locks(home / ".dvc/tmp", hardlink=bool(config.get("core", {}).get("hardlink_lock")))
    yield from _remote(home, config)


def _config(home: Path) -> dict[str, Any]:
    from dvc.config import Config

    return dict(Config(dvc_dir=str(home / ".dvc")))


def _runs(root: Path) -> Iterator[Finding]:
    """Findings on running stages; a stage whose DVC was killed makes outputs that nothing will record."""
    from gan_augment.core.locks import running
    from gan_augment.project.locks import lock_folder

    for holder in running(lock_folder(root)):
        remedy = f"kill {holder.process}; the next `dvc repro` runs the stage again" if holder.orphan else ""
        yield Finding("running", holder.sentence(), remedy, blocking=holder.orphan)


# ---- locks


def _locks(folder: Path, *, hardlink: bool) -> Iterator[Finding]:
    """Findings on the repository's lock, and on the file that lists readers and writers of outputs."""
    lock = folder / "lock"
    if lock.is_file() and (hardlink or _held(lock)):
        numbers = re.findall(r"\d+", lock.read_text(encoding="utf-8", errors="replace"))
        owners = [int(number) for number in numbers if _owns(int(number), lock)]
        yield _busy("DVC lock", f"process {owners[0]}") if owners else _stale("DVC lock", lock)
    rwlock = folder / "rwlock"
    if not rwlock.is_file():
        return
    try:
        entries = _entries(json.loads(rwlock.read_text(encoding="utf-8") or "{}"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Finding("DVC rwlock", "damaged, by a kill while it was written", f"rm {rwlock}", blocking=True)
        return
    dead = [pid for pid in entries if _exists(pid) and not _owns(pid, rwlock)]
    alive = [f"process {pid} ({command})" for pid, command in entries.items() if _owns(pid, rwlock)]
    if dead:
        yield _stale("DVC rwlock", rwlock)
    elif alive:
        yield _busy("DVC rwlock", ", ".join(alive))


def _entries(lock: dict[str, Any]) -> dict[int, str]:
    """Commands by process id, of every reader or writer."""
    found = [info for infos in lock.get("read", {}).values() for info in infos]
    found += [info for info in lock.get("write", {}).values() if info]
    return {int(info["pid"]): str(info["cmd"]) for info in found}


def _held(path: Path) -> bool:
    """Whether another process holds DVC's lock on this file; a file alone is not a lock."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
        return False


def _exists(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid))


def _owns(pid: int, lock: Path) -> bool:
    """Whether the process exists and is older than the lock: a younger one has reused a dead one's number."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # a zombie that no parent reaps: a container without init
            return False
        return bool(process.create_time() <= lock.stat().st_mtime + 1)
    except (psutil.Error, OSError, OverflowError, ValueError):
        return False


def _stale(what: str, path: Path) -> Finding:
    return Finding(what, "left behind by a process that has ended; DVC will wait for it in vain", f"rm {path}", True)


def _busy(what: str, who: str) -> Finding:
    return Finding(what, f"held by {who}", "wait for it; `dvc --wait-for-lock repro` does")


# ---- the remote


def _remote(home: Path, config: dict[str, Any]) -> Iterator[Finding]:
    name = config.get("core", {}).get("remote")
    if name is None:
        remedy = "dvc remote add -d NAME URL  (to share outputs, or to keep a second copy)"
        yield Finding("DVC remote", "none: outputs are in this machine's cache only", remedy)
        return
    url = str(config.get("remote", {}).get(name, {}).get("url", ""))
    problem = _within(REMOTE_SECONDS, lambda: _unreachable(home, name))
    if problem:
        remedy = f"look at the path, the network and the credentials: dvc remote list, dvc remote modify {name} ..."
        yield Finding("DVC remote", f"{name} ({url}) cannot be reached: {problem}", remedy)
    else:
        yield Finding("DVC remote", f"{name} ({url}) can be reached")


def _within(seconds: float, ask: Callable[[], str]) -> str:
    """Answer, or that there was none in time. The thread is a daemon: a hanging store must not block us."""
    answers: Queue[str] = Queue()
    Thread(target=lambda: answers.put(ask()), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return f"no answer within {seconds:g} s"


def _unreachable(home: Path, name: str) -> str:
    """Obstacle between us and the remote; empty where it answers."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    from dvc.repo import Repo

    try:
        with Repo(str(home)) as repo:
            remote = repo.cloud.get_remote(name)
            # The first push makes a local folder; its parent has to exist.
            place = remote.fs.parent(remote.path) if remote.fs.protocol == "local" else remote.path
            if remote.fs.protocol == "local":
                there = remote.fs.exists(remote.path) or remote.fs.exists(place)
                return "" if there else f"there is no folder {place}"
            remote.fs.info(place)
            return ""
    except FileNotFoundError:
        return ""  # it answered: nothing was pushed yet
    except Exception as error:
        # Every kind of store has its own exceptions, and DVC's plug-ins cannot be enumerated.
        return str(error).splitlines()[0] if str(error) else type(error).__name__


# ---- Prefect


def _prefect() -> Iterator[Finding]:
    server = named_server()
    if server is None:
        yield Finding("Prefect", "no PREFECT_API_URL: `python -m pipelines run` starts a server for the run alone")
    elif problem := server.problem():
        remedy = "start it (prefect server start), correct PREFECT_API_URL, or unset it to run without one"
        state = f"the server at {server.url} ({server.said_in}) does not answer: {problem}"
        yield Finding("Prefect", state, remedy)
    else:
        yield Finding("Prefect", f"the server at {server.url} answers")
