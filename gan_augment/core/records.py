"""What a data set is: its modality, classes, image size or table columns. Written once by `prepare` as dataset.json."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.checksums import telling_damage
from gan_augment.core.quantities import without_truths

__all__ = [
    "ClassRecord",
    "Column",
    "ColumnKind",
    "CombinationRule",
    "DatasetSpec",
    "ImageSpec",
    "Modality",
    "OrderRule",
    "RangeRule",
    "Record",
    "Rule",
    "TableSpec",
    "TargetType",
]

Modality = Literal["image", "table"]
ColumnKind = Literal["numeric", "categorical", "boolean", "datetime"]


class Record(BaseModel):
    """Base of every frozen value object: unknown keys are errors."""

    # No infinity, no NaN: JSON has neither, and no setting means anything by them.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        fields = cls.model_fields
        return {k: without_truths(v, fields[k].annotation) if k in fields else v for k, v in value.items()}


class ClassRecord(Record):
    """A class: `key` is safe in stage names and paths ([a-z0-9_-]+), `label` is what the user wrote."""

    key: str
    label: str


class ImageSpec(Record):
    """The canonical size of every image: uint8, height x width x channels (1 grey, 3 RGB)."""

    height: int = Field(ge=4)
    width: int = Field(ge=4)
    channels: Literal[1, 3]


class Column(Record):
    """One feature column. It holds no statistic of the data: those are fitted on the train part only.

    `dtype` is the pandas dtype to give back (`"float64"`, `"Int64"`, `"string"`, `"boolean"`, `"datetime64[ns]"`...).
    `integer` marks numeric columns whose values are whole numbers; `decimals` the digits after the point that the
    source used (None: unrounded). Whole numbers of kind `datetime` are days or other times by their digits: 20230623.
    `arrow` is the Arrow type of a Parquet source, which an export writes, where `dtype` says less.
    """

    name: str
    kind: ColumnKind
    dtype: str
    integer: bool = False
    decimals: int | None = None
    arrow: str | None = None


class RangeRule(Record):
    """`low` <= column <= `high` wherever the column is not missing. Times are written as text: "2020-01-31"."""

    kind: Literal["range"] = "range"
    column: str
    low: int | float | str | None = None
    high: int | float | str | None = None


class OrderRule(Record):
    """The columns do not descend from left to right, among those that are not missing: start <= end."""

    kind: Literal["order"] = "order"
    columns: tuple[str, ...] = Field(min_length=2)


class CombinationRule(Record):
    """Only combinations of these columns' values that a train row has: city and country, say."""

    kind: Literal["combination"] = "combination"
    columns: tuple[str, ...] = Field(min_length=2)


Rule = Annotated[RangeRule | OrderRule | CombinationRule, Field(discriminator="kind")]


class TargetType(Record):
    """The Arrow type of the target in a Parquet source, in which an export has it: labels are texts everywhere else.

    `categories` are the texts of a dictionary's values, in its order.
    """

    arrow: str
    categories: tuple[str, ...] = ()


class TableSpec(Record):
    """Feature columns in the order of the source, the target column's name, and the rules that every row keeps.

    `target_type` is None where the target was text: in CSV, and in exports of older versions.
    """

    columns: tuple[Column, ...]
    target: str
    rules: tuple[Rule, ...] = ()
    target_type: TargetType | None = None


class DatasetSpec(Record):
    """dataset.json: everything about the data set that is not data."""

    name: str
    modality: Modality
    classes: tuple[ClassRecord, ...]
    image: ImageSpec | None = None
    table: TableSpec | None = None
    licence: str = "unknown"

    @model_validator(mode="after")
    def _one_modality(self) -> DatasetSpec:
        if (self.image is not None) != (self.modality == "image") or (self.table is not None) != (
            self.modality == "table"
        ):
            raise ValueError("`image` goes with modality image, `table` with modality table")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The users' labels; a label's place here is its class index everywhere else."""
        return tuple(record.label for record in self.classes)

    def index_of(self, key: str) -> int:
        """The class index of a class key. Raises KeyError."""
        for index, record in enumerate(self.classes):
            if record.key == key:
                return index
        raise KeyError(key)

    def save(self, path: Path, *, sealed: bool = False) -> None:
        """Write as JSON, atomically; `sealed` as `write_json` has it."""
        write_json(path, self.model_dump(mode="json"), sealed=sealed)

    @classmethod
    def load(cls, path: Path) -> DatasetSpec:
        """Read dataset.json. Raises MissingInputError, DamagedInputError."""
        with telling_damage(path):
            return cls.model_validate(read_json(path))
