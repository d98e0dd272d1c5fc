from __future__ import annotations

import os
from pathlib import Path

import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.paths import existing, existing_directory, existing_file, kind_of, read_regular, shown


def test_the_nearest_name_is_offered(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    assert existing(tmp_path, "photos") == tmp_path / "photos"
    with pytest.raises(DataError, match="did you mean 'photos'"):
        existing(tmp_path, "photo")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "gone", "round"])
def test_what_cannot_be_there_is_told_without_a_traceback(tmp_path: Path, name: str) -> None:
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(DataError, match="The data is not there"):
        existing(tmp_path, name)


def test_a_file_is_no_folder_and_a_pipe_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="a file"):
        existing_directory(tmp_path, "file")
    for name, got in (("pipe", "a named pipe"), (".", "a folder"), ("empty", "0 bytes"), ("/dev/null", "a device")):
        with pytest.raises(DataError, match=got):
            existing_file(tmp_path, name)


def test_only_files_are_opened_and_only_up_to_a_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "file.png").write_bytes(b"12345")
    assert read_regular(tmp_path / "file.png", limit=5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(tmp_path / "file.png", limit=4)
    with pytest.raises(OSError, match="a named pipe, not a file"):
        read_regular(tmp_path / "pipe.png")
    with pytest.raises(OSError, match="a device, not a file"):
        read_regular(Path("/dev/zero"))
    assert kind_of(tmp_path) == "a folder"


def test_a_sparse_file_of_many_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(OSError, match="a file of more than"):
        read_regular(tmp_path / "huge.png")


def test_names_that_are_not_utf_8_are_shown_as_text() -> None:
    assert shown("naïve.png") == "naïve.png"
    assert shown(os.fsdecode(b"caf\xe9.png")) == "caf\\xe9.png"
