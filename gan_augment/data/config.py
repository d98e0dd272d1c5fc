"""Settings of `prepare`: the place of the data, how it is read, and how it is split."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from gan_augment.core.quantities import Level
from gan_augment.core.records import ColumnKind, Record, Role, Rule

__all__ = [
    "DEMO_NAMES",
    "AnySource",
    "CompanionSource",
    "DemoName",
    "DemoSource",
    "ImageFolderSource",
    "ImageManifestSource",
    "NpzSource",
    "PoolDemo",
    "PoolFolder",
    "PoolManifest",
    "PoolNpz",
    "PoolSource",
    "PoolWebDataset",
    "PrepareConfig",
    "SplitConfig",
    "TableSource",
    "WebDatasetSource",
]

DemoName = Literal[
    "digits",
    "breast_cancer",
    "penguins",
    "colour_digits",
    "characters",
    "two_domains",
    "stickers",
    "plates",
    "moving_digits",
]
DEMO_NAMES: tuple[DemoName, ...] = (
    "digits",
    "breast_cancer",
    "penguins",
    "colour_digits",
    "characters",
    "two_domains",
    "stickers",
    "plates",
    "moving_digits",
)
Side = Annotated[int, Field(ge=4, le=1024)]  # pixels
ONE_COLUMN: tuple[Role, ...] = ("pair", "mask", "caption", "text", "voxels")  # the others have several


class DemoSource(Record):
    """Data set that comes with the package."""

    kind: Literal["demo"] = "demo"
    name: DemoName


class ImageFolderSource(Record):
    """Folder of images.

    Attributes
    ----------
    class_from
        The folder that names the class of `cat/2024/1.png`: `top` (`cat`), `parent` (`2024`), or `path` (`cat/2024`).
    part_names
        The meaning of class folders named `train`, `val` or `test`: `refuse` to guess, or `classes` like any other.
    """

    kind: Literal["image_folder"] = "image_folder"
    path: str
    class_from: Literal["top", "parent", "path"] = "top"
    part_names: Literal["refuse", "classes"] = "refuse"


class TableSource(Record):
    """CSV or Parquet table with a target column.

    Attributes
    ----------
    drop
        Columns that are not features.
    kinds
        The kind of a column where the guess is wrong; a column named here is never dropped as id-like or text.
    missing
        Spellings of a missing value beside the usual ones (empty, NA, NaN, null, None).
    rules
        Rules that every row satisfies, synthetic rows too: ranges, orders of columns, combinations of levels.
    encoding
        Encoding of a CSV file; null: UTF-8, or Windows-1252 where the file cannot be UTF-8.
    decimal
        Decimal sign of a CSV file: `.` or `,` (the other one then separates thousands); null: derived from the
        spelling of the numbers.
    """

    kind: Literal["table"] = "table"
    path: str
    target: str
    drop: tuple[str, ...] = ()
    kinds: dict[str, ColumnKind] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None


class ImageManifestSource(Record):
    """CSV or Parquet table with a column of image paths (relative to the table's folder) and a target column."""

    kind: Literal["image_manifest"] = "image_manifest"
    path: str
    target: str
    image: str
    encoding: str | None = None


class NpzSource(Record):
    """`.npz` file in the MedMNIST layout: `train_images`, `train_labels`, and the same of `val` and `test`."""

    kind: Literal["npz"] = "npz"
    path: str


class WebDatasetSource(Record):
    """WebDataset tar, or a folder of them: per sample an image and its class in a file `.cls`, `.txt` or `.json`.

    Attributes
    ----------
    label
        The ending of the file that holds the class.
    label_key
        The key of a `.json` file that holds the class.
    """

    kind: Literal["webdataset"] = "webdataset"
    path: str
    label: Literal["cls", "txt", "json"] = "cls"
    label_key: str = "label"


AnySource = Annotated[
    DemoSource | ImageFolderSource | TableSource | ImageManifestSource | NpzSource | WebDatasetSource,
    Field(discriminator="kind"),
]


class CompanionSource(Record):
    """Source of a companion of every row: one of path, column, columns, ending and array.

    Attributes
    ----------
    path
        A folder with the same relative paths as the images' own; another ending of the file will do (`cat/1.txt`).
    column
        A column of the list of images, of Hugging Face's metadata.csv, .jsonl or .parquet in the folder of images, or a
        key of a WebDataset's `.json`. For a mask, a pair or voxels it holds paths.
    columns
        Several of these, for `attributes` and for `sequence` (which has two: the sequence, and the frame's number). Of
        an `.npz` file: several arrays.
    ending
        In a WebDataset, the ending of the file, such as `mask.png`; with column or columns that of the JSON file.
    array
        In an `.npz` file, NAME stands for the arrays `train_NAME`, `val_NAME` and `test_NAME`.
    missing
        Rows without it: `refuse`, or `leave_out` (they are named in reports/audit.json).
    """

    path: str | None = None
    column: str | None = None
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    ending: str | None = None
    array: str | None = None
    missing: Literal["refuse", "leave_out"] = "refuse"

    @model_validator(mode="after")
    def _one_place(self) -> CompanionSource:
        given = [name for name in ("path", "column", "columns", "ending", "array") if getattr(self, name) is not None]
        if len(given) != 1 and given not in (["column", "ending"], ["columns", "ending"]):
            raise ValueError(
                f"one of path, column, columns, ending and array is needed, not {' and '.join(given) or 0}"
            )
        if self.columns and len(set(self.columns)) < len(self.columns):
            raise ValueError("a column is named twice")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return (self.column,) if self.column is not None else self.columns or ()


def _as_many_columns_as_the_role_has(value: dict[Role, CompanionSource]) -> dict[Role, CompanionSource]:
    for role, source in value.items():
        if source.columns is not None and role in ONE_COLUMN:
            raise ValueError(f"{role}: `column` is needed, as a {role} has one, not `columns`")
        if role == "sequence" and len(source.columns or ()) != 2:
            raise ValueError("sequence: `columns` with two names is needed, the sequence and the frame's number")
        if role == "attributes" and (source.path or (source.ending and not source.names)):
            raise ValueError("attributes: `columns` (or `column`, or `array`) is needed, as values need names")
    return value


Roles = Annotated[dict[Role, CompanionSource], AfterValidator(_as_many_columns_as_the_role_has)]


class PoolDemo(Record):
    """The pool that comes with a demo.

    Attributes
    ----------
    name
        Name of the demo.
    companions
        Of two_domains {pair: {column: pair, missing: leave_out}}: the rows that have a pair, and these. Of
        moving_digits {sequence: {columns: [clip, frame]}}.
    """

    kind: Literal["demo"] = "demo"
    name: Literal["two_domains", "plates", "moving_digits"] = "two_domains"
    companions: Roles = Field(default_factory=dict)

    @property
    def path(self) -> str:
        """What it is called in messages."""
        return f"the demo {self.name}"

    @property
    def group(self) -> None:
        """A demo's rows belong to no groups."""
        return None


class _Pool(Record):
    """Settings of every kind of pool.

    Attributes
    ----------
    group
        The groups of pool rows among those of the labelled rows, as in `prepare.split.group`; null: by that same
        setting; `none`: no pool row belongs to a group.
    companions
        The companions of every pool row, as in `prepare.companions`.
    """

    path: str
    group: str | None = None
    companions: Roles = Field(default_factory=dict)


class PoolFolder(_Pool):
    """Folder of images, at any depth.

    Attributes
    ----------
    class_from
        The folder that names the class, as for labelled images; `none`: the images have no labels.
    """

    kind: Literal["image_folder"] = "image_folder"
    class_from: Literal["none", "top", "parent", "path"] = "none"


class PoolManifest(_Pool):
    """CSV or Parquet table with a column of image paths.

    Attributes
    ----------
    target
        The column with the class, whose cells may be empty; null: the images have no labels.
    """

    kind: Literal["image_manifest"] = "image_manifest"
    image: str
    target: str | None = None
    encoding: str | None = None


class PoolNpz(_Pool):
    """`.npz` file with arrays `images` or `NAME_images`; `labels` or `NAME_labels` are read where they exist."""

    kind: Literal["npz"] = "npz"


class PoolWebDataset(_Pool):
    """WebDataset tar, or a folder of them.

    Attributes
    ----------
    label
        The ending of the file that holds the class, which samples may lack; `none`: the images have no labels.
    label_key
        The key of a `.json` file that holds the class.
    """

    kind: Literal["webdataset"] = "webdataset"
    label: Literal["none", "cls", "txt", "json"] = "none"
    label_key: str = "label"


PoolSource = Annotated[PoolDemo | PoolFolder | PoolManifest | PoolNpz | PoolWebDataset, Field(discriminator="kind")]


class SplitConfig(Record):
    """Shares of the validation and test parts; the rest is train.

    Attributes
    ----------
    validation, test
        Shares of each class's rows.
    group
        Rows of a group (a patient, a writer) stay together: a column of the table or manifest; for an image folder
        `folder` (images of one folder stay together), for WebDataset `tar` (those of one tar) or `folder`, for both
        also a regular expression whose first bracket is the group. An `.npz` file has none.
    column
        Your own split: a column of the table or manifest with train, validation or test; for an image folder
        `folder`, where the top folders are named so; for WebDataset `tar`, where the tars or their folders are. An
        `.npz` file always brings its own. A missing part is taken from train.
    leaks
        A row with a copy or a group member in a later part of your own split: `refuse` the data, or
        `drop` it from the earlier part.
    """

    validation: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    group: str | None = None
    column: str | None = None
    leaks: Literal["refuse", "drop"] = "refuse"

    @model_validator(mode="after")
    def _train_is_left(self) -> SplitConfig:
        if self.validation + self.test >= 0.9:
            raise ValueError("validation + test must leave at least 0.1 for train")
        return self


class PrepareConfig(Record):
    """The `prepare` section.

    Attributes
    ----------
    source
        The source of the data.
    pool
        More images of the same kind, with labels or without, that only synthesizers see; null: there are none.
    exclude
        Labels to leave out.
    image_size
        Side of the square canonical image in pixels, or [height, width]; multiples of 4. Null: chosen from the data,
        at most 64; [height, width] of as many pixels where most images are long in the same way.
    resize
        The way to bring an image into another shape: `crop` its middle, `pad` it, or `stretch` it.
    background
        Grey level 0-255 behind transparent pixels and in padding.
    black, white
        Of images with more than 8 bits: the values that are black and white. For 16 bits 0 and 65535, or what the
        camera's depth says (12 bit: 4095). Signed, 32-bit and floating-point images that hold other values are scaled
        from the lowest to the highest of the whole data set, with a warning that names the values to set here.
    corrupt
        Images that cannot be read: `refuse`, or `skip` (they are named in reports/audit.json).
    near_duplicates
        Copies and near copies: `together` in one part of the split, or `ignore` (exact copies still stay together).
    target
        The target of the downstream model: `label`, the class; `attributes`, the values beside each image; or `text`,
        the string in each image (`prepare.companions.text`).
    companions
        The companions of every image, for methods that use them: a mask, a caption, attributes. Each has its source,
        such as {mask: {path: masks}, caption: {column: text}}. Test inputs have none.
    """

    source: AnySource
    companions: Roles = Field(default_factory=dict)
    pool: PoolSource | None = None
    exclude: tuple[str, ...] = ()
    image_size: Side | tuple[Side, Side] | None = None
    resize: Literal["crop", "pad", "stretch"] = "crop"
    background: int = Field(default=255, ge=0, le=255)
    black: Level = 0
    white: Level = 65535
    corrupt: Literal["refuse", "skip"] = "refuse"
    near_duplicates: Literal["together", "ignore"] = "together"
    split: SplitConfig = SplitConfig()
    target: Literal["label", "attributes", "text"] = "label"

    @model_validator(mode="after")
    def _white_above_black(self) -> PrepareConfig:
        if not self.black < self.white:
            raise ValueError(f"black must be less than white, not {self.black} and {self.white}")
        return self

    @field_validator("image_size", mode="before")
    @classmethod
    def _one_or_two_sides(cls, value: Any) -> Any:
        sides = value if isinstance(value, list | tuple) else (value,)
        if value is None or (len(sides) == 2 and all(map(_is_side, sides))) or (value is not sides and _is_side(value)):
            return value
        if value is not sides and isinstance(value, int) and 4 < value < 1024 and not isinstance(value, bool):
            raise ValueError(f"must be a multiple of 4, such as {value // 4 * 4} or {value // 4 * 4 + 4}")
        raise ValueError("must be a multiple of 4 from 4 to 1024, or two of them: [height, width]")


def _is_side(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 4 == 0 and 4 <= value <= 1024
