from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import CompanionSource
from gan_augment.data.sources.beside import Sister, cell_text, metadata_cells, read_metadata

TEXT = CompanionSource(column="text")


def lines(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(texts), encoding="utf-8")


def test_metadata_lie_at_any_depth_and_name_files_from_there(tmp_path: Path) -> None:
    lines(tmp_path / "train/metadata.jsonl", '{"file_name": "a/1.png", "text": "one", "more": [1]}', "")
    lines(tmp_path / "test/metadata.csv", "file_name,text", "a/1.png,two")
    files = [PurePosixPath("train/metadata.jsonl"), PurePosixPath("test/metadata.csv"), PurePosixPath("train/a/1.png")]
    found = metadata_cells(read_metadata(tmp_path, files), "caption", TEXT)
    assert {str(image): cells for image, (cells, _) in found.items()} == {
        "train/a/1.png": ("one",),
        "test/a/1.png": ("two",),
    }


def test_an_image_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    lines(tmp_path / "metadata.csv", "file_name,text", "1.png,a", "1.png,b")
    with pytest.raises(DataError, match="name an image twice"):
        metadata_cells(read_metadata(tmp_path, [PurePosixPath("metadata.csv")]), "caption", TEXT)


@pytest.mark.parametrize(("line", "words"), [("{", "line 2"), ("[1]", "line 2"), ('"x"', "not a JSON object")])
def test_a_damaged_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    lines(tmp_path / "metadata.jsonl", '{"file_name": "1.png"}', line)
    with pytest.raises(DataError, match=words):
        read_metadata(tmp_path, [PurePosixPath("metadata.jsonl")])


def test_metadata_without_file_names_are_refused(tmp_path: Path) -> None:
    lines(tmp_path / "metadata.csv", "file,text", "1.png,a")
    with pytest.raises(DataError, match="did you mean 'file'"):
        read_metadata(tmp_path, [PurePosixPath("metadata.csv")])


def test_a_sister_has_the_same_name_or_another_ending(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/1.jpg", "a/2.bmp", "a/3.txt"):
        lines(tmp_path / name, "x")
    sister = Sister("mask", CompanionSource(path="."), tmp_path)
    wanted = [PurePosixPath(name) for name in ("a/1.jpg", "a/2.jpg", "a/3.jpg")]
    assert [str(path) for path in sister.paths(wanted)] == ["a/1.jpg", "a/2.bmp", "None"]
    with pytest.raises(DataError, match=r"a/1\.gif: a/1\.jpg, a/1\.png"):
        sister.paths([PurePosixPath("a/1.gif")])


def test_values_of_json_as_cells() -> None:
    assert [cell_text(value) for value in (3, 3.0, 0.5, True, " a ", None, [], {}, "")] == [
        *("3", "3", "0.5", "True", "a"),
        *(None, None, None, None),
    ]
