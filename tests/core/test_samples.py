"""Samples keep manifest and payload in step, and the views refuse rows of another split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import LeakError, MissingInputError
from gan_augment.core.fields import empty
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import (
    MANIFEST_COLUMNS,
    Samples,
    TestInputs,
    TrainView,
    ValidationView,
    make_manifest,
    read_samples,
    write_samples,
)

CLASSES = (ClassRecord(key="a", label="A b/c"), ClassRecord(key="b", label="ü"))
IMAGES = DatasetSpec(name="toy", modality="image", classes=CLASSES, image=ImageSpec(height=4, width=5, channels=3))
TABLE = DatasetSpec(
    name="toy",
    modality="table",
    classes=CLASSES,
    table=TableSpec(columns=(Column(name="x", kind="numeric", dtype="Int64"),), target="y"),
)


def samples(split: str = "train", origin: str = "real", count: int = 6) -> Samples:
    labels = [CLASSES[i % 2].label for i in range(count)]
    manifest = make_manifest(count, id=[f"r{i}" for i in range(count)], label=labels, split=split, origin=origin)
    pixels = np.arange(count * 60, dtype=np.uint8).reshape(count, 4, 5, 3)
    return Samples(manifest, pixels)


def test_manifest_and_payload_must_be_of_equal_length() -> None:
    with pytest.raises(ValueError, match="6 manifest rows but 5"):
        Samples(samples().manifest, samples().payload[:5])


@pytest.mark.parametrize("index", [[4, 0, 0], np.array([True, False] * 3), slice(1, 4)])
def test_take_keeps_both_in_step(index: object) -> None:
    whole = samples()
    part = whole.take(index)  # type: ignore[arg-type]
    for row, name in enumerate(part.manifest["id"]):
        np.testing.assert_array_equal(part.payload[row], whole.payload[int(name[1:])])


def test_a_written_set_is_read_back_whole_and_writes_the_same_bytes(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": pd.array([1, None, 3], dtype="Int64"), "c": pd.Categorical(["u", None, "v"])})
    for number, original in enumerate((samples(), Samples(samples(count=3).manifest, frame))):
        folders = [tmp_path / f"{number}-{i}" for i in range(2)]
        for folder in folders:
            folder.mkdir()
            write_samples(folder, original)
        back = read_samples(folders[0])
        pd.testing.assert_frame_equal(back.manifest, original.manifest)
        assert dict(back.manifest.dtypes.astype(str)) == MANIFEST_COLUMNS
        if isinstance(original.payload, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(back.payload), original.payload)
        else:
            np.testing.assert_array_equal(back.payload, original.payload)
        assert file_hash(folders[0]) == file_hash(folders[1])


def test_an_absent_set_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="dvc repro"):
        read_samples(tmp_path / "nothing")


@pytest.mark.parametrize("spec", [IMAGES, TABLE])
def test_an_empty_payload_has_the_shape_and_dtypes(spec: DatasetSpec) -> None:
    payload = empty(spec.payload)
    assert len(payload) == 0
    if isinstance(payload, pd.DataFrame):
        assert payload["x"].dtype == "Int64"
    else:
        assert payload.shape[1:] == (4, 5, 3)
        assert payload.dtype == np.uint8


@pytest.mark.parametrize("view", [TrainView, ValidationView])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_view_takes_its_own_split_only(view: type, split: str) -> None:
    own = {"TrainView": "train", "ValidationView": "validation"}[view.__name__]
    if split == own:
        assert list(view(IMAGES, samples(split)).labels) == [0, 1, 0, 1, 0, 1]
    else:
        with pytest.raises(LeakError, match=split):
            view(IMAGES, samples(split))


def test_synthetic_rows_are_not_train_rows() -> None:
    with pytest.raises(LeakError, match="Synthetic"):
        TrainView(IMAGES, samples(origin="synthetic"))


def test_test_inputs_carry_no_labels() -> None:
    with pytest.raises(LeakError, match="Test labels"):
        TestInputs(IMAGES, samples("test"))
    blind = samples("test")
    blind.manifest["label"] = pd.Series(pd.NA, index=blind.manifest.index, dtype="string")
    view = TestInputs(IMAGES, blind)
    with pytest.raises(LeakError, match="before `measure`"):
        _ = view.labels


def test_one_class_of_a_view() -> None:
    view = TrainView(IMAGES, samples()).of_class(1)
    assert set(view.samples.manifest["label"]) == {"ü"}
    assert len(view) == 3


def test_a_spec_survives_the_disk_and_refuses_two_modalities(tmp_path: Path) -> None:
    IMAGES.save(tmp_path / "dataset.json")
    assert DatasetSpec.load(tmp_path / "dataset.json") == IMAGES
    with pytest.raises(ValueError, match="modality"):
        DatasetSpec(name="x", modality="image", classes=CLASSES, table=TABLE.table)
