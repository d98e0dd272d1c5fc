"""Companions in tables and in folders: code that the readers of several sources share."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import pandas as pd

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Role
from gan_augment.data.config import CompanionSource
from gan_augment.data.paths import existing_directory, read_regular, shown
from gan_augment.data.problems import listing
from gan_augment.data.raw import Beside, Cells, Companions, EncodedImage
from gan_augment.data.sources.entries import list_entries
from gan_augment.data.table_files import TableFile, read_table_file
from gan_augment.data.targets import check_column, column_texts

__all__ = [
    "ARRAYS",
    "IMAGE_SUFFIXES",
    "METADATA_NAMES",
    "SUFFIXES",
    "Form",
    "Sister",
    "cell_text",
    "cells_of_table",
    "files_in_cells",
    "metadata_cells",
    "read_metadata",
    "refuse_other_forms",
]

IMAGE_SUFFIXES = frozenset(
    {
        *(".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm"),
        *(".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp"),
    }
)
_TEXTS = frozenset((".txt", ".caption"))
SUFFIXES: Mapping[Role, frozenset[str]] = {  # of the files in a folder of companions
    "pair": IMAGE_SUFFIXES,
    "mask": IMAGE_SUFFIXES,
    "voxels": frozenset((".npy",)),
    "caption": _TEXTS,
    "text": _TEXTS,
}
ARRAYS: tuple[Role, ...] = ("pair", "mask", "voxels")  # roles that are files or arrays, not cells
METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")  # as Hugging Face's ImageFolder has them
FILE_NAME = "file_name"
Form = Literal["path", "column", "ending", "array"]
_EXAMPLES: Mapping[Form, str] = {
    "path": "{path: FOLDER}",
    "column": "{column: NAME} or {columns: [NAME, ...]}",
    "ending": "{ending: mask.png}",
    "array": "{array: NAME}",
}


def refuse_other_forms(companions: Companions, source: str, *forms: Form) -> None:
    """Raise ParamsError where a companion's setting names a place that this kind of source does not have."""
    for role, config in companions.items():
        given = {"columns": "column"}.get(name := _form(config), name)
        if given not in forms:
            raise ParamsError(
                f"{source} has no {name} in which companions could be" if forms else f"{source} has no companions",
                where=f"prepare.companions.{role} in params.yaml",
                got=str(config.model_dump(exclude_defaults=True)),
                expected=" or ".join(_EXAMPLES[form] for form in forms) or None,
                remedy=None if forms else "remove prepare.companions",
            )


def _form(config: CompanionSource) -> str:
    return next(name for name in ("path", "ending", "columns", "column", "array") if getattr(config, name) is not None)


def cells_of_table(path: Path, table: TableFile, role: Role, config: CompanionSource) -> list[Cells]:
    """Cells of each row in the columns of a companion. Raises DataError."""
    for name in config.names:
        check_column(path, table.frame, name, f"prepare.companions.{role}")
    columns = [_present(column_texts(table, name)) for name in config.names]
    return list(zip(*columns, strict=True))


def _present(texts: pd.Series) -> list[str | None]:
    return [None if pd.isna(text) or not str(text).strip() else str(text) for text in texts]


def files_in_cells(folder: Path, cells: Iterable[Cells | None]) -> list[Beside]:
    """Files that cells name, relative to `folder`."""
    names = [None if row is None else row[0] for row in cells]
    return [None if name is None else EncodedImage(name, partial(read_regular, folder / name)) for name in names]


class Sister:
    """Folder with the same relative paths as the folder of images."""

    def __init__(self, role: Role, config: CompanionSource, root: Path) -> None:
        assert config.path is not None
        self.folder, self._role = existing_directory(root, config.path), role
        self._of_stem: defaultdict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
        for path in list_entries(self.folder).files:
            if path.suffix.lower() in SUFFIXES[role]:
                self._of_stem[path.with_suffix("")].append(path)

    def paths(self, images: Sequence[PurePosixPath]) -> list[PurePosixPath | None]:
        """File of each image: of the same name, else with another ending. Raises DataError where two would do."""
        found = [self._of_stem.get(image.with_suffix(""), []) for image in images]
        own = [[image] if image in some else some for image, some in zip(images, found, strict=True)]
        several = [f"{shown(str(image))}: {', '.join(map(str, some))}" for image, some in zip(images, own, strict=True)
                   if len(some) > 1]  # fmt: skip
        if several:
            raise DataError(
                f"Several files could be the {self._role} of one image",
                where=shown(str(self.folder)),
                got=listing(several),
                expected="one file of the image's name, or one with its name and another ending",
                remedy="move the others away",
            )
        return [some[0] if some else None for some in own]

    def handles(self, images: Sequence[PurePosixPath]) -> list[Beside]:
        """The same files as handles to read."""
        return [
            None if path is None else EncodedImage(shown(path.as_posix()), partial(read_regular, self.folder / path))
            for path in self.paths(images)
        ]


def read_metadata(folder: Path, files: Iterable[PurePosixPath]) -> list[tuple[PurePosixPath, Path, TableFile]]:
    """Metadata files among the files of a folder of images, each with its own folder. Raises DataError."""
    found = [path for path in files if path.name in METADATA_NAMES]
    return [(path.parent, folder / path, _read_table(folder / path)) for path in found]


def _read_table(path: Path) -> TableFile:
    table = _read_jsonl(path) if path.suffix == ".jsonl" else read_table_file(path)
    check_column(path, table.frame, FILE_NAME, "the images' paths")
    return table


def _read_jsonl(path: Path) -> TableFile:
    """JSON Lines: an object per line, its values as texts."""
    rows, places = [], []
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            rows.append(_object(path, number, line))
            places.append(f"line {number}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pd.DataFrame({name: pd.array([cell_text(row.get(name)) for row in rows], dtype="string") for name in names})
    return TableFile(frame, tuple(places), typed=False, decimal_comma=False, problems=())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("The metadata cannot be read", where=path, got=str(error), expected="UTF-8 text") from None


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        found = str(error).splitlines()[0]
    if isinstance(found, dict):
        return found
    raise DataError(
        "A line of the metadata is not a JSON object",
        where=f"{path}, line {number}",
        got=str(found)[:80],
        expected='one object a line, such as {"file_name": "cat/1.png", "text": "a black cat"}',
        remedy="correct the line",
    )


def cell_text(value: Any) -> str | None:
    """JSON value as a cell: numbers and booleans as texts; None for null, lists and objects."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    return text or None


def metadata_cells(
    tables: Sequence[tuple[PurePosixPath, Path, TableFile]], role: Role, config: CompanionSource
) -> dict[PurePosixPath, tuple[Cells, PurePosixPath]]:
    """Cells by the path of an image, and the folder of its metadata. Raises DataError for an image named twice."""
    found: dict[PurePosixPath, tuple[Cells, PurePosixPath]] = {}
    twice = []
    for parent, path, table in tables:
        for name, cells in zip(column_texts(table, FILE_NAME), cells_of_table(path, table, role, config), strict=True):
            image = parent / str(name)
            twice += [f"{shown(str(path))}: {name}"] if image in found else []
            found[image] = cells, parent
    if twice:
        raise DataError(
            "Metadata name an image twice",
            got=listing(twice),
            expected="one row an image",
            remedy="remove the others",
        )
    return found
