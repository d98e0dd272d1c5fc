"""A folder of images: folders name the classes, and where the user says so the split and the groups."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.config import ImageFolderSource, SplitConfig
from gan_augment.data.parts import part_of
from gan_augment.data.paths import existing_directory
from gan_augment.data.problems import Problem
from gan_augment.data.sources.api import EncodedImage, RawData, RawImages, make_rows

__all__ = ["IMAGE_SUFFIXES", "class_folder", "find_files", "read"]

IMAGE_SUFFIXES = frozenset(
    {
        *(".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm"),
        *(".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp"),
    }
)
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})  # what operating systems leave behind


def read(config: Any, root: Path, split: SplitConfig) -> RawData:
    """See `Reader`."""
    assert isinstance(config, ImageFolderSource)
    folder = existing_directory(root, config.path)
    images, others = find_files(folder)
    if not images:
        raise _no_images(folder, others)
    inner = [_inside(path, folder, split) for path in images]
    labels = [class_folder(path, config.class_from) for path in inner]
    loose = [str(path) for path, label in zip(images, labels, strict=True) if not label]
    kept = [i for i, label in enumerate(labels) if label]
    if not kept:
        raise _no_classes(folder, loose)
    rows = make_rows(
        label=[labels[i] for i in kept],
        identity=[images[i].as_posix() for i in kept],
        source=[images[i].as_posix() for i in kept],
        group=[_group(inner[i], split.group) for i in kept],
        split=[_part(images[i], split) for i in kept],
    )
    handles = tuple(EncodedImage(images[i].as_posix(), (folder / images[i]).read_bytes) for i in kept)
    problems = tuple(_ignored(folder, others, loose))
    return RawData(folder.resolve().name, "unknown", rows, RawImages(handles), problems)


def find_files(folder: Path) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """Paths below `folder`, relative to it and sorted: images by their ending, and everything else.

    Raises DataError where a folder cannot be read: its images would be missed without a word.
    """
    images: list[PurePosixPath] = []
    others: list[PurePosixPath] = []
    for place, names, files in os.walk(folder, onerror=_refuse_folder):
        names[:] = sorted(name for name in names if not _is_litter(name))
        for name in files:
            if not _is_litter(name):
                path = PurePosixPath((Path(place) / name).relative_to(folder).as_posix())
                (images if path.suffix.lower() in IMAGE_SUFFIXES else others).append(path)
    return sorted(images), sorted(others)


def _refuse_folder(error: OSError) -> NoReturn:
    raise DataError(
        "A folder of the data cannot be read",
        where=error.filename,
        got=error.strerror,
        remedy="give yourself the right to read it (chmod u+rx), or move it out of the data",
    ) from None


def class_folder(path: PurePosixPath, class_from: str) -> str:
    """The label of an image at this path inside the data's folder; empty where it lies in no class folder."""
    folders = path.parts[:-1]
    if not folders:
        return ""
    return {"top": folders[0], "parent": folders[-1], "path": "/".join(folders)}[class_from]


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER


def _inside(path: PurePosixPath, folder: Path, split: SplitConfig) -> PurePosixPath:
    """The path without the folder that names the split."""
    if split.column is None:
        return path
    if split.column != "folder":
        raise ParamsError(
            "A folder of images has no columns",
            where="prepare.split.column in params.yaml",
            got=repr(split.column),
            expected="`folder` (the top folders are named train, validation, test) or null",
        )
    if part_of(path.parts[0]) is None or len(path.parts) < 2:
        raise DataError(
            "A top folder does not name a part of the split",
            where=folder / path,
            got=path.parts[0],
            expected="train, val (or validation) or test, because prepare.split.column is `folder`",
            remedy="rename the folder, or set prepare.split.column to null",
        )
    return PurePosixPath(*path.parts[1:])


def _part(path: PurePosixPath, split: SplitConfig) -> str:
    return (part_of(path.parts[0]) or "") if split.column == "folder" else ""


def _group(path: PurePosixPath, group: str | None) -> str:
    if group is None:
        return ""
    if group == "folder":
        return path.parent.as_posix()
    found = _pattern(group).search(path.as_posix())
    if found is None:
        raise DataError(
            "A file name does not hold the group that prepare.split.group asks for",
            where=str(path),
            expected=f"something that matches {group!r}",
            remedy="correct the regular expression, or rename the file",
        )
    return found.group(1)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise _bad_group(text, str(error)) from None
    if pattern.groups < 1:
        raise _bad_group(text, "no brackets in it")
    return pattern


def _bad_group(text: str, reason: str) -> ParamsError:
    return ParamsError(
        "The group of an image folder cannot be understood",
        where="prepare.split.group in params.yaml",
        got=f"{text!r}: {reason}",
        expected="`folder`, or a regular expression with the group in its first brackets, such as (patient[0-9]+)_",
    )


def _ignored(folder: Path, others: list[PurePosixPath], loose: list[str]) -> Iterator[Problem]:
    if others:
        are = (
            "files among the images are not images and are"
            if len(others) > 1
            else "file among the images is none and is"
        )
        yield Problem(
            severity="warning",
            what=f"{len(others)} {are} ignored",
            where=str(folder),
            places=tuple(map(str, others)),
        )
    if loose:
        yield Problem(
            severity="error",
            what=f"{len(loose)} images lie in no class folder",
            where=str(folder),
            places=tuple(loose),
            expected="one folder a class, with the images in it",
            remedy="move them into a class folder, or away",
        )


def _no_images(folder: Path, others: list[PurePosixPath]) -> DataError:
    tables = [path for path in others if path.suffix.lower() in (".csv", ".tsv", ".parquet")]
    return DataError(
        "There are no images in this folder",
        where=folder,
        got=f"{len(others)} other files, such as {others[0]}" if others else "an empty folder",
        expected="one folder a class with images in it (PNG, JPEG, TIFF, BMP, GIF, WebP...)",
        remedy=f"for a table, name the file: {folder / tables[0]}" if tables else "check the path",
    )


def _no_classes(folder: Path, loose: list[str]) -> DataError:
    return DataError(
        "The images lie side by side: there is no folder that names a class",
        where=folder,
        got=f"{len(loose)} images such as {loose[0]}",
        expected="one folder a class, or a CSV of image paths and classes",
        remedy="sort the images into folders, or write a CSV with a column of paths and a column of classes",
    )
