"""Lists of images: a CSV or Parquet table with a column of image paths and a column of classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from gan_augment.core.errors import DataError
from gan_augment.core.records import Role
from gan_augment.data.config import ImageManifestSource, PoolManifest, SplitConfig
from gan_augment.data.paths import existing_file, kind_of, read_regular, shown
from gan_augment.data.problems import Problem, listing
from gan_augment.data.raw import NO_COMPANIONS, Beside, Companions, EncodedImage, RawData, RawImages
from gan_augment.data.sources.beside import ARRAYS, cells_of_table, files_in_cells, refuse_other_forms
from gan_augment.data.table_files import TableFile, read_table_file
from gan_augment.data.targets import check_column, rows_of_table

__all__ = ["read"]


def read(config: Any, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS) -> RawData:
    """See `Reader`."""
    assert isinstance(config, ImageManifestSource | PoolManifest)
    refuse_other_forms(companions, "A list of images", "column")
    path = existing_file(root, config.path)
    table = read_table_file(path, config.encoding)
    check_column(path, table.frame, config.image, "the image paths")
    rows = rows_of_table(path, table, config.target, split, may_lack=isinstance(config, PoolManifest))
    names = [_name(value) for value in table.frame[config.image]]
    _check_files(path, table, names)
    handles = tuple(EncodedImage(name, partial(read_regular, path.parent / name)) for name in names)
    rows["source"] = rows["source"] + ": " + names
    problems = (*table.problems, *_about_paths(path, table, names))
    beside = dict(_beside(path, table, companions))
    content = RawImages(handles)
    return RawData(shown(path.stem), "unknown", rows, content, problems, entries=len(table.frame), companions=beside)


def _beside(path: Path, table: TableFile, companions: Companions) -> Iterator[tuple[Role, tuple[Beside, ...]]]:
    for role, config in companions.items():
        cells = cells_of_table(path, table, role, config)
        yield role, tuple(files_in_cells(path.parent, cells) if role in ARRAYS else cells)


def _name(value: Any) -> str:
    """Path in a cell; empty where the cell is empty (`None`, NaN and NA of Parquet too)."""
    return value if isinstance(value, str) else ""


def _check_files(path: Path, table: TableFile, names: list[str]) -> None:
    wrong = [
        f"{place}: {name or '(empty)'}{reason}"
        for place, name in zip(table.places, names, strict=True)
        if (reason := _why_no_file(path.parent, name)) is not None
    ]
    if not wrong:
        return
    raise DataError(
        f"{len(wrong)} of {len(names)} images do not exist",
        where=path,
        got=listing(wrong),
        expected=f"files, relative to {path.parent}" + (", with / between folders" if "\\" in "".join(wrong) else ""),
        remedy="correct the paths, or remove these rows",
    )


def _why_no_file(folder: Path, name: str) -> str | None:
    """None for a file; else the kind of object there, empty for nothing."""
    if not name:
        return ""
    try:
        kind = kind_of(folder / name)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return f" ({getattr(error, 'strerror', None) or error})"
    return None if kind == "a file" else f" ({kind})"


def _about_paths(path: Path, table: TableFile, names: list[str]) -> Iterator[Problem]:
    """Findings on paths that are valid on this machine only, and on files that several rows name."""
    places: defaultdict[Path, list[str]] = defaultdict(list)
    for place, name in zip(table.places, names, strict=True):
        places[(path.parent / name).resolve()].append(place)
    twice = [f"{shown(str(file))}: {', '.join(where[:5])}" for file, where in places.items() if len(where) > 1]
    if twice:
        yield Problem(
            severity="warning",
            what=f"{len(twice)} image{'s are' if len(twice) > 1 else ' is'} named by several rows",
            where=str(path),
            places=tuple(twice),
            remedy="keep one row an image; two classes of one image teach nothing",
        )
    absolute = [place for place, name in zip(table.places, names, strict=True) if PurePath(name).is_absolute()]
    if absolute:
        yield Problem(
            severity="warning",
            what=f"{len(absolute)} paths are absolute, so that the project works on this machine only",
            where=str(path),
            places=tuple(absolute[:20]),
            remedy=f"write them relative to {path.parent}",
        )
