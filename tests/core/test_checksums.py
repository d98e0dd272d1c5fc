"""A folder of outputs tells whether it is as it was written, its list included; an older version's is read as it is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from gan_augment.core.checksums import (
    CHECKSUMS,
    LISTED,
    check_file,
    check_folder,
    is_whole,
    replacing_output,
    telling_damage,
    unlisted,
)
from gan_augment.core.errors import DamagedInputError, MissingInputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with replacing_output(tmp_path / "out") as partial:
        (partial / "rows").write_text("rows")
        (partial / "below").mkdir()
        (partial / "below/more").write_text("more")
    return tmp_path / "out"


def test_what_was_written_is_whole(folder: Path) -> None:
    check_folder(folder)
    check_file(folder / "rows")
    check_file(folder / "below/more")
    assert is_whole(folder)


@pytest.mark.parametrize("below", ["", "below/"])
def test_a_list_that_was_deleted_by_itself_is_told_with_both_remedies(folder: Path, below: str) -> None:
    path = folder / f"{below}{CHECKSUMS}"
    path.unlink()
    with pytest.raises(MissingInputError, match=re.escape(str(path))):
        check_folder(folder)
    with pytest.raises(MissingInputError, match=re.escape(str(path))) as told:
        check_file(path.parent / ("more" if below else "rows"))
    assert "dvc repro" in str(told.value.remedy)
    assert not is_whole(folder)
    # The other remedy, as the message spells it.
    command = str(told.value.remedy).partition("files: ")[2]
    subprocess.run(["sh", "-c", command.replace("*", "rows" if not below else "*")], check=True)
    check_folder(folder)


def test_a_list_that_is_no_list_is_told(folder: Path) -> None:
    for content in (b"", b"\xff\xfe", b"abc  rows\n", b"no list"):
        (folder / CHECKSUMS).write_bytes(content)
        with pytest.raises(DamagedInputError, match=CHECKSUMS):
            check_file(folder / "rows")


def test_a_pipe_in_the_lists_place_is_told_and_not_waited_for(folder: Path) -> None:
    (folder / CHECKSUMS).unlink()
    os.mkfifo(folder / CHECKSUMS)
    with pytest.raises(DamagedInputError, match="a pipe"):
        check_folder(folder)


def test_of_a_folder_of_an_older_version_nothing_is_known(folder: Path) -> None:
    """So, too, of one that was copied with `cp out/*`: the mark is what `*` leaves out."""
    for place in (folder, folder / "below"):
        (place / CHECKSUMS).unlink()
        (place / LISTED).unlink()
    (folder / "rows").write_text("others")
    check_folder(folder)
    check_file(folder / "rows")


def test_the_mark_alone_decides_nothing_where_the_list_is_there(folder: Path) -> None:
    (folder / LISTED).unlink()
    check_folder(folder)
    (folder / "rows").write_text("others")
    with pytest.raises(DamagedInputError, match="rows"):
        check_folder(folder)


def test_another_folder_in_this_ones_place_is_told(folder: Path) -> None:
    other = folder.rename(folder.with_name("other"))
    with pytest.raises(DamagedInputError, match="written as out"):
        check_folder(other)
    with pytest.raises(DamagedInputError, match="written as out"):
        check_file(other / "rows")
    check_folder(other.rename(folder))


def test_a_movable_folder_is_read_wherever_it_lies(tmp_path: Path) -> None:
    with replacing_output(tmp_path / "out", movable=True) as partial:
        (partial / "rows").write_text("rows")
    check_folder((tmp_path / "out").rename(tmp_path / "elsewhere"))


def test_what_somebody_put_into_a_folder_is_known_from_what_was_written(folder: Path) -> None:
    patterns = ("rows", "below/*")
    assert unlisted(folder, without_list=()) == []
    for name in ("notes.txt", "below/notes.txt", ".DS_Store"):
        (folder / name).write_text("mine")
    (folder / "link").symlink_to(folder / "below")
    assert unlisted(folder, without_list=patterns) == ["below/notes.txt", "link", "notes.txt"]
    for place in (folder, folder / "below"):
        (place / CHECKSUMS).unlink()
        (place / LISTED).unlink()
    assert unlisted(folder, without_list=patterns) == ["link", "notes.txt"]


@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_what_would_be_waited_for_is_not_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "curve.csv"
    os.mkfifo(path) if kind == "a pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(DamagedInputError, match="a pipe or a device"), telling_damage(path):
        pytest.fail("it was let in")
