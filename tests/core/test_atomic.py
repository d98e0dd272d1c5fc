"""A killed or failing writer leaves the old output or the new one, never half of one."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
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
from gan_augment.core.errors import DamagedInputError, DataError, MissingInputError, ParamsError
from gan_augment.core.obstacles import obstacle


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


def test_what_standard_output_goes_to_is_not_replaced(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from gan_augment.core.atomic import check_writable\n"
        "print('precious', flush=True); check_writable(Path('/dev/stdout'), 'The page')"
    )
    with (tmp_path / "log").open("w") as log:
        done = subprocess.run([sys.executable, "-c", code], stdout=log, stderr=subprocess.PIPE, text=True, check=False)
    assert "a path that belongs to the system" in done.stderr
    assert (tmp_path / "log").read_text() == "precious\n"


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


_MOVES = ("before the move", "between the two renames", "before the old one is gone", "in the middle of its removal")


@pytest.mark.parametrize("exchanging", [True, False])
@pytest.mark.parametrize("place", _MOVES)
def test_a_kill_while_a_folder_is_replaced_leaves_one_of_the_two_whole(
    tmp_path: Path, place: str, exchanging: bool
) -> None:
    code = (
        "import os, shutil, signal, sys; from pathlib import Path\n"
        "from gan_augment.core import atomic\n"
        "place, exchanging, target = sys.argv[1], sys.argv[2] == 'True', Path(sys.argv[3])\n"
        "def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"
        "def cannot(one, other): raise OSError(22, 'Invalid argument')\n"
        "def half(old, **k): os.remove(old / 'a'); die()\n"
        "if not exchanging: atomic._exchange = cannot\n"
        "if place == 'before the move': atomic._move_into_place = die\n"
        "if place == 'between the two renames':\n"
        "    aside = atomic._put_aside if not exchanging else None\n"
        "    if exchanging: atomic._replace_folder = lambda p, t: (atomic._exchange(p, t), die())\n"
        "    else: atomic._put_aside = lambda p, o: (aside(p, o), die())\n"
        "if place == 'before the old one is gone': shutil.rmtree = die\n"
        "if place == 'in the middle of its removal': shutil.rmtree = half\n"
        "with atomic.replacing_directory(target) as partial:\n"
        "    for name in 'abc': (partial / name).write_text('new')\n"
    )
    target = tmp_path / "out"
    target.mkdir()
    for name in "abc":
        (target / name).write_text("old")
    killed = subprocess.run([sys.executable, "-c", code, place, str(exchanging), str(target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    if exchanging or place != "between the two renames":
        assert len({(target / name).read_text() for name in "abc"}) == 1
    with pytest.raises(Full), replacing_directory(target) as partial:
        raise Full  # the next run fails as well: the folder is there all the same
    assert {(target / name).read_text() for name in "abc"} == {"old" if _stays_old(place, exchanging) else "new"}
    with replacing_directory(target) as partial:
        (partial / "last").write_text("last")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert os.listdir(target) == ["last"]


def _stays_old(place: str, exchanging: bool) -> bool:
    return place == "before the move" or (place == "between the two renames" and not exchanging)


def test_a_folder_of_somebody_elses_is_not_replaced(tmp_path: Path) -> None:
    theirs = tmp_path / "export"
    theirs.mkdir()
    (theirs / "precious.txt").write_text("x")
    with pytest.raises(DataError, match="holds something else"), replacing_directory(theirs, mark="index.json"):
        pass
    assert os.listdir(theirs) == ["precious.txt"]
    (theirs / "index.json").write_text("{}")
    with replacing_directory(theirs, mark="index.json"):
        pass
    assert os.listdir(theirs) == []


def test_what_is_moved_is_on_the_disk_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    replace, fsync = os.replace, os.fsync
    monkeypatch.setattr(os, "replace", lambda one, other: done.append("replace") or replace(one, other))
    monkeypatch.setattr(
        os, "fsync", lambda number: done.append(os.readlink(f"/proc/self/fd/{number}")) or fsync(number)
    )
    with replacing_file(tmp_path / "a") as partial:
        partial.write_text("x")
    assert done == [str(partial), "replace", str(tmp_path)]
    done.clear()
    with replacing_directory(tmp_path / "out") as partial:
        (partial / "sub").mkdir()
        (partial / "sub/file").write_text("x")
    assert set(done[:3]) == {str(partial / "sub/file"), str(partial / "sub"), str(partial)}
    assert done[3:] == [str(tmp_path)]


def test_two_that_write_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    code = (
        "import sys; from pathlib import Path; from gan_augment.core.atomic import write_text\n"
        "for n in range(200): write_text(Path(sys.argv[1]), sys.argv[2] * 50_000, durable=False)"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(target), letter]) for letter in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    assert target.read_text() in ("a" * 50_000, "b" * 50_000)
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_partial_file_of_a_killed_writer_is_swept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".a.{dead.pid}.gan-augment.partial").write_text("half")
    (tmp_path / ".a.1.gan-augment.partial").write_text("of a process that lives")
    with replacing_file(tmp_path / "a") as partial:
        partial.write_text("whole")
    assert sorted(os.listdir(tmp_path)) == [".a.1.gan-augment.partial", "a"]


def test_what_a_user_has_beside_an_output_is_left_alone(tmp_path: Path) -> None:
    mine = [f".out.{kind}" for kind in ("partial", "old", "123456789.partial")]
    for name in mine:
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").write_text("x")
    for write in (replacing_directory, replacing_directory):
        with write(tmp_path / "out"):
            pass
    (tmp_path / "out").rmdir()
    with replacing_file(tmp_path / "out") as partial:
        partial.write_text("x")
    assert sorted(os.listdir(tmp_path)) == sorted([*mine, "out"])
    assert all((tmp_path / name / "precious").exists() for name in mine)


def test_an_obstacle_says_where_it_was_met(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="written") as caught, replacing_file(tmp_path / "a"):
        raise OSError("7680 requested and 0 written")  # as numpy says it
    assert caught.value.filename == str(tmp_path / "a")
    assert obstacle(caught.value) is not None
    (tmp_path / "file").write_text("")
    for write in (replacing_directory, replacing_file):
        with pytest.raises(OSError) as caught, write(tmp_path / "file/out"):  # noqa: PT011 - which one differs
            pass
        said = obstacle(caught.value)
        assert said is not None
        assert "move the file away" in str(said.remedy)


SEALED = {"gain": 1.5, "arms": [{"name": "é"}], "none": None}


def test_sealed_json_comes_back_as_it_was_and_tells_any_change(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, SEALED, sealed=True)
    assert read_json(path) == SEALED
    assert list(json.loads(path.read_text(encoding="utf-8"))) == [*SEALED, "sha256"]
    data = path.read_bytes()
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            try:
                found = read_json(path)
            except DamagedInputError as error:
                assert str(path) in str(error)  # noqa: PT017 - told, or read as it was
                continue
            assert {key: found[key] for key in SEALED} == SEALED


@pytest.mark.parametrize("depth", [500, 900, 3000, 100_000])
@pytest.mark.parametrize("seal", ["", f', "sha256": "{"0" * 64}"'])
def test_json_that_is_nested_without_end_is_damaged(tmp_path: Path, depth: int, seal: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(f'{{"a": {"[" * depth}{"]" * depth}{seal}}}')
    if seal or depth > 1000:
        with pytest.raises(DamagedInputError):
            read_json(path)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a.json")
    with pytest.raises(DamagedInputError, match="a pipe or a device"):
        read_json(tmp_path / "a.json")
