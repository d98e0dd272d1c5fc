from __future__ import annotations

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
from gan_augment.project.guess import guess_config
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


def test_classes_that_are_named_train_and_test_are_classes(tmp_path: Path) -> None:
    assert guess(write_folder(tmp_path, {"train": 1, "test": 1})).split.column is None


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
