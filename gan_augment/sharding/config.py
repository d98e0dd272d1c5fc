"""Settings of `export`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from gan_augment.core.quantities import Samples
from gan_augment.core.records import Modality, Record

__all__ = ["ExportConfig", "FormatName", "PublishConfig", "default_formats"]

FormatName = Literal["webdataset", "parquet", "folder", "table"]


class ExportConfig(Record):
    """The `export` section.

    Attributes
    ----------
    formats
        Which layouts to write. Images: `webdataset` (tars), `parquet` (the Hugging Face image layout) and `folder`
        (one PNG a sample, a folder a class). Tables: `table` (CSV and Parquet shards). Null: `webdataset` for
        images, `table` for tables.
    rows_per_shard
        No shard holds more rows; shards differ by at most one row.
    workers
        Processes that write shards. The bytes do not depend on it.
    force
        Export the synthetic rows that the measurement spoke against, marked as such.
    licence
        Of your data, as the data card and the report give it, such as CC-BY-4.0. Null: what the data itself says, else
        "unknown".
    """

    formats: tuple[FormatName, ...] | None = Field(default=None, min_length=1)
    rows_per_shard: Samples = Field(default=10_000, ge=1)
    workers: int = Field(default=1, ge=1, le=256)
    force: bool = False
    licence: str | None = Field(default=None, min_length=1)

    @field_validator("formats")
    @classmethod
    def _distinct(cls, value: tuple[FormatName, ...] | None) -> tuple[FormatName, ...] | None:
        if value is not None and len(set(value)) != len(value):
            raise ValueError("a format is named twice")
        return value


class PublishConfig(Record):
    """The `publish` section: where finished shards go, and which verdict lets them. No stage depends on it.

    Attributes
    ----------
    to
        A folder, relative to params.yaml, in which `current` is the export that was published last. Null: nowhere.
    require
        `helps`: only shards whose synthetic rows the measurement speaks for. `no_harm`: not where the verdict is
        "hurts". `always`: whatever the verdict.
    keep
        Published versions to keep, the current one included.
    """

    to: str | None = Field(default=None, min_length=1)
    require: Literal["helps", "no_harm", "always"] = "helps"
    keep: int = Field(default=3, ge=1, le=1000)


_DEFAULT: dict[Modality, tuple[FormatName, ...]] = {"image": ("webdataset",), "table": ("table",)}


def default_formats(modality: Modality) -> tuple[FormatName, ...]:
    """What null means in `export.formats`."""
    return _DEFAULT[modality]
