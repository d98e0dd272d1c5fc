"""What the system refuses, as an error with a remedy; and what hides in the text of a library's error."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gan_augment.core.errors import SetupError
from gan_augment.core.obstacles import obstacle, os_error_in


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "readable and writable"),
        (errno.EROFS, "writable file system"),
        (errno.EISDIR, "move the folder away"),
        (errno.ENOTDIR, "move the file away"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ELOOP, "link"),
    ],
)
def test_an_obstacle_has_its_own_remedy_and_the_path(number: int, remedy: str) -> None:
    found = obstacle(OSError(number, "x", "data/ü"))
    assert isinstance(found, SetupError)
    assert found.problem == os.strerror(number)
    assert found.where == "data/ü"
    assert remedy in str(found.remedy)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EPIPE, errno.ECONNREFUSED, errno.EINVAL, None])
def test_what_no_user_can_remove_is_no_obstacle(number: int | None) -> None:
    assert obstacle(OSError(number, "x") if number else OSError("x")) is None


def test_without_a_path_it_is_where_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = obstacle(OSError(errno.ENOSPC, "x"))
    assert found is not None
    assert found.where == str(tmp_path)


def test_a_path_of_bytes_is_a_text() -> None:
    found = obstacle(OSError(errno.EACCES, "x", b"/a/\xff"))
    assert found is not None
    assert found.where == os.fsdecode(b"/a/\xff")


@pytest.mark.parametrize("text", ["I/O error: No space left (os error 28)", "[Errno 28] No space", "OS ERROR 28"])
def test_the_number_in_a_librarys_text_is_found(text: str) -> None:
    found = os_error_in(RuntimeError(text), Path("model.bin"))
    assert found is not None
    assert (found.errno, found.filename) == (errno.ENOSPC, "model.bin")
    assert obstacle(found) is not None


def test_a_text_without_a_number_says_nothing() -> None:
    assert os_error_in(RuntimeError("28 headers are damaged"), Path("x")) is None
