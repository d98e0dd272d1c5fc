from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.errors import DataError, GanAugmentError, ParamsError
from gan_augment.data.config import (
    ImageFolderSource,
    ImageManifestSource,
    NpzSource,
    PrepareConfig,
    TableSource,
    WebDatasetSource,
)
from gan_augment.setup.guess import guess_config
from tests.data.pictures import noise, save, write_folder


def guess(path: Path, target: str | None = None, image_column: str | None = None) -> PrepareConfig:
    return guess_config(path, target=target, image_column=image_column)


def test_a_folder_of_class_folders(tmp_path: Path) -> None:
    config = guess(write_folder(tmp_path, {"a": 1, "b": 1}))
    assert config.source == ImageFolderSource(path=str(tmp_path))
    assert config.split.column is None


def test_one_folder_around_all_classes_is_gone_into(tmp_path: Path) -> None:
    write_folder(tmp_path / "set/images", {"a": 1, "b": 1})
    assert guess(tmp_path).source == ImageFolderSource(path=str(tmp_path / "set/images"))


def test_train_and_test_folders_are_the_users_split(tmp_path: Path) -> None:
    for part in ("train", "Test"):
        write_folder(tmp_path / part, {"a": 1, "b": 1})
    assert guess(tmp_path).split.column == "folder"


def test_parts_without_any_class_folder_are_no_split_and_their_reader_refuses_them(tmp_path: Path) -> None:
    assert guess(write_folder(tmp_path, {"train": 1, "test": 1})).split.column is None


@pytest.mark.parametrize("stray", ["stray.png", "train/stray.png", "extra/a/1.png", "test/1.png"])
def test_a_stray_image_does_not_make_classes_of_the_parts(tmp_path: Path, stray: str) -> None:
    for part in ("train", "val", "test"):
        write_folder(tmp_path / part, {"a": 2, "b": 2})
    save(tmp_path / stray, noise(0))
    assert guess(tmp_path).split.column == "folder"


@pytest.mark.parametrize("names", [("TRAIN", "VALID"), ("training_set", "test_set"), ("seg_train", "seg_test")])
def test_other_spellings_of_the_parts(tmp_path: Path, names: tuple[str, str]) -> None:
    for part in names:
        write_folder(tmp_path / part, {"a": 2, "b": 2})
    assert guess(tmp_path).split.column == "folder"


def test_an_unlabelled_test_folder_beside_a_train_folder_with_classes(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"a": 2, "b": 2})
    write_folder(tmp_path, {"test": 6})
    assert guess(tmp_path).split.column == "folder"


def test_a_class_named_train_with_folders_in_it_is_no_split(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"steam": 2, "diesel": 2})
    write_folder(tmp_path, {"bus": 2})
    assert guess(tmp_path).split.column is None


@pytest.mark.parametrize(
    ("names", "column"),
    [
        (("train-0", "val-0", "test-0"), "tar"),
        (("train/0", "test/0"), "tar"),
        (("train-0", "train-1", "test-0", "more"), "tar"),
        (("train-0", "train-1"), None),
        (("a", "b"), None),
        (("train-0", "test-0", "a", "b", "c"), None),
    ],
)
def test_tars_that_are_named_like_parts_are_the_users_split(
    tmp_path: Path, names: tuple[str, ...], column: str | None
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.tar").touch()
    assert guess(tmp_path).split.column == column


def test_other_kinds_of_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", train_images=np.zeros(1))
    (tmp_path / "tars").mkdir()
    (tmp_path / "tars/0.tar").write_bytes(b"")
    assert guess(tmp_path / "x.npz").source == NpzSource(path=str(tmp_path / "x.npz"))
    assert guess(tmp_path / "tars").source == WebDatasetSource(path=str(tmp_path / "tars"))
    assert guess(tmp_path / "tars/0.tar").source == WebDatasetSource(path=str(tmp_path / "tars/0.tar"))


def test_a_table_and_an_image_manifest(tmp_path: Path) -> None:
    save(tmp_path / "1.png", noise(0))
    (tmp_path / "t.csv").write_text("file,kind\n1.png,a\n1.png,b\n")
    (tmp_path / "u.csv").write_text("size,kind\n1,a\n2,b\n")
    assert guess(tmp_path / "u.csv", "kind").source == TableSource(path=str(tmp_path / "u.csv"), target="kind")
    expected = ImageManifestSource(path=str(tmp_path / "t.csv"), target="kind", image="file")
    assert guess(tmp_path / "t.csv", "kind").source == expected
    assert guess(tmp_path / "t.csv", "kind", "file").source == expected


@pytest.mark.parametrize("cell", ["", "notes.txt", "7"])
def test_a_cell_that_is_no_image_does_not_make_a_table_of_a_list(tmp_path: Path, cell: str) -> None:
    (tmp_path / "t.csv").write_text(f"file,kind\n1.png,a\n{cell},b\n2.png,b\n")
    assert isinstance(guess(tmp_path / "t.csv", "kind").source, ImageManifestSource)


def test_a_column_with_a_few_file_names_or_with_web_addresses_is_a_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("note,url,kind\na.png,http://x/1.png,a\nb,http://x/2.png,b\nc,http://x/3.png,b\n")
    assert isinstance(guess(tmp_path / "t.csv", "kind").source, TableSource)


def test_two_columns_of_images_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,mask,kind\n1.png,1m.png,a\n2.png,2m.png,b\n")
    with pytest.raises(DataError, match="'file', 'mask'"):
        guess(tmp_path / "t.csv", "kind")
    assert isinstance(guess(tmp_path / "t.csv", "kind", "mask").source, ImageManifestSource)


def test_what_is_no_file_and_names_that_params_cannot_hold_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="a named pipe"):
        guess(tmp_path / "pipe.csv", "kind")
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    write_folder(folder, {"a": 1, "b": 1})
    with pytest.raises(DataError, match="not UTF-8"):
        guess(folder)


def test_signs_for_missing_values_are_found(tmp_path: Path) -> None:
    cells = "".join(f"{n},{'?' if n == 3 else n},{'?' if n % 2 else 'x'},a\n" for n in range(20))
    (tmp_path / "t.csv").write_text("n,m,word,kind\n" + cells)
    source = guess(tmp_path / "t.csv", "kind").source
    assert isinstance(source, TableSource)
    assert source.missing == ("?",)


def test_without_a_target_the_likely_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("size,species\n1.5,a\n2.5,b\n")
    with pytest.raises(DataError, match="Which column is the class") as error:
        guess(tmp_path / "t.csv")
    assert "--target species" in str(error.value)


@pytest.mark.parametrize(
    ("name", "target", "error", "said"),
    [
        ("nowhere", None, DataError, "not there"),
        ("a.png", None, DataError, "an image"),
        ("a.docx", None, DataError, "cannot be read as a data set"),
        ("folder", "kind", ParamsError, "only be named for a table"),
        ("t.csv", "kinds", DataError, "did you mean 'kind'"),
    ],
)
def test_what_cannot_be_guessed(
    tmp_path: Path, name: str, target: str | None, error: type[GanAugmentError], said: str
) -> None:
    save(tmp_path / "a.png", noise(0))
    (tmp_path / "a.docx").write_text("x")
    write_folder(tmp_path / "folder", {"a": 1})
    (tmp_path / "t.csv").write_text("size,kind\n1,a\n2,b\n")
    with pytest.raises(error, match=said):
        guess(tmp_path / name, target)


def test_a_picture_beside_tars_does_not_make_a_folder_of_images(tmp_path: Path) -> None:
    (tmp_path / "0.tar").touch()
    save(tmp_path / "preview.png", noise(0))
    assert guess(tmp_path).source == WebDatasetSource(path=str(tmp_path))
    write_folder(tmp_path, {"a": 2, "b": 2})
    assert guess(tmp_path).source == ImageFolderSource(path=str(tmp_path))
