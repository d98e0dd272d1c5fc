"""The prepared parts on disk: whole, and the test part without what tells its class."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gan_augment.core.errors import DamagedInputError, MissingInputError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, TestInputs, read_samples, roles_in
from gan_augment.project.layout import Layout
from gan_augment.project.prepared import in_split, read_held, withheld, write_parts, write_test_part
from tests.core.test_companions import rich
from tests.toys import image_toy

TRAIN, VALIDATION = image_toy()


def test_parts_come_back_class_by_class_as_rows_of_their_split(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_parts(layout, TRAIN.spec, VALIDATION.samples, TRAIN.samples)  # whatever they were before
    assert DatasetSpec.load(layout.dataset) == TRAIN.spec
    for record in TRAIN.spec.classes:
        rows = read_samples(layout.train(record.key))
        assert set(rows.manifest["label"]) == {record.label}
        assert set(rows.manifest["split"]) == {"train"}
    assert set(read_samples(layout.validation).manifest["split"]) == {"validation"}
    assert read_samples(layout.validation).manifest["id"].tolist() == TRAIN.samples.manifest["id"].tolist()


def test_a_class_that_is_no_more_leaves_no_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.train("old").mkdir(parents=True)
    write_parts(layout, TRAIN.spec, TRAIN.samples, VALIDATION.samples)
    assert {path.name for path in layout.train("x").parent.iterdir()} == {"red", "green-blue"}


def test_nothing_in_the_test_part_tells_its_class(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    test = in_split(TRAIN.samples, "test")
    test = Samples(test.manifest.assign(source=[f"{label}/1.png" for label in test.manifest["label"]]), test.payload)
    write_test_part(layout, test)
    blind = read_samples(layout.test_inputs)
    TestInputs(TRAIN.spec, blind)  # which would refuse a label
    assert blind.manifest["label"].isna().all()
    assert set(blind.manifest["source"]) == {""}
    for name in ("red", "green"):
        assert not any(name in str(value) for value in blind.manifest.drop(columns="id").to_numpy().ravel())
    labels = read_held(layout)["label"]
    assert labels[blind.manifest["id"]].tolist() == TRAIN.samples.manifest["label"].tolist()


def test_what_lies_beside_test_rows_is_withheld(tmp_path: Path) -> None:
    rows = in_split(rich(), "test")
    assert rows.companions
    assert not withheld(rows).companions
    write_test_part(Layout(tmp_path), rows)
    assert not list(roles_in(Layout(tmp_path).test_inputs))


def test_lost_and_changed_labels_are_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(MissingInputError, match="test labels"):
        read_held(layout)
    write_test_part(layout, in_split(TRAIN.samples, "test"))
    labels = pd.read_parquet(layout.test_labels)
    labels.assign(label="red").to_parquet(layout.test_labels, index=False)
    with pytest.raises(DamagedInputError):
        read_held(layout)
