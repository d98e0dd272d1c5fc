from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.config import CompanionSource, NpzSource, PoolNpz, SplitConfig
from gan_augment.data.raw import RawData, RawImages
from gan_augment.data.sources import npz
from tests.data.pictures import noise


def write(path: Path, shape: tuple[int, ...] = (28, 28), **changed: Any) -> Path:
    arrays: dict[str, object] = {}
    for number, (part, count) in enumerate((("train", 6), ("val", 2), ("test", 4))):
        pixels = np.random.default_rng(number).integers(0, 256, size=(count, *shape), dtype=np.uint8)
        arrays |= {f"{part}_images": pixels, f"{part}_labels": np.arange(count)[:, None] % 2}
    np.savez(path, **{name: value for name, value in (arrays | changed).items() if value is not None})  # type: ignore[arg-type]
    return path


def read(path: Path) -> RawData:
    return npz.read(NpzSource(path=path.name), path.parent, SplitConfig())


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 3)])
def test_images_labels_and_the_files_own_split(tmp_path: Path, shape: tuple[int, ...]) -> None:
    raw = read(write(tmp_path / "medmnist.npz", shape))
    assert isinstance(raw.content, RawImages)
    assert raw.rows["split"].value_counts().to_dict() == {"train": 6, "test": 4, "validation": 2}
    assert set(raw.rows["label"]) == {"0", "1"}
    assert raw.rows["identity"].is_unique
    assert len(raw.content.handles) == 12


@pytest.mark.parametrize(
    "changed",
    [
        {"train_labels": None},
        {"train_labels": np.zeros(5, dtype=int)},
        {"train_images": noise(0).astype(float)},
        {"train_images": np.zeros((6, 8, 8, 2), dtype=np.uint8)},
    ],
)
def test_other_layouts_are_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="MedMNIST layout"):
        read(write(tmp_path / "x.npz", **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"train_labels": np.zeros((6, 1), dtype=float)},
        {"train_labels": np.array([""] * 6)},
        {"train_images": np.zeros((6, 0, 8), dtype=np.uint8)},
        {"train_images": np.zeros(6, dtype=np.uint8)},
        {"train_images": np.array(3, dtype=np.uint8)},
        {"train_images": None},
        {"train_images": np.zeros((6, 8, 8), dtype=np.int8)},
        {"other_images": np.zeros((6, 8, 8), dtype=np.uint8), "other_labels": np.zeros(6, dtype=int)},
    ],
)
def test_arrays_that_are_missing_or_of_other_shapes_and_types(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="MedMNIST layout"):
        read(write(tmp_path / "x.npz", **changed))


def test_arrays_that_are_not_read_are_named_and_the_counts_add_up(tmp_path: Path) -> None:
    raw = read(write(tmp_path / "x.npz", patients=np.arange(12)))
    assert [entry.place for entry in raw.left_out] == ["x.npz: patients"]
    assert raw.entries == len(raw.rows) + 1 == 13


@pytest.mark.parametrize("split", [{"group": "patient"}, {"column": "part"}])
def test_settings_that_the_file_cannot_keep_are_refused(tmp_path: Path, split: dict[str, str]) -> None:
    path = write(tmp_path / "x.npz")
    with pytest.raises(ParamsError, match=next(iter(split))):
        npz.read(NpzSource(path=path.name), tmp_path, SplitConfig.model_validate(split))


def test_a_single_array_under_the_ending_npz_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 8, 8), dtype=np.uint8))
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"a single array \(\.npy\)"):
        read(tmp_path / "a.npz")


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_damage_is_told_or_has_no_effect(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("npz")
    whole = write(folder / "x.npz", (4, 4)).read_bytes()
    before = read(folder / "x.npz")
    cut = data.draw(st.booleans())
    place = data.draw(st.integers(1, len(whole) - 1))
    damaged = whole[:place] if cut else whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]
    (folder / "x.npz").write_bytes(damaged)
    try:
        after = read(folder / "x.npz")
    except DataError:
        return
    assert after.rows["identity"].tolist() == before.rows["identity"].tolist()
    assert after.rows["split"].tolist() == before.rows["split"].tolist()


def test_no_pickle_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", train_images=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "x.npz")
    (tmp_path / "y.npz").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "y.npz")


def test_companions_of_a_pool_are_refused_and_not_dropped(tmp_path: Path) -> None:
    np.savez(tmp_path / "pool.npz", images=np.zeros((3, 8, 8), dtype=np.uint8))
    pool, beside = PoolNpz(kind="npz", path="pool.npz"), CompanionSource(array="masks")
    assert len(npz.read(pool, tmp_path, SplitConfig()).rows) == 3
    with pytest.raises(ParamsError, match="no companions"):
        npz.read(pool, tmp_path, SplitConfig(), {"mask": beside})
