"""What kind of source a path is, and the settings it needs, from a look at names and headers."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.columns import MISSING_TEXTS, parse_text
from gan_augment.data.config import (
    AnySource,
    ImageFolderSource,
    ImageManifestSource,
    NpzSource,
    PrepareConfig,
    SplitConfig,
    TableSource,
    WebDatasetSource,
)
from gan_augment.data.parts import part_of
from gan_augment.data.paths import existing, existing_file
from gan_augment.data.sources.image_folder import IMAGE_SUFFIXES, find_files
from gan_augment.data.table_files import TABLE_SUFFIXES, TableFile, read_table_file
from gan_augment.data.targets import check_column

__all__ = ["guess_config"]

_USUAL_TARGETS = ("target", "label", "class", "species", "category", "diagnosis", "outcome", "y")
_SIGNS_FOR_MISSING = frozenset(("?", "-", "--", ".", "*", "missing", "unknown", "Missing", "Unknown"))
_FEW_CLASSES = 20
_LOOKED_AT = 50  # rows that say whether a column holds image paths


def guess_config(
    path: Path, *, target: str | None, image_column: str | None, encoding: str | None = None
) -> PrepareConfig:
    """The `prepare` section for the data at `path`, which is kept as an absolute path.

    `encoding` is that of a CSV file, where it is not to be guessed.

    Raises
    ------
    DataError
        There is nothing, or nothing that can be read, or a table whose target is not named.
    ParamsError
        A column was named, but the data is no table.
    """
    found = existing(Path(), str(path)).resolve()
    if found.is_file() and found.suffix.lower() in TABLE_SUFFIXES:
        return _guess_table(existing_file(Path(), str(found)), target, image_column, encoding)
    if target is not None or image_column is not None:
        raise ParamsError(
            "Columns can only be named for a table",
            where=found,
            got="a folder" if found.is_dir() else f"a file {found.suffix}",
            remedy="leave out --target and --image-column, or name the CSV or Parquet file",
        )
    if found.is_dir():
        return _guess_folder(found)
    return PrepareConfig(source=_guess_file(found))


def _guess_file(path: Path) -> AnySource:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return NpzSource(path=str(path))
    if suffix == ".tar":
        return WebDatasetSource(path=str(path))
    raise DataError(
        "This kind of file cannot be read as a data set",
        where=path,
        got=f"an image ({suffix})" if suffix in IMAGE_SUFFIXES else suffix or "no file ending",
        expected="a folder of images, .csv, .tsv, .parquet, .npz or WebDataset .tar",
        remedy="name the folder that holds one folder a class" if suffix in IMAGE_SUFFIXES else None,
    )


def _guess_folder(folder: Path) -> PrepareConfig:
    images, _ = find_files(folder)
    if not images and any(folder.glob("*.tar")):
        return PrepareConfig(source=WebDatasetSource(path=str(folder)))
    while len(tops := {image.parts[0] for image in images}) == 1 and all(len(image.parts) > 2 for image in images):
        folder /= tops.pop()  # one folder around all classes: go in
        images = [PurePosixPath(*image.parts[1:]) for image in images]
    source = ImageFolderSource(path=str(folder))
    if len(tops) > 1 and all(len(image.parts) > 2 and part_of(image.parts[0]) for image in images):
        return PrepareConfig(source=source, split=SplitConfig(column="folder"))
    return PrepareConfig(source=source)


def _guess_table(path: Path, target: str | None, image_column: str | None, encoding: str | None) -> PrepareConfig:
    table = read_table_file(path, encoding)
    if target is None:
        raise _which_target(path, table)
    check_column(path, table.frame, target, "the target")
    image = image_column or _column_of_images(table, target)
    if image is not None:
        check_column(path, table.frame, image, "the image paths")
        return PrepareConfig(source=ImageManifestSource(path=str(path), target=target, image=image, encoding=encoding))
    missing = () if table.typed else _spellings_of_missing(table)
    return PrepareConfig(source=TableSource(path=str(path), target=target, missing=missing, encoding=encoding))


def _which_target(path: Path, table: TableFile) -> DataError:
    names = [str(name) for name in table.frame.columns]
    usual = [name for name in names if name.lower() in _USUAL_TARGETS]
    few = [name for name in reversed(names) if 2 <= table.frame[name].nunique() <= _FEW_CLASSES]
    likely = [*usual, *(name for name in few if name not in usual)]
    return DataError(
        "Which column is the class?",
        where=path,
        got=f"columns {', '.join(map(repr, names[:30]))}",
        expected="a column to predict" + (f"; {', '.join(map(repr, likely[:5]))} would do" if likely else ""),
        remedy=f"gan-augment init {path} --target {likely[0] if likely else 'COLUMN'}",
    )


def _column_of_images(table: TableFile, target: str) -> str | None:
    for name in table.frame.columns:
        values = [str(value) for value in table.frame[name].head(_LOOKED_AT)]
        if name != target and all(PurePosixPath(value).suffix.lower() in IMAGE_SUFFIXES for value in values):
            return str(name)
    return None


def _spellings_of_missing(table: TableFile) -> tuple[str, ...]:
    """Signs such as "?" in columns that are numbers but for them."""
    found: set[str] = set()
    for name in table.frame.columns:
        column = table.frame[name]
        signs = _SIGNS_FOR_MISSING & set(column)
        if signs and _is_number_column(table, str(name), MISSING_TEXTS | signs):
            found |= signs
    return tuple(sorted(found))


def _is_number_column(table: TableFile, name: str, missing: frozenset[str]) -> bool:
    try:
        values = parse_text(table.frame[name], missing, decimal_comma=table.decimal_comma, decimal=table.decimal)
    except DataError:
        return False
    return str(values.dtype) in ("Int64", "UInt64", "float64")
