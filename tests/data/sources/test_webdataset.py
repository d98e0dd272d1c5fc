from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_augment.core.errors import DataError
from gan_augment.data.config import SplitConfig, WebDatasetSource
from gan_augment.data.images import Canonical, read_pixels
from gan_augment.data.sources import webdataset
from gan_augment.data.sources.api import RawData, RawImages
from tests.data.pictures import noise


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(noise(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def write(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def read(root: Path, **source: object) -> RawData:
    return webdataset.read(WebDatasetSource.model_validate({"path": ".", **source}), root, SplitConfig())


def test_images_and_classes_of_several_tars(tmp_path: Path) -> None:
    write(tmp_path / "a-0.tar", {"0.png": png(0), "0.cls": b"cat\n", "1.png": png(1), "1.cls": b"dog"})
    write(tmp_path / "a-1.tar", {"x/0.png": png(2), "x/0.cls": b"cat", "x/0.json": b"{}"})
    raw = read(tmp_path)
    assert isinstance(raw.content, RawImages)
    assert raw.rows["label"].tolist() == ["cat", "dog", "cat"]
    assert raw.rows["identity"].is_unique
    for seed, handle in enumerate(raw.content.handles):
        assert (read_pixels(handle, Canonical(16)) == noise(seed)).all()


def test_classes_in_json(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.json": json.dumps({"kind": 3}).encode()})
    assert read(tmp_path, label="json", label_key="kind").rows["label"].tolist() == ["3"]
    with pytest.raises(DataError, match="class of a sample cannot be read"):
        read(tmp_path, label="json")


def test_samples_without_class_and_damaged_tars_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0)})
    with pytest.raises(DataError, match="lack an image or a class"):
        read(tmp_path)
    (tmp_path / "a.tar").write_bytes(b"nonsense" * 200)
    with pytest.raises(DataError, match="tar cannot be read"):
        read(tmp_path)


def test_a_folder_without_tars_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(1))
    with pytest.raises(DataError, match="no tars"):
        read(tmp_path)
