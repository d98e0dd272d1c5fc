"""What lies beside images arrives with them: every source and role, one geometry, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import ROLES, ArrayField, ImageSpec, Role
from gan_augment.data.companions import companion_field, refuse_unseen_values
from gan_augment.data.config import CompanionSource, PrepareConfig
from gan_augment.data.images import Canonical, read_mask
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.problems import raise_errors
from gan_augment.data.raw import ArrayImage
from tests.data.beside import SOURCES, expected, number_of, write_source
from tests.data.pictures import noise, save, write_folder


def load(root: Path, source: dict[str, Any], companions: dict[str, Any], **more: Any) -> LoadedData:
    return load_data(PrepareConfig.model_validate({"source": source, "companions": companions, **more}), root)


def folder(root: Path, companions: dict[str, Any], **more: Any) -> LoadedData:
    return load(root, {"kind": "image_folder", "path": "photos"}, companions, **more)


def captions(root: Path, texts: list[str]) -> None:
    """A folder of images with metadata.csv."""
    write_folder(root / "photos", {"cat": len(texts) // 2, "dog": len(texts) - len(texts) // 2})
    names = sorted(path.relative_to(root / "photos").as_posix() for path in (root / "photos").rglob("*.png"))
    pd.DataFrame({"file_name": names, "text": texts}).to_csv(root / "photos/metadata.csv", index=False)


def errors(data: LoadedData) -> str:
    with pytest.raises(DataError) as error:
        raise_errors(data.problems)
    return str(error.value)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_every_role(tmp_path: Path, kind: str, role: Role) -> None:
    source, config = write_source(kind, tmp_path, role)
    data = load(tmp_path, source, {role: config})
    raise_errors(data.problems)
    assert len(data.rows) == 8
    values = data.companions[role]
    for place, pixels in enumerate(data.payload):
        want = expected(role, number_of(pixels))
        if isinstance(values, pd.DataFrame):
            assert tuple(values.iloc[place]) == want
            assert [column.name for column in data.fields[role].columns] == list(values.columns)  # type: ignore[union-attr]
        else:
            assert (values[place] == want).all()
            assert data.fields[role] == ArrayField(shape=want.shape)
    assert not [entry for entry in data.left_out if "metadata" in entry.place and entry.reason.severity != "note"]


@settings(deadline=None, max_examples=40)
@given(
    st.integers(5, 40),
    st.integers(5, 40),
    st.sampled_from(["crop", "pad", "stretch"]),
    st.sampled_from([8, 16, 24]),
    st.floats(0.2, 0.8),
)
def test_a_mask_gets_its_images_geometry(width: int, height: int, resize: str, size: int, cut: float) -> None:
    from gan_augment.data.images import read_pixels

    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : max(1, round(cut * width))] = 255
    canonical = Canonical(size, resize, background=0)
    image = read_pixels(ArrayImage("image", picture), canonical)[..., 0] > 127
    mask = read_mask(ArrayImage("mask", picture[..., 0] // 255 * 9), canonical)
    assert set(np.unique(mask)) <= {0, 9}
    assert mask.shape == (size, size, 1)
    # Bicubic and nearest differ by half a pixel of the coarser picture at an edge: two columns at most.
    coarse = int(np.ceil(max(1, size / min(width, height))))
    assert ((mask[..., 0] == 9) != image).sum() <= 2 * coarse * size + (2 * size if resize == "pad" else 0)


def test_masks_keep_their_numbers(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 21, (16, 16), np.uint8)
    indexed = Image.fromarray(values)
    indexed.putpalette([255 - number for number in range(768 // 4)] * 4)
    write_folder(tmp_path / "photos", {"cat": 2})
    (tmp_path / "masks/cat").mkdir(parents=True)
    indexed.save(tmp_path / "masks/cat/000.png")
    Image.fromarray(values > 9).save(tmp_path / "masks/cat/001.bmp")
    data = folder(tmp_path, {"mask": {"path": "masks"}})
    raise_errors(data.problems)
    mask = np.asarray(data.companions["mask"])
    assert (mask[0, ..., 0] == values).all()
    assert (mask[1, ..., 0] == 255 * (values > 9)).all()


def test_other_sizes_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 2})
    save(tmp_path / "masks/cat/000.png", noise(0, channels=1))
    save(tmp_path / "masks/cat/001.png", noise(0, (16, 15), channels=1))
    text = errors(folder(tmp_path, {"mask": {"path": "masks"}}))
    for part in ("1 of 2 images have a mask of another size", "cat/001.png: 16 x 15 pixels, its image has 16 x 16",
                 "prepare.companions.mask", "images' size"):  # fmt: skip
        assert part in text


def test_a_row_without_its_companion_is_an_error_or_left_out(tmp_path: Path) -> None:
    captions(tmp_path, ["a", "", "c", "d", "  ", "f"])
    text = errors(folder(tmp_path, {"caption": {"column": "text"}}))
    assert "2 of 6 rows have no caption" in text
    assert "cat/001.png" in text
    assert "prepare.companions.caption.missing: leave_out" in text
    data = folder(tmp_path, {"caption": {"column": "text", "missing": "leave_out"}})
    raise_errors(data.problems)
    assert list(data.companions["caption"]["caption"]) == ["a", "c", "d", "f"]
    assert len(data.rows) == len(data.payload) == len(data.headers) == 4
    assert [e.described for e in data.left_out if "companion" in e.reason.text] == [
        "cat/001.png: no caption",
        "dog/001.png: no caption",
    ]


def test_a_column_that_is_empty_or_not_there_is_an_error(tmp_path: Path) -> None:
    captions(tmp_path, [""] * 6)
    text = errors(folder(tmp_path, {"caption": {"column": "text", "missing": "leave_out"}}))
    assert "No row has a caption" in text
    with pytest.raises(DataError, match="did you mean 'text'"):
        folder(tmp_path, {"caption": {"column": "test"}})
    (tmp_path / "photos/metadata.csv").unlink()
    with pytest.raises(DataError, match="no metadata in this folder"):
        folder(tmp_path, {"caption": {"column": "text"}})


def test_texts_pass_as_they_are(tmp_path: Path) -> None:
    texts = ["<p>a &amp; b</p>", "Привет", "多い", "word " * 999 + "end", "None", "NA"]
    captions(tmp_path, texts)
    data = folder(tmp_path, {"caption": {"column": "text"}})
    assert list(data.companions["caption"]["caption"]) == texts


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["red"] * 300, "one value only: 'red'"),
        ([""] * 299 + ["red"], "one value only: 'red'"),
        ([str(number) for number in range(300)], "300 different values"),
    ],
)
def test_attributes_that_say_nothing_are_refused(tmp_path: Path, values: list[str], words: str) -> None:
    names = [f"{number}.png" for number in range(300)]
    save(tmp_path / "0.png", noise(0, (4, 4)))
    frame = pd.DataFrame({"image": ["0.png"] * 300, "kind": ["a", "b"] * 150, "hair": values, "eyes": ["x", "y"] * 150})
    frame.to_csv(tmp_path / "list.csv", index=False)
    assert names
    source = {"kind": "image_manifest", "path": "list.csv", "target": "kind", "image": "image"}
    text = errors(load(tmp_path, source, {"attributes": {"columns": ["hair", "eyes"]}}))
    assert "The attribute 'hair' cannot be used" in text
    assert words in text
    assert "prepare.companions.attributes: {columns: [eyes]}" in text


def test_empty_attributes_are_unknown(tmp_path: Path) -> None:
    captions(tmp_path, ["red", "", "black", "red", "n/a", "red"])
    table = pd.read_csv(tmp_path / "photos/metadata.csv", keep_default_na=False)
    table.assign(eyes=["a", "b"] * 3).to_csv(tmp_path / "photos/metadata.csv", index=False)
    data = folder(tmp_path, {"attributes": {"columns": ["text", "eyes"]}})
    assert list(data.companions["attributes"]["text"]) == ["red", "unknown", "black", "red", "unknown", "red"]


def test_values_that_only_validation_has_are_refused() -> None:
    frame = pd.DataFrame({"hair": ["red", "black", "green", "unknown"], "eyes": ["a", "a", "a", "a"]})
    parts = np.array(["train", "test", "validation", "validation"], dtype=object)
    with pytest.raises(DataError, match=r"hair: 'green' \(1 rows\)"):
        refuse_unseen_values(frame, parts)
    refuse_unseen_values(frame.replace("green", "red"), parts)


def test_an_unreadable_companion_is_refused_or_skipped(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 2, "dog": 2})
    for name in ("cat/000", "cat/001", "dog/000"):
        save(tmp_path / f"masks/{name}.png", noise(0, channels=1))
    (tmp_path / "masks/dog/001.png").write_bytes(b"nothing")
    assert "dog/001.png: no known image format" in errors(folder(tmp_path, {"mask": {"path": "masks"}}))
    data = folder(tmp_path, {"mask": {"path": "masks"}}, corrupt="skip")
    raise_errors(data.problems)
    assert len(data.rows) == 3


def test_texts_beside_the_images_are_read_and_not_warned_of(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 2})
    (tmp_path / "photos/cat/000.txt").write_text("first\n")
    (tmp_path / "photos/cat/001.txt").write_text("second")
    data = folder(tmp_path, {"caption": {"path": "photos"}})
    assert list(data.companions["caption"]["caption"]) == ["first", "second"]
    assert not data.problems


def test_excluded_rows_go_with_what_lies_beside_them(tmp_path: Path) -> None:
    captions(tmp_path, ["a", "b", "c", "d"])
    data = folder(tmp_path, {"caption": {"column": "text"}}, exclude=["cat"])
    assert list(data.companions["caption"]["caption"]) == ["c", "d"]


@pytest.mark.parametrize(
    ("source", "companions", "words"),
    [
        ({"kind": "npz", "path": "x.npz"}, {"mask": {"path": "masks"}}, "An .npz file has no path"),
        ({"kind": "table", "path": "t.csv", "target": "y"}, {"caption": {"column": "a"}}, "A table has no companions"),
        ({"kind": "demo", "name": "digits"}, {"caption": {"column": "a"}}, "This demo has no companions"),
        ({"kind": "webdataset", "path": "x.tar"}, {"mask": {"array": "m"}}, "A WebDataset has no array"),
        ({"kind": "image_folder", "path": "x"}, {"mask": {"ending": "m.png"}}, "A folder of images has no ending"),
    ],
)
def test_a_place_that_a_source_does_not_have_is_refused(
    tmp_path: Path, source: dict[str, Any], companions: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParamsError, match=words):
        load(tmp_path, source, companions)


def test_the_form_is_known_before_reading() -> None:
    size = ImageSpec(height=8, width=8, channels=3)
    assert companion_field("mask", CompanionSource(path="m"), size) == ArrayField(shape=(8, 8, 1))
    names = companion_field("attributes", CompanionSource(columns=("a", "b"))).columns  # type: ignore[union-attr]
    assert [column.name for column in names] == ["a", "b"]
