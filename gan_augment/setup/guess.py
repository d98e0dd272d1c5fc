"""Guess of a path's kind of source and its settings, from names and headers."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pandas as pd

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.columns import MISSING_TEXTS, parse_text
from gan_augment.data.config import (
    AnySource,
    ImageFolderSource,
    ImageManifestSource,
    NpzSource,
    PoolFolder,
    PoolWebDataset,
    PrepareConfig,
    SplitConfig,
    TableSource,
    WebDatasetSource,
)
from gan_augment.data.parts import part_in, parts_of_folders
from gan_augment.data.paths import existing, existing_file, kind_of, shown
from gan_augment.data.sources.entries import list_entries
from gan_augment.data.sources.image_folder import IMAGE_SUFFIXES, is_image
from gan_augment.data.sources.webdataset import is_tar
from gan_augment.data.table_files import TABLE_SUFFIXES, TableFile, read_table_file
from gan_augment.data.targets import check_column
from gan_augment.setup.companions import folder_of_images

__all__ = ["POOL_NAMES", "guess_config"]

POOL_NAMES = frozenset(
    f"{word}{thing}" for word in ("unlabelled", "unlabeled", "pool") for thing in ("", "_images", "-images")
)

_USUAL_TARGETS = ("target", "label", "class", "species", "category", "diagnosis", "outcome", "y")
_SIGNS_FOR_MISSING = frozenset(("?", "-", "--", ".", "*", "missing", "unknown", "Missing", "Unknown"))
_FEW_CLASSES = 20
_MOST = 0.5  # share of entries that decides the kind of the whole; the reader reports those that do not fit


def guess_config(
    path: Path, *, target: str | None, image_column: str | None, encoding: str | None = None
) -> PrepareConfig:
    """The `prepare` section for the data at `path`, which is kept as an absolute path.

    `encoding` is that of a CSV file, where it must not be guessed.

    Raises
    ------
    DataError
        The path does not exist or cannot be read, or it is a table whose target is not named.
    ParamsError
        A column was named, but the data is no table.
    """
    found = existing(Path(), str(path)).resolve()
    _as_text(found)
    config = _guess(found, target, image_column, encoding)
    pool = None if isinstance(config.source, TableSource) else _sister_pool(found)
    return config.model_copy(update={"pool": pool})


def _guess(found: Path, target: str | None, image_column: str | None, encoding: str | None) -> PrepareConfig:
    if not found.is_dir() and found.suffix.lower() in TABLE_SUFFIXES:
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


def _sister_pool(data: Path) -> PoolFolder | PoolWebDataset | None:
    """Folder beside the data whose name says that its images have no labels."""
    for folder in sorted(data.parent.iterdir()):
        if folder == data or folder.name.lower() not in POOL_NAMES or not folder.is_dir():
            continue
        files = list_entries(folder).files
        if any(map(is_image, files)):
            return PoolFolder(path=_as_text(folder))
        if any(map(is_tar, files)):
            return PoolWebDataset(path=_as_text(folder))
    return None


def _guess_file(path: Path) -> AnySource:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return NpzSource(path=_as_text(path))
    if is_tar(PurePosixPath(path)):
        return WebDatasetSource(path=_as_text(path))
    raise DataError(
        "This kind of file cannot be read as a data set",
        where=path,
        got=_what_it_is(path),
        expected="a folder of images, .csv, .tsv, .parquet, .npz or WebDataset .tar",
        remedy="name the folder that holds one folder per class" if suffix in IMAGE_SUFFIXES else None,
    )


def _what_it_is(path: Path) -> str:
    suffix = path.suffix.lower()
    if not path.is_file():
        return kind_of(path)
    return f"an image ({suffix})" if suffix in IMAGE_SUFFIXES else shown(suffix) or "no file ending"


def _guess_folder(folder: Path) -> PrepareConfig:
    files = list_entries(folder).files
    images = [path for path in files if is_image(path)]
    tars = [path for path in files if is_tar(path)]
    if tars and len(tars) >= sum(len(path.parts) > 1 for path in images):  # beside tars a loose picture means little
        return _guess_tars(folder, tars)
    if beside := folder_of_images({image.parts[0] for image in images}):
        folder /= beside
        images = [PurePosixPath(*image.parts[1:]) for image in images if image.parts[0] == beside]
    while len(tops := {image.parts[0] for image in images}) == 1 and all(len(image.parts) > 2 for image in images):
        folder /= tops.pop()  # one folder around all classes: enter it
        images = [PurePosixPath(*image.parts[1:]) for image in images]
    source = ImageFolderSource(path=_as_text(folder))
    return PrepareConfig(source=source, split=SplitConfig(column="folder" if _parts_on_top(images) else None))


def _guess_tars(folder: Path, tars: list[PurePosixPath]) -> PrepareConfig:
    """Settings for tars: names such as train-, val- and test- are the user's split; the reader reports other names."""
    parts = [part_in(tar.as_posix()) for tar in tars]
    named = [part for part in parts if part is not None]
    is_split = len(set(named)) > 1 and len(named) >= _MOST * len(parts)
    return PrepareConfig(
        source=WebDatasetSource(path=_as_text(folder)), split=SplitConfig(column="tar" if is_split else None)
    )


def _parts_on_top(images: list[PurePosixPath]) -> bool:
    """Whether the top folders are the user's own split: parts, of which at least one has class folders.

    A few images elsewhere do not change the meaning of the others; the reader reports them.
    """
    parts = parts_of_folders({image.parts[0] for image in images if len(image.parts) > 1})
    nested = {image.parts[0] for image in images if len(image.parts) > 2}
    inside = [image for image in images if image.parts[0] in parts]
    with_classes = {part for top, part in parts.items() if top in nested}
    if len(inside) < _MOST * len(images) or not with_classes:
        return False
    # A single part may be a class of that name (a train among cars), unless another part exists beside it.
    return len(set(parts.values())) > 1


def _as_text(path: Path) -> str:
    """Path in a form that params.yaml can hold. Raises DataError where its name is not UTF-8."""
    text = str(path)
    if shown(text) == text:
        return text
    raise DataError(
        "The path is not UTF-8, so that params.yaml cannot name it",
        where=shown(text),
        remedy="rename the file or folder, or point to it with a link (ln -s) of another name",
    )


def _guess_table(path: Path, target: str | None, image_column: str | None, encoding: str | None) -> PrepareConfig:
    table = read_table_file(path, encoding)
    if target is None:
        raise _which_target(path, table)
    check_column(path, table.frame, target, "the target")
    paths = image_column or _column_of_images(table, target)
    if paths is not None:
        check_column(path, table.frame, paths, "the image paths")
        return PrepareConfig(
            source=ImageManifestSource(path=_as_text(path), target=target, image=paths, encoding=encoding)
        )
    missing = () if table.typed else _spellings_of_missing(table)
    return PrepareConfig(source=TableSource(path=_as_text(path), target=target, missing=missing, encoding=encoding))


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
    """Column with the most image paths; the reader reports cells that are not. Raises DataError."""
    found = [str(name) for name in table.frame.columns if name != target and _is_of_images(table.frame[name])]
    if len(found) > 1:
        raise DataError(
            "Several columns hold image paths",
            got=", ".join(map(repr, found)),
            expected="one column of images",
            remedy=f"name it: --image-column {found[0]}",
        )
    return found[0] if found else None


def _is_of_images(column: pd.Series) -> bool:
    """Whether a column holds image paths: web addresses are not paths, and a column of numbers has none."""
    texts = [value for value in column if isinstance(value, str) and value]
    images = sum(is_image(PurePosixPath(text)) and "://" not in text for text in texts)
    return images > 1 and images >= _MOST * len(texts)


def _spellings_of_missing(table: TableFile) -> tuple[str, ...]:
    """Signs such as "?" in columns that otherwise are numbers."""
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
