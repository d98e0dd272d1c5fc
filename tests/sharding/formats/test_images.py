"""The image formats as other programs read them: WebDataset, Hugging Face datasets, torchvision's folder layout."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from gan_augment.core.samples import read_samples
from gan_augment.sharding.export import export
from tests.finished_project import NASTY_LABELS, write_project
from tests.sharding.test_export import IMAGE, task_of


@pytest.fixture(scope="module", params=[1, 3], ids=["grey", "rgb"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("images")
    export(task_of(write_project(root, channels=request.param), IMAGE), root / "export")
    return root / "export"


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Any]:
    """id -> pixels, height x width (x 3)."""
    found: dict[str, Any] = {}
    for part in [*(folder.parent / "data/prepared/train").iterdir(), folder.parent / "data/mixed/synthetic"]:
        samples = read_samples(part)
        found |= dict(zip(samples.manifest["id"], np.asarray(samples.payload).squeeze(), strict=True))
    return found


def test_webdataset_reads_the_tars(folder: Path, truth: dict[str, Any]) -> None:
    webdataset = pytest.importorskip("webdataset")
    shards = sorted(str(path) for path in (folder / "webdataset").glob("*.tar"))
    rows = list(webdataset.WebDataset(shards, shardshuffle=False).to_tuple("png", "cls", "json"))
    manifest = pd.read_parquet(folder / "manifest.parquet")
    facts = [json.loads(row[2]) for row in rows]
    assert [fact["id"] for fact in facts] == list(manifest["id"])
    for (png, label, _), fact in zip(rows, facts, strict=True):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), truth[fact["id"]])
        assert NASTY_LABELS[int(label)] == fact["label"]


def test_the_parquet_shards_are_hugging_face_images(folder: Path, truth: dict[str, Any], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset("parquet", data_dir=str(folder / "parquet"), split="train", cache_dir=str(tmp_path))
    assert loaded.features["label"].names == list(NASTY_LABELS)
    assert len(loaded) == 72
    for row in loaded:
        assert np.array_equal(np.asarray(row["image"]), truth[row["id"]])
        assert row["synthetic"] == (row["origin"] == "synthetic")


def test_the_hub_s_own_rules_find_the_shards_from_the_card(folder: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path))
    assert len(loaded) == 72
    assert loaded[0]["image"].size == (12, 12)


def test_hugging_face_s_webdataset_builder_gives_pictures(folder: Path, truth: dict[str, Any], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    stream = datasets.load_dataset(
        "webdataset", data_dir=str(folder / "webdataset"), split="train", cache_dir=str(tmp_path), streaming=True
    )
    rows = list(stream)
    assert len(rows) == 72
    for row in rows:
        assert np.array_equal(np.asarray(row["png"]), truth[row["json"]["id"]])
        assert row["cls"] == NASTY_LABELS.index(row["json"]["label"])


def test_the_folder_is_one_folder_a_class(folder: Path, truth: dict[str, Any]) -> None:
    manifest = pd.read_parquet(folder / "manifest.parquet")
    assert sorted(path.name for path in (folder / "folder").iterdir()) == ["a-b", "cat", "script"]
    for row in manifest.itertuples():
        path = folder / str(row.folder_shard)
        assert path.parent.name == row.key
        assert np.array_equal(np.asarray(Image.open(path)), truth[str(row.id)])
    assert len(list((folder / "folder").rglob("*.png"))) == len(manifest)


def test_random_access_decodes_small_groups(folder: Path) -> None:
    metadata = pq.read_metadata(next((folder / "parquet").iterdir()))
    assert max(metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)) <= 256
