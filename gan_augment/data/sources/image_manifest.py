"""A CSV or Parquet table with a column of image paths and a column of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gan_augment.core.errors import DataError
from gan_augment.data.config import ImageManifestSource, SplitConfig
from gan_augment.data.paths import existing_file
from gan_augment.data.problems import listing
from gan_augment.data.sources.api import EncodedImage, RawData, RawImages
from gan_augment.data.table_files import TableFile, read_table_file
from gan_augment.data.targets import check_column, rows_of_table

__all__ = ["read"]


def read(config: Any, root: Path, split: SplitConfig) -> RawData:
    """See `Reader`."""
    assert isinstance(config, ImageManifestSource)
    path = existing_file(root, config.path)
    table = read_table_file(path, config.encoding)
    check_column(path, table.frame, config.image, "the image paths")
    rows = rows_of_table(path, table, config.target, split)
    names = ["" if value is None else str(value) for value in table.frame[config.image]]
    _check_files(path, table, names)
    handles = tuple(EncodedImage(name, (path.parent / name).read_bytes) for name in names)
    rows["source"] = rows["source"] + ": " + names
    return RawData(path.stem, "unknown", rows, RawImages(handles), table.problems)


def _check_files(path: Path, table: TableFile, names: list[str]) -> None:
    absent = [
        f"{place}: {name or '(empty)'}"
        for place, name in zip(table.places, names, strict=True)
        if not name or not (path.parent / name).is_file()
    ]
    if not absent:
        return
    raise DataError(
        f"{len(absent)} of {len(names)} images are not there",
        where=path,
        got=listing(absent),
        expected=f"files, relative to {path.parent}",
        remedy="correct the paths, or remove these rows",
    )
