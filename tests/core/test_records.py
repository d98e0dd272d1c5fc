"""dataset.json: what a data set may be, and that it comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gan_augment.core.errors import DamagedInputError, DataError, MissingInputError
from gan_augment.core.records import (
    ArrayField,
    ClassRecord,
    Column,
    CombinationRule,
    DatasetSpec,
    FrameField,
    ImageSpec,
    OrderRule,
    RangeRule,
    TableSpec,
    TargetType,
)

CLASSES = (ClassRecord(key="red", label="Red"), ClassRecord(key="b", label="b/ü"))
IMAGES = DatasetSpec(name="i", modality="image", classes=CLASSES, image=ImageSpec(height=8, width=6, channels=3))
TABLE = DatasetSpec(
    name="t",
    modality="table",
    classes=CLASSES,
    table=TableSpec(
        columns=(
            Column(name="x", kind="numeric", dtype="float64", decimals=2),
            Column(name="c", kind="categorical", dtype="string"),
        ),
        target="y",
        rules=(
            RangeRule(column="x", low=0),
            OrderRule(columns=("x", "z")),
            CombinationRule(columns=("c", "d")),
        ),
        target_type=TargetType(arrow="int64"),
    ),
)


@pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
def test_a_spec_comes_back_from_its_file(spec: DatasetSpec, tmp_path: Path) -> None:
    spec.save(tmp_path / "dataset.json", sealed=True)
    assert DatasetSpec.load(tmp_path / "dataset.json") == spec


def test_an_absent_file_is_missing_and_another_content_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    with pytest.raises(MissingInputError):
        DatasetSpec.load(path)
    for text in ('{"name": "t"}', "[]"):
        path.write_text(text)
        with pytest.raises(DamagedInputError):
            DatasetSpec.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"modality": "table"},
        {"image": None},
        {"table": TABLE.table},
        {"target": "mask"},
        {"nonsense": 1},
        {"image": {"height": 3, "width": 8, "channels": 1}},
        {"image": {"height": 8, "width": 8, "channels": 4}},
        {"image": {"height": True, "width": 8, "channels": 1}},
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DatasetSpec.model_validate(dict(IMAGES) | change)


def test_a_table_whose_target_is_text_is_written_as_before_targets_had_types() -> None:
    plain = TableSpec(columns=(Column(name="x", kind="numeric", dtype="float64"),), target="y")
    assert set(plain.model_dump(mode="json")) == {"columns", "target", "rules"}
    typed = plain.model_copy(update={"target_type": TargetType(arrow="int64")})
    assert typed.model_dump(mode="json")["target_type"] == {"arrow": "int64", "categories": []}
    assert TableSpec.model_validate(typed.model_dump(mode="json")) == typed


def test_a_record_cannot_be_changed_nor_hold_infinity() -> None:
    with pytest.raises(ValidationError):
        CLASSES[0].label = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        RangeRule(column="x", low=float("inf"))


def test_labels_and_keys_lead_to_class_indices() -> None:
    assert IMAGES.labels == ("Red", "b/ü")
    assert IMAGES.class_indices(["b/ü", "Red", "b/ü"]).tolist() == [1, 0, 1]
    assert [IMAGES.index_of(record.key) for record in CLASSES] == [0, 1]
    for ask in (lambda: IMAGES.index_of("Red"), lambda: IMAGES.class_indices(["red"])):
        with pytest.raises(KeyError):
            ask()


def test_code_for_one_modality_refuses_the_other() -> None:
    assert IMAGES.images is IMAGES.image
    assert TABLE.tables is TABLE.table
    with pytest.raises(DataError, match="Table rows are needed"):
        _ = IMAGES.tables
    with pytest.raises(DataError, match="Images are needed"):
        _ = TABLE.images


def test_a_rows_storage_follows_from_what_it_is() -> None:
    assert IMAGES.payload == ArrayField(shape=(8, 6, 3))
    assert TABLE.payload == FrameField(columns=TABLE.tables.columns)
    assert (IMAGES.things, TABLE.things) == ("images", "rows")


@pytest.mark.parametrize("rule", [{"kind": "order", "columns": ["x"]}, {"kind": "equal", "column": "x"}])
def test_a_rule_of_no_kind_or_of_one_column_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TableSpec.model_validate({"columns": [], "target": "y", "rules": [rule]})
