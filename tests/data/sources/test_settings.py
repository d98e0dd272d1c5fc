"""Sources x settings: each is kept, or refused with its name. None is read over in silence."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import GanAugmentError
from gan_augment.core.png import encode_png
from gan_augment.data.config import PrepareConfig, SplitConfig
from gan_augment.data.duplicates import find_duplicates
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.parts import PARTS
from gan_augment.data.problems import raise_errors
from gan_augment.data.split import Split, split_rows
from gan_augment.setup.inspect import inspect_path
from tests.data.pictures import noise, save

ROWS = 48
Settings = dict[str, Any]


def label(number: int) -> str:
    return "ab"[number % 2]


def part(number: int) -> str:
    return ("train", "train", "val", "test")[number // 2 % 4]


def name(number: int) -> str:
    return f"patient{number // 8}_{number}"


def image_folder(root: Path) -> Settings:
    for number in range(ROWS):
        save(root / "data" / label(number) / f"{name(number)}.png", noise(number))
    return {"kind": "image_folder", "path": "data"}


def folder_with_parts(root: Path) -> Settings:
    for number in range(ROWS):
        save(root / "data" / part(number) / label(number) / f"{name(number)}.png", noise(number))
    return {"kind": "image_folder", "path": "data"}


def image_manifest(root: Path) -> Settings:
    rows = [(f"{n}.png", label(n), name(n).partition("_")[0], part(n)) for n in range(ROWS)]
    for number, row in enumerate(rows):
        save(root / row[0], noise(number))
    pd.DataFrame(rows, columns=["file", "kind", "patient", "part"]).to_csv(root / "data.csv", index=False)
    return {"kind": "image_manifest", "path": "data.csv", "target": "kind", "image": "file"}


def table(root: Path) -> Settings:
    random = np.random.default_rng(0)
    rows = [(random.normal(), random.normal(), label(n), name(n).partition("_")[0], part(n)) for n in range(ROWS)]
    pd.DataFrame(rows, columns=["x", "y", "kind", "patient", "part"]).to_csv(root / "data.csv", index=False)
    return {"kind": "table", "path": "data.csv", "target": "kind"}


def npz(root: Path) -> Settings:
    arrays = {}
    for prefix in ("train", "val", "test"):
        numbers = [number for number in range(ROWS) if part(number) == prefix]
        arrays[f"{prefix}_images"] = np.stack([noise(number) for number in numbers])
        arrays[f"{prefix}_labels"] = np.array([number % 2 for number in numbers])
    np.savez(root / "data.npz", **arrays)  # type: ignore[arg-type]
    return {"kind": "npz", "path": "data.npz"}


def webdataset(root: Path) -> Settings:
    (root / "data").mkdir()
    for prefix in ("train", "val", "test"):
        with tarfile.open(root / f"data/{prefix}-0.tar", "w") as tar:
            for number in (number for number in range(ROWS) if part(number) == prefix):
                for ending, content in (("png", encode_png(noise(number))), ("cls", label(number).encode())):
                    info = tarfile.TarInfo(f"{name(number)}.{ending}")
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
    return {"kind": "webdataset", "path": "data"}


def demo(root: Path) -> Settings:
    return {"kind": "demo", "name": "digits"}


SOURCES: dict[str, Callable[[Path], Settings]] = {
    "image_folder": image_folder,
    "image_manifest": image_manifest,
    "table": table,
    "npz": npz,
    "webdataset": webdataset,
    "demo": demo,
}
OWN_SPLIT = {"npz", "demo"}  # always there


def load(root: Path, source: Settings, **settings: Any) -> LoadedData:
    return load_data(PrepareConfig.model_validate({"source": source, **settings}), root)


def load_or_words(root: Path, source: Settings, **settings: Any) -> LoadedData | str:
    """What is loaded, or what is said where it is refused."""
    try:
        data = load(root, source, **settings)
        raise_errors(data.problems)
    except GanAugmentError as error:
        return str(error)
    return data


def divide(data: LoadedData, split: SplitConfig) -> Split:
    return split_rows(data.rows, find_duplicates(data.payload, data.rows["label"], near=False), split, seed=0)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("group", ["patient", "(patient[0-9]+)_", "folder", "tar", "nonsense", "("])
def test_groups_are_kept_or_refused(tmp_path: Path, kind: str, group: str) -> None:
    source = SOURCES[kind](tmp_path)
    data = load_or_words(tmp_path, source, split={"group": group})
    assert "prepare.split.group" in data if isinstance(data, str) else set(data.rows["group"]) - {""}


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("image_folder", "(patient[0-9]+)_"),
        ("image_manifest", "patient"),
        ("table", "patient"),
        ("webdataset", "(patient[0-9]+)_"),
    ],
)
def test_a_patient_is_in_one_part_only(tmp_path: Path, kind: str, group: str) -> None:
    data = load(tmp_path, SOURCES[kind](tmp_path), split={"group": group})
    split = divide(data, SplitConfig(group=group))
    assert data.rows["group"].nunique() == ROWS // 8
    assert (pd.Series(split.parts).groupby(data.rows["group"].to_numpy()).nunique() == 1).all()


@pytest.mark.parametrize("kind", [*SOURCES, "folder_with_parts"])
@pytest.mark.parametrize("column", ["part", "folder", "tar", "nonsense"])
def test_the_users_split_is_kept_or_refused(tmp_path: Path, kind: str, column: str) -> None:
    source = (SOURCES | {"folder_with_parts": folder_with_parts})[kind](tmp_path)
    data = load_or_words(tmp_path, source, split={"column": column})
    if isinstance(data, str):
        assert "prepare.split.column" in data
        return
    assert set(data.rows["split"]) == set(PARTS)
    assert (divide(data, SplitConfig(column=column)).parts == data.rows["split"]).all()


@pytest.mark.parametrize("kind", SOURCES)
def test_shares_are_kept_or_said_to_have_no_effect(tmp_path: Path, kind: str) -> None:
    split = {"validation": 0.3, "test": 0.1}
    data = load(tmp_path, SOURCES[kind](tmp_path), split=split)
    said = [problem.what for problem in data.problems if "has no effect" in problem.what]
    if kind in OWN_SPLIT:
        assert [what.split(":")[0] for what in said] == ["prepare.split.validation", "prepare.split.test"]
        return
    assert not said
    parts = pd.Series(divide(data, SplitConfig.model_validate(split)).parts).value_counts().to_dict()
    assert parts == {"train": 30, "validation": 14, "test": 4}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_class_is_left_out_and_accounted_for(tmp_path: Path, kind: str) -> None:
    source = SOURCES[kind](tmp_path)
    whole = load(tmp_path, source)
    gone = str(whole.rows["label"].iloc[0])
    data = load(tmp_path, source, exclude=[gone])
    assert gone not in set(data.rows["label"])
    assert len(data.rows) + len(data.left_out) == len(whole.rows) + len(whole.left_out)
    with pytest.raises(GanAugmentError, match=r"prepare\.exclude"):
        load(tmp_path, source, exclude=["nonsense"])


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    ("key", "value"),
    [("image_size", 8), ("resize", "pad"), ("background", 0), ("black", -5), ("white", 4095), ("corrupt", "skip")],
)
def test_settings_of_images_are_refused_for_tables(tmp_path: Path, kind: str, key: str, value: Any) -> None:
    source = SOURCES[kind](tmp_path)
    if kind != "table":
        return assert_is_images(load(tmp_path, source, **{key: value}), key)
    with pytest.raises(GanAugmentError, match=f"prepare.{key}"):
        load(tmp_path, source, **{key: value})
    return None


def assert_is_images(data: LoadedData, key: str) -> None:
    assert data.image is not None
    assert data.image.height == 8 or key != "image_size"


@pytest.mark.parametrize(("make", "column"), [(folder_with_parts, "folder"), (webdataset, "tar")])
def test_init_finds_the_users_split_by_names(tmp_path: Path, make: Callable[[Path], Settings], column: str) -> None:
    make(tmp_path)
    findings = inspect_path(tmp_path / "data")
    assert findings.config.split.column == column
    assert findings.parts == {"train": 24, "validation": 12, "test": 12}
