"""Description of a data set: modality, classes, image size or table columns. `prepare` writes it as dataset.json."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pydantic
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer, model_validator

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.checksums import telling_damage
from gan_augment.core.errors import DataError
from gan_augment.core.quantities import without_truths

__all__ = [
    "HELD",
    "ROLES",
    "THINGS",
    "ArrayField",
    "ClassRecord",
    "Column",
    "ColumnKind",
    "CombinationRule",
    "DatasetSpec",
    "Field",
    "FrameField",
    "ImageSpec",
    "Modality",
    "OrderRule",
    "PoolSpec",
    "RangeRule",
    "Record",
    "Role",
    "Rule",
    "TableSpec",
    "TargetType",
    "TextSpec",
]

Modality = Literal["image", "table"]
THINGS: dict[Modality, str] = {"image": "images", "table": "rows"}  # the words for several samples
ColumnKind = Literal["numeric", "categorical", "boolean", "datetime"]
# Data that may lie beside every row. Roles, not file names: a user's captions may be called `prompt`.
Role = Literal["pair", "mask", "caption", "text", "attributes", "sequence", "voxels"]
ROLES: tuple[Role, ...] = get_args(Role)
HELD = "attributes."  # prefix of an attribute's name in test_labels.parquet, which has columns of its own


class Record(BaseModel):
    """Base of every frozen value object: unknown keys are errors."""

    # No infinity, no NaN: JSON has neither, and no setting needs them.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        fields = cls.model_fields
        return {k: without_truths(v, fields[k].annotation) if k in fields else v for k, v in value.items()}


class ClassRecord(Record):
    """Class with a `key` safe in stage names and paths ([a-z0-9_-]+), and the `label` that the user wrote."""

    key: str
    label: str


class ImageSpec(Record):
    """Canonical size of every image: uint8, height x width x channels (1 grey, 3 RGB)."""

    height: int = pydantic.Field(ge=4)
    width: int = pydantic.Field(ge=4)
    channels: Literal[1, 3]


class Column(Record):
    """Feature column. It holds no statistic of the data: those are fitted on the train part only.

    `dtype` is the pandas dtype to restore (`"float64"`, `"Int64"`, `"string"`, `"boolean"`, `"datetime64[ns]"`...).
    `integer` marks numeric columns whose values are whole numbers; `decimals` is the number of digits after the point
    in the source (None: unrounded). Whole numbers of kind `datetime` are days or other times by their digits: 20230623.
    `arrow` is the Arrow type of a Parquet source, which an export writes, where `dtype` says less.
    """

    name: str
    kind: ColumnKind
    dtype: str
    integer: bool = False
    decimals: int | None = None
    arrow: str | None = None


class RangeRule(Record):
    """Rule that `low` <= column <= `high` where the column is not missing. Times are text: "2020-01-31"."""

    kind: Literal["range"] = "range"
    column: str
    low: int | float | str | None = None
    high: int | float | str | None = None


class OrderRule(Record):
    """Rule that the columns do not descend from left to right, among those that are not missing: start <= end."""

    kind: Literal["order"] = "order"
    columns: tuple[str, ...] = pydantic.Field(min_length=2)


class CombinationRule(Record):
    """Rule that only combinations of these columns' values occur that a train row has, such as city and country."""

    kind: Literal["combination"] = "combination"
    columns: tuple[str, ...] = pydantic.Field(min_length=2)


Rule = Annotated[RangeRule | OrderRule | CombinationRule, pydantic.Field(discriminator="kind")]


class TargetType(Record):
    """Arrow type of the target in a Parquet source, restored in an export: labels are texts everywhere else.

    `categories` are the texts of a dictionary's values, in its order.
    """

    arrow: str
    categories: tuple[str, ...] = ()


class TableSpec(Record):
    """Feature columns in the order of the source, the target column's name, and the rules that every row satisfies.

    `target_type` is None where the target was text: in CSV, and in exports of older versions.
    """

    columns: tuple[Column, ...]
    target: str
    rules: tuple[Rule, ...] = ()
    target_type: TargetType | None = None

    @model_serializer(mode="wrap")
    def _without_a_later_default(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A key that came later is written where it says something: else every project would train again."""
        return {key: value for key, value in handler(self).items() if key != "target_type" or value is not None}


class ArrayField(Record):
    """Field that is a uint8 array [n, *shape]: images, masks, voxels."""

    kind: Literal["array"] = "array"
    shape: tuple[int, ...]


class FrameField(Record):
    """Field that is a DataFrame of n rows: the features of a table, a caption, attributes."""

    kind: Literal["frame"] = "frame"
    columns: tuple[Column, ...]


Field = Annotated[ArrayField | FrameField, pydantic.Field(discriminator="kind")]


class PoolSpec(Record):
    """Rows that only synthesizers see: their number, the number with a label, and the companions of each.

    `channels` are those of the images before they got the channels of the labelled ones; null: the same.
    """

    rows: int = pydantic.Field(ge=0)
    labelled: int = pydantic.Field(default=0, ge=0)
    companions: dict[Role, Field] = {}
    channels: Literal[1, 3] | None = None

    @model_serializer(mode="wrap")
    def _without_a_later_default(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A key that came later is written where it says something: else every project would train again."""
        return {key: value for key, value in handler(self).items() if key != "channels" or value is not None}


class TextSpec(Record):
    """What strings may be made of, where strings are what is learnt: the characters of train rows, and lengths."""

    alphabet: str = pydantic.Field(min_length=1)  # sorted, each once
    shortest: int = pydantic.Field(ge=1)
    longest: int = pydantic.Field(ge=1)

    @property
    def fixed(self) -> bool:
        """Whether all strings have one length."""
        return self.shortest == self.longest


_LATER = ("companions", "pool", "target", "text")  # keys of dataset.json


class DatasetSpec(Record):
    """Contents of dataset.json: the whole description of the data set, without its rows.

    `companions` describes what lies beside every train and validation row, `pool` the rows that only synthesizers see,
    `target` what the downstream model learns: the label, or a companion. The label stays the class in any case. `text`
    says what strings are made of, where they are the target.
    """

    name: str
    modality: Modality
    classes: tuple[ClassRecord, ...]
    image: ImageSpec | None = None
    table: TableSpec | None = None
    licence: str = "unknown"
    companions: dict[Role, Field] = {}
    pool: PoolSpec | None = None
    target: Literal["label"] | Role = "label"
    text: TextSpec | None = None

    @model_validator(mode="after")
    def _one_modality(self) -> DatasetSpec:
        described = {"image": self.image, "table": self.table}
        if [name for name, said in described.items() if said] != [self.modality]:
            raise ValueError("`image` goes with modality image, `table` with modality table")
        return self

    @model_validator(mode="after")
    def _target_is_there(self) -> DatasetSpec:
        if self.target != "label" and self.target not in self.companions:
            raise ValueError(f"the target is `{self.target}`, but the rows have no such companion")
        return self

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keys of later versions are written only where they are set: else every older project would train again."""
        said = {key for key in _LATER if getattr(self, key) != type(self).model_fields[key].default}
        return {key: value for key, value in handler(self).items() if key not in _LATER or key in said}

    @property
    def images(self) -> ImageSpec:
        """Value of `image`, for code that works with images only. Raises DataError."""
        if self.image is None:
            raise DataError("Images are needed", where=self.name, got="a data set of table rows")
        return self.image

    @property
    def strings(self) -> TextSpec:
        """`text`, for code that works with strings only. Raises DataError."""
        if self.text is None:
            raise DataError("Strings are needed", where=self.name, got=f"a data set whose target is {self.target}")
        return self.text

    @property
    def tables(self) -> TableSpec:
        """Value of `table`, for code that works with table rows only. Raises DataError."""
        if self.table is None:
            raise DataError("Table rows are needed", where=self.name, got="a data set of images")
        return self.table

    @property
    def things(self) -> str:
        """Word for several samples: images or rows."""
        return THINGS[self.modality]

    @property
    def payload(self) -> ArrayField | FrameField:
        """Storage form of the payload."""
        if self.image is not None:
            return ArrayField(shape=(self.image.height, self.image.width, self.image.channels))
        return FrameField(columns=self.tables.columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """The users' labels; a label's position here is its class index everywhere else."""
        return tuple(record.label for record in self.classes)

    def class_indices(self, labels: Iterable[str]) -> npt.NDArray[np.int64]:
        """Class index of each label, int64 [n]. Raises KeyError."""
        places = {label: index for index, label in enumerate(self.labels)}
        return np.fromiter((places[label] for label in labels), dtype=np.int64)

    def index_of(self, key: str) -> int:
        """Class index of a class key. Raises KeyError."""
        for index, record in enumerate(self.classes):
            if record.key == key:
                return index
        raise KeyError(key)

    def save(self, path: Path, *, sealed: bool = False) -> None:
        """Write as JSON, atomically; `sealed` as in `write_json`."""
        write_json(path, self.model_dump(mode="json"), sealed=sealed)

    @classmethod
    def load(cls, path: Path) -> DatasetSpec:
        """Read dataset.json. Raises MissingInputError, DamagedInputError."""
        with telling_damage(path):
            return cls.model_validate(read_json(path))
