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
        The layouts to write. Images: `webdataset` (tars), `parquet` (the Hugging Face image layout) and `folder`
        (one PNG per sample, one folder per class). Tables: `table` (CSV and Parquet shards). Null: `webdataset` for
        images, `table` for tables.
    rows_per_shard
        The most rows of a shard; shard sizes differ by at most one row.
    workers
        Processes that write shards. The bytes do not depend on their number.
    force
        Export the synthetic rows even against the measurement's verdict, marked as such.
    licence
        The licence of your data, for the data card and the report, such as CC-BY-4.0. Null: the data's own, else
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
    """The `publish` section: the place of finished shards, and the verdict that they need. No stage depends on it.

    Attributes
    ----------
    to
        A folder, relative to params.yaml, in which `current` is the last published export. Null: do not publish.
    require
        `helps`: only shards whose synthetic rows help by the measurement. `no_harm`: not where the verdict is
        "hurts". `always`: whatever the verdict.
    keep
        Published versions to keep, the current one included.
    """

    to: str | None = Field(default=None, min_length=1)
    require: Literal["helps", "no_harm", "always"] = "helps"
    keep: int = Field(default=3, ge=1, le=1000)


_DEFAULT: dict[Modality, tuple[FormatName, ...]] = {"image": ("webdataset",), "table": ("table",)}


def default_formats(modality: Modality) -> tuple[FormatName, ...]:
    """Formats that null means in `export.formats`."""
    return _DEFAULT[modality]
