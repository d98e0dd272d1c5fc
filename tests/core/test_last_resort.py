"""Whatever reaches the top becomes a few lines: what, where the traceback is, what was not lost."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.core import last_resort
from gan_augment.core.errors import DataError
from gan_augment.core.last_resort import run_to_its_end


@pytest.fixture(autouse=True)
def _nowhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))  # not in the checkout, which is a project


def end(error: BaseException, *arguments: str) -> int:
    def program() -> int:
        raise error

    return run_to_its_end(program, arguments)


def recursion() -> RecursionError:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("no data", remedy="bring some"), 2, "error: no data"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (EOFError("No data left in file"), 1, "ended too early"),
        (recursion(), 1, "nested too deeply"),
        (MemoryError(), 1, "memory ran out"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 1, "memory ran out"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 2, "free some space"),
        (OSError(errno.EFBIG, "File too large", "x"), 2, "ulimit -f"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "a" * 5000), 2, "a shorter path"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "x/y"), 2, "move the file away"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x/y"), 2, "the whole traceback is in"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), 2, "make the path readable"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, "has ended"),
        (ModuleNotFoundError("No module named 'typer'", name="typer"), 2, "pip install typer"),
        (ModuleNotFoundError("No module named 'yaml.x'", name="yaml.x"), 2, "pip install pyyaml"),
        (ModuleNotFoundError("No module named 'x'", name="gan_augment.x"), 1, "unexpected error: ModuleNotFoundError"),
        (IndexError("list index out of range"), 1, "unexpected error: IndexError: list index out of range"),
        (ValueError("x" * 10**6), 1, "unexpected error: ValueError"),
        (AssertionError(), 1, "unexpected error: AssertionError\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_ends_with_its_code_and_a_few_lines(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_resort, "_silence_stdout", lambda: None)
    assert end(error) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert "Aborted" not in told
    assert len(told.splitlines()) <= 5
    assert len(told) < 1500
    if code == 1:
        assert "kept:" in told
        assert "remedy:" in told


def details(told: str) -> Path:
    found = re.search(r"the whole traceback is in (.+)", told)
    assert found is not None
    return Path(found[1])


@pytest.mark.parametrize("option", ["-C", "--root"])
def test_the_traceback_lies_in_the_project_for_its_owner_alone(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params.yaml").touch()
    end(IndexError("https://me:PASSWORD@host"), option, str(tmp_path))
    file = details(capsys.readouterr().err)
    assert file.parent == tmp_path / ".gan_augment/errors"
    assert "IndexError" in file.read_text()
    assert "PASSWORD" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert (tmp_path / ".gan_augment/.gitignore").read_text() == "*\n"


def test_without_a_project_it_lies_among_the_temporary_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").mkdir()
    end(IndexError("x"), f"--root={tmp_path / 'work'}")
    assert details(capsys.readouterr().err).is_file()
    assert list((tmp_path / "work").iterdir()) == []


def test_where_the_scratch_is_a_file_it_lies_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "params.yaml").touch()
    (tmp_path / ".gan_augment").touch()
    end(IndexError("x"), "-C", str(tmp_path))
    assert details(capsys.readouterr().err).is_file()


def test_a_traceback_that_can_be_written_nowhere_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_resort.tempfile, "gettempdir", lambda: str(tmp_path / "absent"))
    assert end(IndexError("x")) == 1
    assert "Traceback" in capsys.readouterr().err


def test_old_tracebacks_make_room(tmp_path: Path) -> None:
    folder = tmp_path / ".gan_augment/errors"
    folder.mkdir(parents=True)
    for number in range(50):
        (folder / f"gan-augment-2000{number:04d}.txt").touch()
    end(IndexError("x"), "-C", str(tmp_path))
    assert len(list(folder.iterdir())) == 20


def test_a_reader_that_has_gone_is_one_sentence() -> None:
    line = f'"{sys.executable}" -m gan_augment params schema | true; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["/bin/bash", "-c", line], env=os.environ, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 141


def test_the_light_installation_says_what_its_command_lacks() -> None:
    code = (
        "import sys\nsys.modules['typer'] = None\nsys.argv = ['gan-augment', 'verify']\n"
        "from gan_augment.cli.main import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install" in done.stderr
    assert "typer" in done.stderr
    assert "Traceback" not in done.stderr
