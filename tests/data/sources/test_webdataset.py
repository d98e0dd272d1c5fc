from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_augment.core.errors import DataError, GanAugmentError
from gan_augment.data.config import SplitConfig, WebDatasetSource
from gan_augment.data.images import Canonical, read_pixels
from gan_augment.data.raw import RawData, RawImages
from gan_augment.data.sources import webdataset
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


def write_members(path: Path, files: list[tuple[str, bytes]]) -> None:
    """As `write`, where a name may come twice."""
    with tarfile.open(path, "w") as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def read(root: Path, split: dict[str, object] | None = None, **source: object) -> RawData:
    config = WebDatasetSource.model_validate({"path": ".", **source})
    return webdataset.read(config, root, SplitConfig.model_validate(split or {}))


def errors(raw: RawData) -> dict[str, str]:
    return {entry.described: entry.reason.text for entry in raw.left_out if entry.reason.severity == "error"}


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
    with pytest.raises(DataError, match="tar cannot be read to its end"):
        read(tmp_path)


def test_a_name_that_comes_twice_in_a_tar_is_an_error_and_in_two_tars_is_none(tmp_path: Path) -> None:
    half = [("0.png", png(0)), ("0.cls", b"cat")]
    write_members(tmp_path / "a.tar", half)
    write_members(tmp_path / "b.tar", half)
    assert not errors(raw := read(tmp_path))
    assert raw.rows["identity"].tolist() == ["a.tar: 0", "b.tar: 0"]
    write_members(tmp_path / "a.tar", [*half, ("./0.PNG", png(1)), ("0.cls", b"dog")])
    assert set(errors(read(tmp_path))) == {"a.tar: 0.PNG", "a.tar: 0.cls"}


def test_several_images_in_a_sample_are_an_error_and_masks_are_not(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.jpg": png(1), "0.cls": b"cat", "1.png": png(2), "1.cls": b"cat"})
    write(tmp_path / "b.tar", {"0.png": png(0), "0.mask.png": png(1), "0.CLS": b"cat"})
    raw = read(tmp_path)
    assert list(errors(raw)) == ["a.tar: 0: (png, jpg, cls)"]
    assert len(raw.rows) == 2


@pytest.mark.parametrize("label", [b"", b" \n", b"\xef\xbb\xbf", b"\xff\xfe", b"x" * 2**21])
def test_a_class_that_is_empty_or_no_text_is_an_error_that_names_its_file(tmp_path: Path, label: bytes) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.cls": label, "1.png": png(1), "1.cls": b"\xef\xbb\xbfcat\r\n"})
    raw = read(tmp_path)
    assert raw.rows["label"].tolist() == ["cat"]
    (place,) = errors(raw)
    assert place.startswith("a.tar: 0.cls: ")


@pytest.mark.parametrize(("value", "label"), [('"3"', "3"), ("3", "3"), ("3.0", "3"), ("true", "True"), ('" a "', "a")])
def test_classes_of_json_that_are_one_word_or_number(tmp_path: Path, value: str, label: str) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.json": f'{{"label": {value}}}'.encode()})
    assert read(tmp_path, label="json").rows["label"].tolist() == [label]


@pytest.mark.parametrize(
    "text", ['{"label": null}', '{"label": [1]}', '{"label": 1.5}', '{"label": ""}', "[1]", "{", "[" * 99999]
)
def test_json_without_a_class_is_an_error(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.json": text.encode()})
    with pytest.raises(DataError, match="class of a sample cannot be read"):
        read(tmp_path, label="json")


def test_a_damaged_tar_among_whole_ones_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.cls": b"cat"})
    write(tmp_path / "b.tar", {"0.png": png(0), "0.cls": b"cat"})
    whole = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(whole[:1024])
    (problem,) = read(tmp_path).problems
    assert (problem.severity, problem.where) == ("error", "b.tar")


def test_other_files_beside_the_tars_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", {"0.png": png(0), "0.cls": b"cat", "README": b"x"})
    write(tmp_path / "b.tar", {})
    (tmp_path / "c.tar.gz").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    raw = read(tmp_path)
    assert {entry.place: entry.reason.severity for entry in raw.left_out} == {
        "a.tar: README": "warning",
        "c.tar.gz": "error",
        "notes.txt": "warning",
    }
    assert [(problem.what, problem.where) for problem in raw.problems] == [("A tar holds nothing", "b.tar")]


def write_parts(root: Path, names: tuple[str, ...] = ("train-0", "val-0", "test-0")) -> None:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(exist_ok=True)
        images = {f"p{number}_{n}.png": png(n) for n in (0, 1)}
        write(root / f"{name}.tar", images | {f"p{number}_{n}.cls": b"ab"[n : n + 1] for n in (0, 1)})


@pytest.mark.parametrize("names", [("train-0", "val-0", "test-0"), ("Training/0", "valid/0", "TEST/0")])
def test_the_tars_names_are_the_split(tmp_path: Path, names: tuple[str, ...]) -> None:
    write_parts(tmp_path, names)
    raw = read(tmp_path, {"column": "tar"})
    parts = dict(zip(raw.rows["source"].str.partition(".tar")[0], raw.rows["split"], strict=True))
    assert parts == dict(zip(names, ("train", "validation", "test"), strict=True))
    assert "The split is that of the tars' names" in raw.problems[0].what
    (warning,) = read(tmp_path).problems
    assert warning.severity == "warning"
    assert "prepare.split.column: tar" in str(warning.remedy)


def test_a_tar_that_names_no_part_is_an_error(tmp_path: Path) -> None:
    write_parts(tmp_path, ("train-0", "test-0", "more-0"))
    assert set(errors(read(tmp_path, {"column": "tar"}))) == {"more-0.tar: p2_0", "more-0.tar: p2_1"}


@pytest.mark.parametrize(
    ("group", "groups"),
    [
        ("tar", {"test-0.tar", "train-0.tar", "val-0.tar"}),
        ("folder", {"test-0.tar: .", "train-0.tar: .", "val-0.tar: ."}),
        ("(p[0-9]+)_", {"p0", "p1", "p2"}),
    ],
)
def test_groups(tmp_path: Path, group: str, groups: set[str]) -> None:
    write_parts(tmp_path)
    assert set(read(tmp_path, {"group": group}).rows["group"]) == groups


@pytest.mark.parametrize("split", [{"column": "nonsense"}, {"group": "("}, {"group": "(q[0-9])"}])
def test_groups_and_splits_that_cannot_be(tmp_path: Path, split: dict[str, object]) -> None:
    write_parts(tmp_path)
    with pytest.raises(GanAugmentError, match="prepare"):
        read(tmp_path, split)


MEMBERS = ("sample", "no class", "no image", "empty class", "folder", "link", "hidden", "litter", "no ending", "twice")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(MEMBERS), max_size=15))
def test_every_member_is_part_of_a_sample_or_named_as_left_out(
    tmp_path_factory: pytest.TempPathFactory, plan: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    with tarfile.open(folder / "a.tar", "w") as tar:
        for number, kind in enumerate(["sample", *plan]):
            _add(tar, kind, str(number))
    raw = read(folder)
    assert len(raw.rows) == 1 + plan.count("sample") + plan.count("twice")
    assert raw.entries == 1 + len(plan) + plan.count("twice")
    assert len(raw.left_out) == len(plan) - plan.count("sample")


def _add(tar: tarfile.TarFile, kind: str, name: str) -> None:
    """Members that are one entry, or for `twice` two: a sample, and a file too many."""
    names = {
        "sample": [f"{name}.png", f"{name}.cls"],
        "no class": [f"{name}.png"],
        "no image": [f"{name}.cls"],
        "empty class": [f"{name}.png", f"{name}.cls"],
        "folder": [name],
        "link": [f"{name}.png"],
        "hidden": [f".{name}.png"],
        "litter": [f"._{name}.png"],
        "no ending": [name],
        "twice": [f"{name}.png", f"{name}.cls", f"{name}.png"],
    }
    for member in names[kind]:
        info = tarfile.TarInfo(member)
        info.type = {"folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}.get(kind, tarfile.REGTYPE)
        content = b"" if kind in ("folder", "link", "empty class") else b"cat"
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))


def test_a_folder_without_tars_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(1))
    with pytest.raises(DataError, match="no tars"):
        read(tmp_path)
