"""What a data set is: its modality, classes, image size or table columns. Written once by `prepare` as dataset.json."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gan_augment.core.atomic import read_json, write_json

__all__ = ["ClassRecord", "Column", "ColumnKind", "DatasetSpec", "ImageSpec", "Modality", "Record", "TableSpec"]

Modality = Literal["image", "table"]
ColumnKind = Literal["numeric", "categorical", "boolean", "datetime"]


class Record(BaseModel):
    """Base of every frozen value object: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    source used (None: unrounded).
    """

    name: str
    kind: ColumnKind
    dtype: str
    integer: bool = False
    decimals: int | None = None


class TableSpec(Record):
    """Feature columns in the order of the source, and the target column's name."""

    columns: tuple[Column, ...]
    target: str


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

    def save(self, path: Path) -> None:
        """Write as JSON, atomically."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def load(cls, path: Path) -> DatasetSpec:
        """Read dataset.json. Raises MissingInputError."""
        return cls.model_validate(read_json(path))
