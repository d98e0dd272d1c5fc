from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import NpzSource, SplitConfig
from gan_augment.data.sources import npz
from gan_augment.data.sources.api import RawData, RawImages
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


def test_no_pickle_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", train_images=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "x.npz")
    (tmp_path / "y.npz").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "y.npz")
