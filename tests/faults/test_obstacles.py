"""A full disk, a limit on the size of files, no rights: one message, exit code 2, and the old output whole."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_augment.core import atomic
from gan_augment.core.checksums import check_folder
from tests.faults.small_project import copy_of, outputs_hash, run_command
from tests.patience import HANG

Command = tuple[str, ...]
WRITING: tuple[Command, ...] = (
    *(("prepare",), ("train_gan", "a"), ("generate", "a"), ("curate",), ("mix",)),
    *(("retrain", "real"), ("measure",), ("report",), ("export",)),
)


def check(finished: Path, root: Path, command: Command, code: int, error: str, said: str) -> None:
    assert code == 2, error
    assert "Traceback" not in error
    assert said in error
    assert "where:" in error
    assert "remedy:" in error
    assert outputs_hash(root, command) == outputs_hash(finished, command)
    for folder in ("data", "models", "predictions"):
        check_folder(root / folder)
    left = [path for path in root.rglob("*.gan-augment.*") if ".gan_augment" not in path.parts]
    assert left == []


@pytest.mark.parametrize("command", WRITING, ids=lambda command: command[0])
def test_a_limit_on_the_size_of_files(finished: Path, tmp_path: Path, command: Command) -> None:
    """EFBIG, from the kernel itself."""
    root = copy_of(finished, tmp_path / "project")
    done = subprocess.run(
        [sys.executable, "-m", "gan_augment", *command],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
    )
    check(finished, root, command, done.returncode, done.stderr, os.strerror(errno.EFBIG))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
@pytest.mark.parametrize("command", WRITING, ids=lambda command: command[0])
def test_what_cannot_be_moved_into_place(
    finished: Path, tmp_path: Path, command: Command, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told at the last moment, when everything has been written beside."""
    root = copy_of(finished, tmp_path / "project")

    def refuse(path: Path) -> Iterator[None]:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(atomic, "_sync", refuse)
    done = run_command(root, command)
    monkeypatch.undo()
    check(finished, root, command, done.returncode, done.stderr, os.strerror(number))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("command", WRITING, ids=lambda command: command[0])
def test_a_folder_without_the_right_to_write(finished: Path, tmp_path: Path, command: Command) -> None:
    root = copy_of(finished, tmp_path / "project")
    folders = [folder for folder in (root, *root.rglob("*")) if folder.is_dir() and ".gan_augment" not in folder.parts]
    for folder in folders:
        folder.chmod(0o555)
    try:
        done = run_command(root, command)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    check(finished, root, command, done.returncode, done.stderr, os.strerror(errno.EACCES))
