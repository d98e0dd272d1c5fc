"""gan_augment.load: every format and target gives the exported rows, and the filters choose the right ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import albumentations
import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

import gan_augment
from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.samples import read_samples
from gan_augment.sharding.export import export
from gan_augment.sharding.index import write_checksums
from tests.finished_project import NASTY_LABELS, write_project
from tests.sharding.test_export import IMAGE, TABLE, task_of

# What docs/consume.md says a reader does not have to install.
HEAVY = ("torch", "albumentations", "cv2", "sklearn", "scipy", "dvc", "prefect", "yaml", "typer", "rich", "jinja2")
FORMATS = ("webdataset", "parquet", "folder")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("images")
    project = write_project(root, channels=3)
    export(task_of(project, IMAGE), root / "export")
    return root / "export"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("table")
    project = write_project(root, modality="table")
    export(task_of(project, TABLE), root / "export")
    return root / "export"


def pixels_by_id(root: Path) -> dict[str, Any]:
    folders = [*(root / "data/prepared/train").iterdir(), root / "data/mixed/synthetic"]
    found = {}
    for samples in map(read_samples, folders):
        found |= dict(zip(samples.manifest["id"], np.asarray(samples.payload), strict=True))
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_pixels_that_went_in(images: Path, name: str) -> None:
    manifest = pd.read_parquet(images / "manifest.parquet")
    expected = pixels_by_id(images.parent)
    arrays = gan_augment.load(images, "numpy", format=name)
    assert arrays.x.shape == (72, 12, 12, 3)
    for identifier, pixels in zip(manifest["id"], arrays.x, strict=True):
        assert np.array_equal(pixels, expected[identifier])
    assert [arrays.labels[y] for y in arrays.y] == list(manifest["label"])
    assert list(arrays.synthetic) == list(manifest["origin"] == "synthetic")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("workers", [0, 2])
def test_torch_gives_tensors_from_any_worker(images: Path, name: str, workers: int) -> None:
    arrays = gan_augment.load(images, "numpy")
    dataset = gan_augment.load(images, format=name)
    batches = list(DataLoader(dataset, batch_size=10, num_workers=workers))
    x, y = (torch.cat(part) for part in zip(*batches, strict=True))
    assert x.dtype == torch.float32
    assert np.array_equal((x * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy(), arrays.x)
    assert np.array_equal(y.numpy(), arrays.y)


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_a_stream_gives_every_row_once_however_many_workers(images: Path, workers: int) -> None:
    stream = gan_augment.load(images, "stream", transform=lambda pixels: pixels.tobytes())
    seen = [item for batch in DataLoader(stream, batch_size=None, num_workers=workers) for item in [batch[0]]]
    expected = sorted(pixels.tobytes() for pixels in gan_augment.load(images, "numpy").x)
    assert sorted(seen) == expected


def test_a_stream_over_ranks_is_disjoint_and_complete(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        parts.append([x for x, _ in gan_augment.load(images, "stream", transform=lambda pixels: pixels.tobytes())])
    assert all(parts)
    assert sorted(parts[0] + parts[1]) == sorted(p.tobytes() for p in gan_augment.load(images, "numpy").x)


def test_a_data_set_says_what_it_holds(images: Path) -> None:
    shown = gan_augment.load(images, "torch")
    assert 0 < shown.synthetic.sum() < len(shown)
    words = f"{len(shown)} samples ({int(shown.synthetic.sum())} synthetic) of {len(shown.labels)} classes"
    assert words in repr(shown)


def test_a_stream_s_order_follows_epoch_and_seed(images: Path) -> None:
    stream = gan_augment.load(images, "stream")
    first = [y for _, y in stream]
    assert [y for _, y in stream] == first
    stream.set_epoch(1)
    assert [y for _, y in stream] != first


@pytest.mark.parametrize("to", ["numpy", "torch", "stream"])
def test_filters_mean_the_same_everywhere(images: Path, to: Any) -> None:
    def count(**options: Any) -> int:
        loaded = gan_augment.load(images, to, **options)
        return len(loaded.y) if to == "numpy" else sum(1 for _ in DataLoader(loaded, batch_size=None))

    assert count(only="real") == 24
    assert count(only="synthetic") == 48
    assert count(classes=[NASTY_LABELS[0]]) == 24
    assert count(classes=["cat", NASTY_LABELS[0]], only="real") == 12 + 8
    assert count(ratio=0) == 24
    assert count(ratio=1) == 36
    assert count(only="real", real_fraction=0.5) == 6 + 4 + 2


def test_ratio_keeps_the_preferred_rows(images: Path) -> None:
    manifest = pd.read_parquet(images / "manifest.parquet")
    kept = gan_augment.load(images, "numpy", ratio=1, only="synthetic")
    wanted = manifest[
        (manifest["origin"] == "synthetic")
        & (manifest["rank"] < manifest["key"].map({"script": 0, "cat": 4, "a-b": 8}))
    ]
    assert sorted(p.tobytes() for p in kept.x) == sorted(pixels_by_id(images.parent)[i].tobytes() for i in wanted["id"])


def test_a_smaller_share_of_real_rows_is_part_of_a_larger_one(images: Path) -> None:
    shares = [
        {p.tobytes() for p in gan_augment.load(images, "numpy", only="real", real_fraction=f).x} for f in (0.25, 0.5, 1)
    ]
    assert shares[0] < shares[1] < shares[2]
    other = gan_augment.load(images, "numpy", only="real", real_fraction=0.5, seed=1)
    assert {p.tobytes() for p in other.x} != shares[1]


def test_a_small_share_leaves_no_class_without_a_row(images: Path) -> None:
    kept = gan_augment.load(images, "numpy", only="real", real_fraction=0.001)
    assert sorted(kept.y) == [0, 1, 2]


def test_a_filter_that_leaves_nothing_gives_nothing(images: Path) -> None:
    assert len(gan_augment.load(images, classes=[])) == 0
    assert gan_augment.load(images, "numpy", classes=[]).x.shape == (0, 12, 12, 3)


def test_albumentations_and_plain_functions_transform(images: Path) -> None:
    flip = albumentations.Compose([albumentations.HorizontalFlip(p=1.0)])
    plain, flipped = gan_augment.load(images), gan_augment.load(images, transform=flip)
    assert torch.equal(plain[5][0].flip(-1), flipped[5][0])
    assert gan_augment.load(images, transform=lambda pixels: pixels.dtype.name)[0][0] == "uint8"


@pytest.mark.parametrize("name", ["table", "csv"])
def test_a_table_comes_back_as_the_frame_that_went_in(table: Path, name: str) -> None:
    frame = gan_augment.load(table, format=name)
    folders = [*(table.parent / "data/prepared/train").iterdir(), table.parent / "data/mixed/synthetic"]
    parts = [read_samples(folder) for folder in folders]
    expected = pd.concat([part.payload.assign(_id=part.manifest["id"]) for part in parts])  # type: ignore[union-attr]
    expected = expected.set_index("_id").loc[list(frame["_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame[list(expected.columns)], expected)
    assert set(frame["species"]) == set(NASTY_LABELS)


def test_frames_give_the_table_shard_by_shard(table: Path) -> None:
    for options in ({}, {"only": "synthetic", "ratio": 1}):
        frames = list(gan_augment.load(table, "frames", **options))
        assert len(frames) == 5
        whole = gan_augment.load(table, **options)
        pd.testing.assert_frame_equal(pd.concat(frames, ignore_index=True), whole)


def test_table_filters(table: Path) -> None:
    assert len(gan_augment.load(table, only="synthetic")) == 48
    assert set(gan_augment.load(table, only="real")["_origin"]) == {"real"}
    assert len(gan_augment.load(table, classes=["cat"], ratio=1)) == 12
    nothing = gan_augment.load(table, classes=["script"], ratio=0, only="synthetic")
    assert len(nothing) == 0
    assert list(nothing.columns) == list(gan_augment.load(table).columns)
    arrays = gan_augment.load(table, "numpy")
    assert arrays.x.shape == (72, 6)
    assert len(arrays.y) == 72


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"only": "fake"}, "real, synthetic"),
        ({"classes": ["cta"]}, "did you mean 'cat'"),
        ({"format": "zip"}, "webdataset, parquet, folder"),
        ({"real_fraction": 0}, "above 0"),
        ({"real_fraction": float("nan")}, "above 0"),
        ({"real_fraction": "1"}, "above 0"),
        ({"ratio": -1}, "0 or more"),
        ({"ratio": float("inf")}, "0 or more"),
        ({"ratio": float("nan")}, "0 or more"),
        ({"seed": 0.5}, "whole number"),
        ({"classes": "cat"}, "a list"),
        ({"to": "jax"}, "torch, stream, pandas, frames, numpy, adjustment"),
        ({"to": "pandas"}, "not a table"),
    ],
)
def test_a_wrong_request_is_explained(images: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        gan_augment.load(images, **options)


def test_a_table_with_words_is_no_tensor(table: Path) -> None:
    with pytest.raises(ParamsError, match="island"):
        gan_augment.load(table, "torch")


def test_a_path_that_is_no_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="not an export"):
        gan_augment.load(tmp_path)


@pytest.mark.parametrize(("gone", "which"), [("manifest.parquet", None), ("table/csv", "csv"), ("table/parquet", None)])
def test_a_part_of_an_export_is_named_before_reading(table: Path, tmp_path: Path, gone: str, which: str | None) -> None:
    part = Path(shutil.copytree(table, tmp_path / "export"))
    removed = part / gone
    if removed.is_dir():
        shutil.rmtree(removed)
    else:
        removed.unlink()
    with pytest.raises(MissingInputError, match=gone):
        gan_augment.load(part, format=which)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import gan_augment", ("torch", "pandas", "numpy", "pyarrow", "pydantic")),
        ("import gan_augment; gan_augment.load({table!r})", (*HEAVY, "PIL")),
        ("import gan_augment; gan_augment.load({images!r}, 'numpy')", HEAVY),
    ],
)
def test_nothing_heavy_is_imported_unasked(images: Path, table: Path, code: str, absent: tuple[str, ...]) -> None:
    code = code.format(table=str(table), images=str(images))
    code += f"\nimport sys; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("which", ["images", "table"])
def test_the_adjustment_is_what_was_measured_in_the_order_of_the_classes(
    which: str, request: pytest.FixtureRequest
) -> None:
    root = request.getfixturevalue(which)
    measured = json.loads((root.parent / "reports/measure.json").read_text())["gain"]["synthetic_adjustment"]
    index = json.loads((root / "index.json").read_text())
    found = gan_augment.load(root, "adjustment")
    assert found.tau == measured["tau"] == 0.5
    assert found.log_prior.tolist() == [measured["log_prior"][record["key"]] for record in index["classes"]]
    assert f"tau = {found.tau:g}" in (root / "README.md").read_text()


def test_an_older_export_has_no_adjustment(images: Path, tmp_path: Path) -> None:
    shutil.copytree(images, tmp_path / "old")
    index = json.loads((tmp_path / "old/index.json").read_text())
    del index["content"]["adjustment"]
    (tmp_path / "old/index.json").write_text(json.dumps(index))
    write_checksums(tmp_path / "old", {})
    found = gan_augment.load(tmp_path / "old", "adjustment")
    assert found.tau == 0
    assert not found.log_prior.any()
