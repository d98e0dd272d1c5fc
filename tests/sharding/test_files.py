"""No name and no link leads out of an export, and every file is what the list of checksums says."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import gan_augment
from gan_augment.core.errors import DataError, GanAugmentError, MissingInputError
from gan_augment.sharding.export import export
from gan_augment.sharding.files import Files, inside, read_checksums, reading
from gan_augment.sharding.index import LAYOUT, examine, write_checksums
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, TABLE, task_of

OUTSIDE = [
    "../secret", "a/../../secret", "/etc/passwd", "//host/share", "C:\\secret", "C:secret", "c:/secret",
    "\\\\host\\share",
    "..\\secret", "a\\..\\..\\secret", "~/secret", "", ".", "..", "a//b", "a/", "a/.", ".hidden", "a\0b", "a\nb", "file:///x",
    "https://host/x", "a/./b", "-/../x", "%2e%2e/secret", "\u2024\u2024/x", None, 3, ["a"],
]  # fmt: skip


def folder(root: Path, **files: bytes) -> Files:
    root.mkdir(exist_ok=True)
    for name, content in files.items():
        (root / name).write_bytes(content)
    write_checksums(root, {})
    return Files(root)


@pytest.mark.parametrize("name", OUTSIDE, ids=repr)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: Any) -> None:
    with pytest.raises(DataError, match="not its own"):
        inside(tmp_path, name)
    with pytest.raises(DataError, match="not its own"):
        folder(tmp_path / "export", a=b"a")(name)


@pytest.mark.parametrize("name", ["index.json", "table/parquet/train-00000-of-00001.parquet", "folder/a-b/x_1.png"])
def test_our_own_names_are_taken(tmp_path: Path, name: str) -> None:
    assert inside(tmp_path, name) == tmp_path / name


def test_links_are_followed_within_the_export_and_into_dvc_s_cache_alone(tmp_path: Path) -> None:
    root = tmp_path / "export"
    root.mkdir()
    (root / "a").write_bytes(b"a")
    (tmp_path / "secret").write_bytes(b"a")
    cached = tmp_path / "cache/files/md5/0c/c175b9c0f1b6a831c399e269772661"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"a")
    (root / "within").symlink_to("a")
    (root / "cached").symlink_to(cached)
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to(tmp_path, target_is_directory=True)
    assert inside(root, "within").read_bytes() == inside(root, "cached").read_bytes() == b"a"
    for name in ("out", "up/secret"):
        with pytest.raises(DataError, match="a link to"):
            inside(root, name)
    (tmp_path / "link").symlink_to(root, target_is_directory=True)  # as published/current is
    assert inside(tmp_path / "link", "a").read_bytes() == b"a"


def test_a_file_is_checked_the_first_time(tmp_path: Path) -> None:
    files = folder(tmp_path, a=b"a", b=b"b")
    assert files("a").read_bytes() == b"a"
    (tmp_path / "a").write_bytes(b"c")
    (tmp_path / "b").write_bytes(b"c")
    assert files("a").read_bytes() == b"c"
    with pytest.raises(DataError, match="b"):
        files("b")
    with pytest.raises(DataError):
        pickle.loads(pickle.dumps(files))("b")


def test_what_is_missing_or_not_listed_is_told(tmp_path: Path) -> None:
    files = folder(tmp_path, a=b"a")
    (tmp_path / "new").write_bytes(b"")
    with pytest.raises(DataError, match="no line for new"):
        files("new")
    (tmp_path / "a").unlink()
    with pytest.raises(MissingInputError, match="no a"):
        files("a")
    assert files.size("a") is None


@pytest.mark.parametrize(
    "text", [b"\xff", b"short  a\n", b"0" * 64 + b" a\n", b"0" * 64 + b"  ../a\n", b"{}", b"\n", b"0" * 64 + b"  /a\n"]
)
def test_a_damaged_list_of_checksums_is_told(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "SHA256SUMS").write_bytes(text)
    (tmp_path / "index.json").write_text("{}")
    for read in (read_checksums, examine):
        with pytest.raises(DataError, match="SHA256SUMS"):
            read(tmp_path)


def test_whatever_a_decoder_raises_becomes_an_error_that_names_the_file(tmp_path: Path) -> None:
    for raised in (KeyError("x"), RecursionError(), MemoryError(), OSError(5, "Input/output error"), ValueError("y")):
        with pytest.raises(DataError, match="shard-1") as told, reading(tmp_path, "shard-1"):
            raise raised
        assert "gan-augment verify" in str(told.value.remedy)
    with pytest.raises(KeyboardInterrupt), reading(tmp_path, "shard-1"):
        raise KeyboardInterrupt


def forge(root: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change a JSON file, and the checksums with it: whoever forges an export can do both."""
    content = json.loads((root / name).read_text())
    change(content)
    (root / name).write_text(json.dumps(content))
    write_checksums(root, {})


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    roots = {}
    for modality, config in (("image", IMAGE), ("table", TABLE)):
        root = tmp_path_factory.mktemp(modality)
        export(task_of(write_project(root, modality=modality), config), root / "export")
        roots[modality] = root / "export"
    return roots


@pytest.fixture
def forged(exports: dict[str, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return Path(shutil.copytree(exports[request.param], tmp_path / "export"))


@pytest.mark.parametrize("forged", ["table"], indirect=True)
@pytest.mark.parametrize(
    "name", ["../secret.parquet", "/secret.parquet", "C:\\secret.parquet", "a/../../secret.parquet"]
)
def test_an_index_that_leads_out_is_refused(forged: Path, name: str) -> None:
    (forged.parent / "secret.parquet").write_bytes(next((forged / "table/parquet").iterdir()).read_bytes())

    def change(index: Any) -> None:
        for shard in index["shards"]:
            shard["file"] = name if shard["file"].endswith("parquet") else shard["file"]

    forge(forged, "index.json", change)
    for to in ("pandas", "frames", "numpy"):
        with pytest.raises(DataError, match="not its own"):
            gan_augment.load(forged, to)  # type: ignore[arg-type]


@pytest.mark.parametrize("forged", ["image"], indirect=True)
@pytest.mark.parametrize("name", ["../secret", "/etc/hostname"])
@pytest.mark.parametrize("layout", ["webdataset", "parquet", "folder"])
def test_a_manifest_that_leads_out_is_refused(forged: Path, name: str, layout: str) -> None:
    (forged.parent / "secret").write_bytes(b"secret")
    manifest = pq.read_table(forged / "manifest.parquet")
    column = "shard" if layout == "webdataset" else f"{layout}_shard"
    place = manifest.column_names.index(column)
    manifest = manifest.set_column(place, column, pa.array([name] * manifest.num_rows))
    pq.write_table(manifest, forged / "manifest.parquet")
    write_checksums(forged, {})
    with pytest.raises(DataError, match="not its own"):
        gan_augment.load(forged, "numpy", format=layout)
    with pytest.raises(DataError, match="not its own"):
        gan_augment.load(forged, format=layout)[0]


@pytest.mark.parametrize("forged", ["image"], indirect=True)
@pytest.mark.parametrize("size", [(20_000, 20_000), (8, 8)])
def test_an_image_of_another_size_is_refused_before_it_is_unpacked(forged: Path, size: tuple[int, int]) -> None:
    first = min((forged / "folder").rglob("*.png"))
    Image.new("1", size).save(first)
    total = sum(path.stat().st_size for path in (forged / "folder").rglob("*.png"))

    def change(index: Any) -> None:
        pictures = [shard for shard in index["shards"] if shard["format"] == "folder"]
        for shard in pictures:
            shard["bytes"] = 0
        pictures[0]["bytes"] = total

    forge(forged, "index.json", change)
    with pytest.raises(DataError, match=f"but of {size[0]} x {size[1]}") as told:
        gan_augment.load(forged, "numpy", format="folder")
    assert first.name in str(told.value)


@pytest.mark.parametrize("forged", ["image"], indirect=True)
def test_images_that_no_memory_holds_are_told_with_what_to_do(forged: Path) -> None:
    forge(forged, "dataset.json", lambda spec: spec["image"].update(height=2**22, width=2**22))
    with pytest.raises(DataError, match='"stream"'):
        gan_augment.load(forged, "numpy")


def multiply(path: Path, times: int) -> None:
    """Many rows in few bytes: the first one again and again."""
    table = pq.read_table(path)
    pq.write_table(table.take(pa.array([0] * table.num_rows * times)), path, compression="zstd")


@pytest.mark.parametrize("forged", ["table"], indirect=True)
@pytest.mark.parametrize("name", ["manifest.parquet", "table/parquet/train-00001-of-00005.parquet"])
def test_more_rows_than_the_index_says_are_told_before_they_are_unpacked(
    forged: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    multiply(forged / name, 1000)

    def change(index: Any) -> None:
        for shard in index["shards"]:
            shard["bytes"] = (forged / shard["file"]).stat().st_size

    forge(forged, "index.json", change)
    unpacked: list[Path] = []
    monkeypatch.setattr(pq.ParquetFile, "read", lambda _: unpacked.append(forged))
    for to in ("pandas", "numpy"):
        with pytest.raises(DataError, match=f"{name}.*\\n.*,000 rows"):
            gan_augment.load(forged, to)  # type: ignore[arg-type]
    assert unpacked == []
    monkeypatch.undo()
    with pytest.raises(DataError, match=name):
        list(gan_augment.load(forged, "frames", only="real"))


@pytest.mark.parametrize("forged", ["image"], indirect=True)
def test_a_row_group_of_more_pictures_than_are_written_is_told(forged: Path) -> None:
    path = min((forged / "parquet").iterdir())
    multiply(path, 1000)

    def change(index: Any) -> None:
        for shard in index["shards"]:
            if shard["format"] == "parquet":
                shard["bytes"] = (forged / shard["file"]).stat().st_size

    forge(forged, "index.json", change)
    with pytest.raises(DataError, match="row group of"):
        gan_augment.load(forged, "numpy", format="parquet")


@pytest.mark.parametrize("forged", ["image"], indirect=True)
def test_a_newer_layout_says_upgrade(forged: Path) -> None:
    forge(forged, "index.json", lambda index: index.update(layout=LAYOUT + 1, gan_augment="9.1.0", unheard_of=[]))
    with pytest.raises(DataError, match=rf"layout {LAYOUT + 1}, of gan-augment 9\.1\.0") as told:
        gan_augment.load(forged)
    assert "upgrade" in str(told.value.remedy)


@pytest.mark.parametrize("forged", ["image"], indirect=True)
def test_an_export_of_the_first_version_is_read(forged: Path) -> None:
    forge(forged, "index.json", lambda index: index.pop("layout"))
    assert len(gan_augment.load(forged)) == 72


@pytest.mark.parametrize("forged", ["image"], indirect=True)
@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", "3", '"x"', "[" * 100_000, "", "\ufeff{}", '{"formats": ["zip"]}', "NaN"]
)
def test_an_index_that_is_none_is_told(forged: Path, text: str) -> None:
    (forged / "index.json").write_text(text)
    write_checksums(forged, {})
    with pytest.raises(GanAugmentError, match=r"index\.json"):
        gan_augment.load(forged)


@pytest.mark.parametrize("forged", ["image"], indirect=True)
def test_an_index_and_a_dataset_that_do_not_belong_together_are_told(forged: Path) -> None:
    forge(forged, "dataset.json", lambda spec: spec["classes"].reverse())
    with pytest.raises(DataError, match=r"dataset\.json"):
        gan_augment.load(forged)


@pytest.mark.parametrize("modality", ["image", "table"])
def test_nothing_is_unpickled(exports: dict[str, Path], modality: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    if modality == "table":
        for layout in ("table", "csv"):
            assert len(gan_augment.load(exports[modality], format=layout)) == 72
    else:
        for layout in ("webdataset", "parquet", "folder"):
            assert len(gan_augment.load(exports[modality], "numpy", format=layout).y) == 72


def test_a_job_keeps_the_version_that_it_opened(exports: dict[str, Path], tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.symlink_to(exports["image"], target_is_directory=True)
    data = gan_augment.load(current)
    current.unlink()
    current.symlink_to(exports["table"], target_is_directory=True)
    assert len([data[n] for n in range(len(data))]) == 72


def test_the_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    folder(tmp_path, a=b"a")
    assert read_checksums(tmp_path) == {"a": hashlib.sha256(b"a").hexdigest()}
