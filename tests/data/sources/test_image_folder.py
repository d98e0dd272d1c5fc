from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError, GanAugmentError, ParamsError
from gan_augment.data.config import ImageFolderSource, SplitConfig
from gan_augment.data.images import read_header
from gan_augment.data.raw import RawData, RawImages
from gan_augment.data.sources import image_folder
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
    raw = read(tmp_path)
    assert {entry.place: entry.reason.severity for entry in raw.left_out} == {
        "a/notes.csv": "warning",
        "readme.txt": "warning",
        "a/.DS_Store": "note",
        "a/Thumbs.db": "note",
        ".git": "note",
    }


def test_images_outside_of_class_folders_are_an_error_that_names_them(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 1})
    save(tmp_path / "loose.png", noise(0))
    (entry,) = read(tmp_path).left_out
    assert entry.reason.severity == "error"
    assert entry.place == "loose.png"


def test_the_users_split_by_folders(tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        write_folder(tmp_path / part, {"a": 1, "b": 2})
    rows = read(tmp_path, column="folder").rows
    assert set(rows["label"]) == {"a", "b"}
    assert rows["split"].value_counts().to_dict() == {"train": 3, "validation": 3, "test": 3}


def test_a_top_folder_that_is_no_part_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"a": 1})
    write_folder(tmp_path / "extra", {"a": 1})
    (entry,) = read(tmp_path, column="folder").left_out
    assert entry.place == "extra/a/000.png"
    assert entry.reason.severity == "error"
    assert "named like a part" in entry.reason.text


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


@pytest.mark.parametrize(
    "names", [("train", "test"), ("TRAIN", "Valid"), ("training_set", "test_set"), ("train", "car")]
)
def test_classes_that_are_named_like_parts_are_refused_with_both_readings(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    write_folder(tmp_path, dict.fromkeys((*names, "bus"), 2))
    with pytest.raises(DataError, match="named like the parts of a split") as told:
        read(tmp_path)
    for reading in (f"{names[0]}: 2 images", "prepare.split.column: folder", "prepare.source.part_names: classes"):
        assert reading in str(told.value)
    source = ImageFolderSource(path=".", part_names="classes")
    labels = image_folder.read(source, tmp_path, SplitConfig()).rows["label"]
    assert set(labels) == {*names, "bus"}


@pytest.mark.parametrize("class_from", ["parent", "path"])
def test_parts_below_the_classes_are_no_classes_either(tmp_path: Path, class_from: str) -> None:
    for label in ("cat", "dog"):
        write_folder(tmp_path / label, {"train": 2, "test": 1})
    with pytest.raises(DataError, match="named like the parts of a split"):
        read(tmp_path, class_from)
    (problem,) = read(tmp_path).problems
    assert "which is not used" in problem.what
    assert problem.places == ("test: 2 images", "train: 4 images")


def test_a_name_that_only_contains_a_part_is_a_class(tmp_path: Path) -> None:
    assert set(read(write_folder(tmp_path, {"test tube": 1, "beaker": 1, "trainer": 1})).rows["label"]) == {
        "test tube",
        "beaker",
        "trainer",
    }


def test_a_part_without_class_folders_has_no_labels_and_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"a": 2, "b": 2})
    write_folder(tmp_path, {"test": 3})
    raw = read(tmp_path, column="folder")
    assert set(raw.rows["split"]) == {"train"}
    assert [entry.place for entry in raw.left_out] == ["test/000.png", "test/001.png", "test/002.png"]
    assert {entry.reason.severity for entry in raw.left_out} == {"warning"}


def test_a_stray_image_in_a_part_with_class_folders_is_an_error(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write_folder(tmp_path / part, {"a": 2, "b": 2})
    save(tmp_path / "train/stray.png", noise(0))
    save(tmp_path / "stray.png", noise(1))
    raw = read(tmp_path, column="folder")
    assert len(raw.rows) == 8
    assert {entry.place: entry.reason.severity for entry in raw.left_out} == {
        "train/stray.png": "error",
        "stray.png": "error",
    }


def test_class_folders_without_an_image_are_named(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 2, "b": 2})
    for name in ("notes/readme.md", "c/.gitkeep"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    raw = read(tmp_path)
    assert [problem.places for problem in raw.problems] == [("c", "notes")]


def test_a_linked_class_folder_is_read(tmp_path: Path) -> None:
    write_folder(tmp_path / "data", {"cat": 2})
    write_folder(tmp_path / "store", {"birds": 3})
    (tmp_path / "data/bird").symlink_to("../store/birds")
    raw = read(tmp_path / "data")
    assert raw.rows["label"].value_counts().to_dict() == {"bird": 3, "cat": 2}
    assert "linked" in raw.problems[0].what
    assert isinstance(raw.content, RawImages)
    assert all(read_header(handle).width == 16 for handle in raw.content.handles)


def test_class_folders_of_different_depths_are_said(tmp_path: Path) -> None:
    write_folder(tmp_path / "data", {"cat": 2, "dog": 2})
    write_folder(tmp_path, {"screens": 2})
    (problem,) = read(tmp_path).problems
    assert problem.severity == "warning"
    assert problem.places == ("data: 1 folders between", "screens: 0 folders between")


def test_endings_in_capitals_are_images(tmp_path: Path) -> None:
    save(tmp_path / "a/1.JPG", noise(0))
    save(tmp_path / "a/2.Jpeg", noise(1))
    assert len(read(tmp_path).rows) == 2


ENTRIES = ("image", "capitals", "text", "hidden", "litter", "empty", "loose", "pipe", "broken link", "wrong ending")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(ENTRIES), st.sampled_from(("cat", "dog", "cat/2024"))), max_size=15))
def test_every_entry_is_a_sample_or_named_as_left_out(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, str]]
) -> None:
    top = tmp_path_factory.mktemp("plan")
    save(top / "cat/first.png", noise(0))
    for number, (kind, folder) in enumerate(plan):
        _make(top, kind, folder, str(number))
    raw = read(top)
    samples = 1 + sum(kind in ("image", "capitals") for kind, _ in plan)
    assert len(raw.rows) == samples
    assert raw.entries == 1 + len(plan) == samples + len(raw.left_out)
    assert len({entry.place for entry in raw.left_out} | set(raw.rows["source"])) == raw.entries


def _make(top: Path, kind: str, folder: str, name: str) -> None:
    names = {"image": ".png", "capitals": ".PNG", "text": ".txt", "wrong ending": ".heic"}
    if kind in names:
        return _touch(top / folder / (name + names[kind]))
    if kind in ("hidden", "litter"):
        return _touch(top / folder / f"{'.' if kind == 'hidden' else '._'}{name}.png")
    if kind == "loose":
        return _touch(top / f"{name}.png")
    (top / folder).mkdir(parents=True, exist_ok=True)
    path = top / folder / f"{name}.png"
    if kind == "broken link":
        return path.symlink_to("nowhere")
    return path.mkdir() if kind == "empty" else os.mkfifo(path)


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def test_missing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    source = ImageFolderSource(path="imags")
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="did you mean 'images'"):
        image_folder.read(source, tmp_path, SplitConfig())
    with pytest.raises(DataError, match="empty folder"):
        image_folder.read(ImageFolderSource(path="images"), tmp_path, SplitConfig())


def test_a_folder_without_class_folders_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "x.png", noise(0))
    with pytest.raises(DataError, match="any class folder"):
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
        read(tmp_path)
    assert str(tmp_path / "dog") in str(told.value)
    assert "Permission denied" in str(told.value)
