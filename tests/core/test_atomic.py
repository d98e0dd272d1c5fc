"""A killed or failing writer leaves the old output or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gan_augment.core.atomic import (
    check_writable,
    file_hash,
    read_json,
    replacing_directory,
    replacing_file,
    write_json,
    write_text,
)
from gan_augment.core.errors import MissingInputError, ParamsError


class Full(OSError):
    pass


def test_a_failing_writer_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(Full), replacing_file(target) as partial:
        partial.write_text("half")
        raise Full
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_a_failing_writer_keeps_the_old_directory(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "a").write_text("old")
    with pytest.raises(Full), replacing_directory(target) as partial:
        (partial / "a").write_text("half")
        raise Full
    assert (target / "a").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_killed_writer_leaves_nothing_that_the_next_one_minds(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from gan_augment.core.atomic import replacing_directory\n"
        "with replacing_directory(Path(sys.argv[1])) as partial:\n"
        "    (partial / 'half').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    target = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    with replacing_directory(target) as partial:
        (partial / "whole").write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert os.listdir(target) == ["whole"]


def test_the_new_directory_replaces_the_old_one_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for name in ("first", "second"):
        with replacing_directory(target) as partial:
            (partial / name).write_text(name)
    assert os.listdir(target) == ["second"]


def test_json_refuses_not_a_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"gain": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", [None, "{half"])
def test_an_absent_or_damaged_input_names_the_file_and_the_remedy(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "in.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(MissingInputError) as error:
        read_json(path)
    assert str(path) in str(error.value)
    assert "dvc repro" in str(error.value)


def test_a_place_that_takes_no_file_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(tmp_path / "new/folder/page.html", "The page")
    assert not list(tmp_path.iterdir())

    def refuse(**at: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(at["dir"]))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(ParamsError, match="page cannot be written") as caught:
        check_writable(tmp_path / "new/folder/page.html", "The page")
    assert caught.value.got == f"no file can be made in {tmp_path}: Read-only file system"


def test_only_a_regular_file_or_nothing_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "folder").mkdir()
    names = ("pipe", "device", "nowhere", "circle", "folder", "a" * 5000)
    for name in (*names, *(f"{name}/page.html" for name in names if name != "folder")):
        with pytest.raises(ParamsError, match="page cannot be written") as caught:
            check_writable(tmp_path / name, "The page")
        assert len(str(caught.value)) < 800
    with pytest.raises(ParamsError):
        check_writable(Path("/dev/null"), "The page")


def test_a_link_is_followed_to_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "real.html").write_text("old")
    (tmp_path / "link.html").symlink_to("real.html")
    write_text(check_writable(tmp_path / "link.html", "The page"), "new")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_text() == "new"


def test_a_directory_hash_sees_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = file_hash(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = file_hash(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, second, file_hash(tmp_path)}) == 3
