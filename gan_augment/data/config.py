"""Settings of `prepare`: where the data is and how it is split."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gan_augment.core.records import Record

__all__ = ["DemoSource", "ImageFolderSource", "ImageManifestSource", "PrepareConfig", "SplitConfig", "TableSource"]


class DemoSource(Record):
    """A data set that comes with the package."""

    kind: Literal["demo"]
    name: Literal["digits", "breast_cancer", "penguins"]


class ImageFolderSource(Record):
    """A folder of images; the folder that holds an image names its class."""

    kind: Literal["image_folder"]
    path: str


class TableSource(Record):
    """A CSV or Parquet table with a target column."""

    kind: Literal["table"]
    path: str
    target: str
    drop: tuple[str, ...] = ()


class ImageManifestSource(Record):
    """A CSV or Parquet table with a column of image paths and a target column."""

    kind: Literal["image_manifest"]
    path: str
    target: str
    image: str


class SplitConfig(Record):
    """Shares of the validation and test parts; the rest is train."""

    validation: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    group: str | None = None
    column: str | None = None


class PrepareConfig(Record):
    """The `prepare` section."""

    source: Annotated[
        DemoSource | ImageFolderSource | TableSource | ImageManifestSource, Field(discriminator="kind")
    ]
    image_size: int | None = Field(default=None, ge=4, le=1024)
    split: SplitConfig = SplitConfig()
