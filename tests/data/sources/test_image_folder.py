from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gan_augment.core.errors import DataError, GanAugmentError, ParamsError
from gan_augment.data.config import ImageFolderSource, SplitConfig
from gan_augment.data.sources import image_folder
from gan_augment.data.sources.api import RawData
from tests.data.pictures import noise, save, write_folder


def read(root: Path, class_from: str = "top", **split: object) -> RawData:
    source = ImageFolderSource.model_validate({"path": ".", "class_from": class_from})
    return image_folder.read(source, root, SplitConfig.model_validate(split))


def test_every_class_folder_is_a_class_whatever_its_name(tmp_path: Path) -> None:
    counts = {"cat": 2, "Big Cat": 1, "猫": 3, "a#b": 1}
    found = read(write_folder(tmp_path, counts)).rows["label"].value_counts().to_dict()
    assert found == counts


def test_rows_are_sorted_and_name_their_files(tmp_path: Path) -> None:
    rows = read(write_folder(tmp_path, {"b": 2, "a": 1})).rows
    assert rows["source"].tolist() == ["a/000.png", "b/000.png", "b/001.png"]
    assert rows["identity"].is_unique


@pytest.mark.parametrize(
    ("class_from", "labels"), [("top", {"cat"}), ("parent", {"2023", "2024"}), ("path", {"cat/2023", "cat/2024"})]
)
def test_nested_folders(tmp_path: Path, class_from: str, labels: set[str]) -> None:
    write_folder(tmp_path / "cat", {"2023": 1, "2024": 2})
    assert set(read(tmp_path, class_from).rows["label"]) == labels


def test_other_files_are_reported_and_system_litter_is_not(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 1})
    for name in ("readme.txt", "a/notes.csv", "a/.DS_Store", "a/Thumbs.db", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (problem,) = read(tmp_path).problems
    assert problem.severity == "warning"
    assert problem.places == ("a/notes.csv", "readme.txt")


def test_images_outside_of_class_folders_are_an_error_that_names_them(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 1})
    save(tmp_path / "loose.png", noise(0))
    (problem,) = read(tmp_path).problems
    assert problem.severity == "error"
    assert problem.places == ("loose.png",)


def test_the_users_split_by_folders(tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        write_folder(tmp_path / part, {"a": 1, "b": 2})
    rows = read(tmp_path, column="folder").rows
    assert set(rows["label"]) == {"a", "b"}
    assert rows["split"].value_counts().to_dict() == {"train": 3, "validation": 3, "test": 3}


def test_a_top_folder_that_is_no_part_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"a": 1})
    write_folder(tmp_path / "extra", {"a": 1})
    with pytest.raises(DataError, match="does not name a part"):
        read(tmp_path, column="folder")


def test_groups_by_folder_and_by_pattern(tmp_path: Path) -> None:
    for name in ("p1_x.png", "p1_y.png", "p22_x.png"):
        save(tmp_path / "a" / "day1" / name, noise(0))
    assert set(read(tmp_path, group="folder").rows["group"]) == {"a/day1"}
    assert read(tmp_path, group="(p[0-9]+)_").rows["group"].tolist() == ["p1", "p1", "p22"]


@pytest.mark.parametrize(
    ("split", "error"),
    [
        ({"group": "(q[0-9]+)"}, DataError),
        ({"group": "("}, ParamsError),
        ({"group": "p1"}, ParamsError),
        ({"column": "part"}, ParamsError),
    ],
)
def test_groups_and_splits_that_cannot_be(tmp_path: Path, split: dict[str, str], error: type[GanAugmentError]) -> None:
    save(tmp_path / "a" / "p1_x.png", noise(0))
    with pytest.raises(error):
        read(tmp_path, **split)


def test_missing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    source = ImageFolderSource(path="imags")
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="did you mean 'images'"):
        image_folder.read(source, tmp_path, SplitConfig())
    with pytest.raises(DataError, match="empty folder"):
        image_folder.read(ImageFolderSource(path="images"), tmp_path, SplitConfig())


def test_a_folder_without_class_folders_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "x.png", noise(0))
    with pytest.raises(DataError, match="side by side"):
        read(tmp_path)


def test_a_folder_with_a_table_only_points_to_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"t\.csv"):
        read(tmp_path)


def test_a_folder_that_cannot_be_read_is_not_left_out_in_silence(tmp_path: Path) -> None:
    """Root may read everything, so the system is told what to say."""
    (tmp_path / "cat").mkdir()
    (tmp_path / "dog").mkdir()
    plain = os.scandir

    def refusing(path: Any) -> Any:
        if Path(path).name == "dog":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain(path)

    with mock.patch.object(os, "scandir", refusing), pytest.raises(DataError) as told:
        image_folder.find_files(tmp_path)
    assert str(tmp_path / "dog") in str(told.value)
    assert "Permission denied" in str(told.value)
