"""A damaged export is told, with the file and the remedy, or has no effect: never other data, never a bare traceback.

Every file of an export x {flip, cut, empty, grow, delete, swap} x every way to read it.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from torch.utils.data import DataLoader

import gan_augment
from gan_augment.core.errors import GanAugmentError, MissingInputError
from gan_augment.sharding import examine
from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, TABLE, task_of

Read = Callable[[Path], Any]


def arrays_of(name: str) -> Read:
    return lambda root: [part.tobytes() for part in gan_augment.load(root, "numpy", format=name)[:3]]


def items_of(target: Any, name: str) -> Read:
    def read(root: Path) -> list[tuple[bytes, int]]:
        loaded = gan_augment.load(root, target, format=name)
        return [(x.numpy().tobytes(), y) for x, y in DataLoader(loaded, batch_size=None)]

    return read


def frames(root: Path) -> pd.DataFrame:
    return pd.concat(gan_augment.load(root, "frames", only="real"), ignore_index=True)


def mixed(root: Path) -> list[bytes]:
    mix = gan_augment.SyntheticMix([(np.zeros(1), 0)] * 40, root, share=1.0)
    return [mix[index][0].numpy().tobytes() for index in range(len(mix))]


IMAGES: dict[str, Read] = {
    **{f"numpy of {name}": arrays_of(name) for name in ("webdataset", "parquet", "folder")},
    **{f"torch of {name}": items_of("torch", name) for name in ("webdataset", "parquet", "folder")},
    "stream": items_of("stream", "webdataset"),
    "SyntheticMix": mixed,
}
TABLES: dict[str, Read] = {
    "pandas": gan_augment.load,
    "csv": lambda root: gan_augment.load(root, format="csv"),
    "frames": frames,
    "numpy": lambda root: pd.DataFrame(gan_augment.load(root, "numpy").x),
}
MODES = IMAGES | TABLES


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    roots = {}
    for modality, config in (("image", IMAGE), ("table", TABLE)):
        root = tmp_path_factory.mktemp(modality)
        export(task_of(write_project(root, modality=modality, real=(6, 4, 2)), config), root / "export")
        roots[modality] = root / "export"
    return roots


@pytest.fixture
def whole(exports: dict[str, Path], mode: str) -> Path:
    return exports["image" if mode in IMAGES else "table"]


def files_of(root: Path, pictures: int = 2) -> list[Path]:
    """Every file, but of the thousands of single pictures only the first ones."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    single = [path for path in files if "folder" in path.parts[len(root.parts) :]]
    return [path for path in files if path not in single[pictures:]]


def flip(content: bytes, at: float) -> bytes:
    place = min(int(at * len(content)), len(content) - 1)
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "flip the first byte": lambda content: flip(content, 0),
    "flip a third in": lambda content: flip(content, 1 / 3),
    "flip two thirds in": lambda content: flip(content, 2 / 3),
    "flip the last byte": lambda content: flip(content, 1),
    "cut": lambda content: content[: len(content) // 2],
    "cut one byte": lambda content: content[:-1],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "grow": lambda content: content + content[:100],
    "delete": lambda content: None,
}


@contextmanager
def damaged(path: Path, content: bytes | None) -> Iterator[None]:
    before = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def same(found: Any, wanted: Any) -> bool:
    return bool(found.equals(wanted)) if isinstance(wanted, pd.DataFrame) else found == wanted


def check_told(read: Read, root: Path, name: str, wanted: Any) -> bool:
    """Whether it was told. Fails where other data was read, or where the message misses the file or the remedy."""
    error = told_by(read, root, wanted)
    if error is None:
        return False
    assert name in str(error)
    assert error.remedy
    return True


def told_by(read: Read, root: Path, wanted: Any) -> GanAugmentError | None:
    """The error that reading raised; None where it read what it did before."""
    try:
        found = read(root)
    except GanAugmentError as error:
        return error
    assert same(found, wanted), "other data, without a word"
    return None


@pytest.mark.parametrize("mode", MODES)
def test_damage_is_told_or_has_no_effect(whole: Path, mode: str) -> None:
    read, told = MODES[mode], set[str]()
    wanted = read(whole)
    for path in files_of(whole):
        name, content = path.relative_to(whole).as_posix(), path.read_bytes()
        for damage in DAMAGE.values():
            with damaged(path, damage(content)):
                told |= {name} if check_told(read, whole, name, wanted) else set()
                assert not examine_is_silent(whole, name)
    assert told >= {"index.json", "dataset.json", "manifest.parquet", "SHA256SUMS"}
    assert same(read(whole), wanted)


def examine_is_silent(root: Path, name: str) -> bool:
    """Whether `gan-augment verify` finds nothing, or something else."""
    try:
        return name not in " ".join(examine(root).problems) and name != "SHA256SUMS"
    except GanAugmentError as error:
        return name not in str(error)


@pytest.mark.parametrize("mode", MODES)
def test_files_that_changed_places_are_told(whole: Path, mode: str) -> None:
    wanted, files = MODES[mode](whole), files_of(whole)
    for one, other in itertools.pairwise(files):
        first, second = one.read_bytes(), other.read_bytes()
        with damaged(one, second), damaged(other, first):
            error = told_by(MODES[mode], whole, wanted)
            names = [path.relative_to(whole).as_posix() for path in (one, other)]
            assert error is None or any(name in str(error) for name in names)


@pytest.mark.parametrize("mode", MODES)
def test_half_a_copy_is_told_before_the_first_row(whole: Path, mode: str, tmp_path: Path) -> None:
    files = sorted(path for path in whole.rglob("*") if path.is_file())
    for share in (0, 1 / 4, 1 / 2, 3 / 4):
        part = tmp_path / str(share)
        part.mkdir()
        for path in [*files[: int(share * len(files))], whole / "index.json"]:
            (part / path.relative_to(whole)).parent.mkdir(parents=True, exist_ok=True)
            (part / path.relative_to(whole)).write_bytes(path.read_bytes())
        with pytest.raises(MissingInputError):
            gan_augment.load(part)


@pytest.mark.parametrize("mode", ["torch of webdataset", "numpy of folder", "csv", "pandas"])
@pytest.mark.parametrize("kind", ["folder", "link to itself", "link out", "pipe"])
def test_what_is_no_plain_file_of_the_export_is_told(whole: Path, mode: str, kind: str, tmp_path: Path) -> None:
    wanted = MODES[mode](whole)
    for path in files_of(whole, pictures=1):
        content = path.read_bytes()
        (tmp_path / "outside").write_bytes(content)
        path.unlink()
        try:
            if kind == "folder":
                path.mkdir()
            elif kind == "pipe":
                os.mkfifo(path)
            else:
                path.symlink_to(path if kind == "link to itself" else tmp_path / "outside")
            check_told(MODES[mode], whole, path.relative_to(whole).name, wanted)
        finally:
            path.rmdir() if kind == "folder" else path.unlink()
            path.write_bytes(content)


def check_flip(read: Read, root: Path, path: Path, content: bytes, place: int, bit: int, wanted: Any) -> None:
    with damaged(path, content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]):
        check_told(read, root, path.relative_to(root).as_posix(), wanted)


@pytest.mark.nightly
@pytest.mark.parametrize("mode", MODES)
def test_two_thousand_flipped_bits(whole: Path, mode: str) -> None:
    wanted, chosen = MODES[mode](whole), random.Random(0)
    files = {path: path.read_bytes() for path in files_of(whole, pictures=5)}
    for _ in range(2_000):
        path = chosen.choice(list(files))
        check_flip(
            MODES[mode], whole, path, files[path], chosen.randrange(len(files[path])), chosen.randrange(8), wanted
        )


@pytest.mark.nightly
@pytest.mark.parametrize("mode", ["stream", "pandas"])
@pytest.mark.parametrize("name", ["index.json", "dataset.json", "SHA256SUMS", "table/schema.json"])
def test_every_byte_of_the_small_files(whole: Path, mode: str, name: str) -> None:
    path, wanted, chosen = whole / name, MODES[mode](whole), random.Random(0)
    content = path.read_bytes() if path.exists() else b""  # images have no schema
    for place in range(len(content)):
        check_flip(MODES[mode], whole, path, content, place, chosen.randrange(8), wanted)
