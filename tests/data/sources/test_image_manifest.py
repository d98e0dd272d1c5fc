from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import ImageManifestSource, SplitConfig
from gan_augment.data.images import read_header
from gan_augment.data.raw import RawData, RawImages
from gan_augment.data.sources import image_manifest
from tests.data.pictures import noise, save


def read(tmp_path: Path, frame: pd.DataFrame, suffix: str = "csv", **split: object) -> RawData:
    if suffix == "csv":
        frame.to_csv(tmp_path / "list.csv", index=False)
    else:
        frame.to_parquet(tmp_path / "list.parquet")
    source = ImageManifestSource(path=f"list.{suffix}", target="kind", image="file")
    return image_manifest.read(source, tmp_path, SplitConfig.model_validate(split))


def listed(tmp_path: Path) -> pd.DataFrame:
    names = [f"pictures/{n}.png" for n in range(4)]
    for number, name in enumerate(names):
        save(tmp_path / name, noise(number, (8 + number, 8)))
    return pd.DataFrame({"file": names, "kind": list("abab"), "who": list("xxyy")})


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_images_labels_and_groups(tmp_path: Path, suffix: str) -> None:
    raw = read(tmp_path, listed(tmp_path), suffix, group="who")
    assert isinstance(raw.content, RawImages)
    assert [read_header(handle).width for handle in raw.content.handles] == [8, 9, 10, 11]
    assert raw.rows["label"].tolist() == list("abab")
    assert raw.rows["group"].tolist() == list("xxyy")
    assert "pictures/0.png" in raw.rows["source"][0]


def test_absent_images_are_named_with_their_lines(tmp_path: Path) -> None:
    frame = listed(tmp_path)
    (tmp_path / "pictures/2.png").unlink()
    with pytest.raises(DataError, match="1 of 4 images do not exist") as error:
        read(tmp_path, frame)
    assert "line 4: pictures/2.png" in str(error.value)


def test_a_missing_column_of_paths_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="image paths"):
        read(tmp_path, listed(tmp_path).rename(columns={"file": "picture"}))


def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    frame = listed(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    frame["file"] = ["pipe.png", "/dev/zero", "pictures", "x" * 300 + ".png"]
    with pytest.raises(DataError, match="4 of 4 images do not exist") as told:
        read(tmp_path, frame)
    for reason in ("(a named pipe)", "(a device)", "(a folder)", "name too long"):
        assert reason in str(told.value)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_empty_cells_are_no_paths(tmp_path: Path, suffix: str) -> None:
    frame = listed(tmp_path)
    frame.loc[1, "file"] = None
    with pytest.raises(DataError, match="1 of 4 images do not exist") as told:
        read(tmp_path, frame, suffix)
    assert "(empty)" in str(told.value)


def test_absolute_paths_and_images_that_are_named_twice_are_told(tmp_path: Path) -> None:
    frame = listed(tmp_path)
    frame["file"] = ["pictures/0.png", "pictures/../pictures/0.png", str(tmp_path / "pictures/1.png"), "pictures/2.png"]
    raw = read(tmp_path, frame)
    assert len(raw.rows) == raw.entries == 4
    twice, absolute = raw.problems
    assert "line 2, line 3" in twice.places[0]
    assert absolute.places == ("line 4",)


def test_backslashes_between_folders_are_told(tmp_path: Path) -> None:
    frame = listed(tmp_path)
    frame["file"] = frame["file"].str.replace("/", "\\")
    with pytest.raises(DataError, match="with / between folders"):
        read(tmp_path, frame)
