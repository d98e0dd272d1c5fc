"""Shard formats: one file per format, with a writer and a reader. A new format is added to this table."""

from __future__ import annotations

from collections.abc import Callable

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Modality
from gan_augment.sharding.config import ExportConfig, FormatName, default_formats
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.api import ImageReader, ShardRows, TableReader, Writer, Written
from gan_augment.sharding.formats.folder import FolderReader, write_folder
from gan_augment.sharding.formats.parquet import ParquetReader, write_parquet
from gan_augment.sharding.formats.table import CsvReader, ParquetTableReader, write_table
from gan_augment.sharding.formats.webdataset import WebDatasetReader, write_webdataset

__all__ = [
    "IMAGE_READERS",
    "TABLE_READERS",
    "WRITERS",
    "ImageReader",
    "ShardRows",
    "TableReader",
    "Writer",
    "Written",
    "chosen_formats",
]

_MODALITY: dict[FormatName, Modality] = {
    "webdataset": "image",
    "parquet": "image",
    "folder": "image",
    "table": "table",
}
WRITERS: dict[FormatName, Writer] = {
    "webdataset": write_webdataset,
    "parquet": write_parquet,
    "folder": write_folder,
    "table": write_table,
}
IMAGE_READERS: dict[str, Callable[[Files], ImageReader]] = {
    "webdataset": WebDatasetReader,
    "parquet": ParquetReader,
    "folder": FolderReader,
}
TABLE_READERS: dict[str, Callable[[Files], TableReader]] = {"table": ParquetTableReader, "csv": CsvReader}


def chosen_formats(config: ExportConfig, modality: Modality) -> tuple[FormatName, ...]:
    """Formats to write. Raises ParamsError where one does not hold this modality."""
    formats = config.formats or default_formats(modality)
    for name in formats:
        if _MODALITY[name] != modality:
            raise ParamsError(
                f"The format {name!r} does not hold {modality} data",
                where="export.formats in params.yaml",
                got=", ".join(formats),
                expected=", ".join(known for known, kind in _MODALITY.items() if kind == modality),
                remedy="choose among these, or leave export.formats out",
            )
    return formats
