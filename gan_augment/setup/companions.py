"""Guesses of companions from names: sister folders, metadata, columns, files in tars, arrays.

A guess is used only where at least half of the rows have it. `init` reports every guess, and drops it if `prepare`
would refuse it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.records import Role
from gan_augment.data.config import (
    AnySource,
    CompanionSource,
    DemoSource,
    ImageFolderSource,
    ImageManifestSource,
    NpzSource,
    WebDatasetSource,
)
from gan_augment.data.raw import Companions
from gan_augment.data.sources.beside import SUFFIXES, Sister, cell_text, read_metadata
from gan_augment.data.sources.entries import list_entries
from gan_augment.data.sources.tar_members import read_tar
from gan_augment.data.table_files import read_table_file
from gan_augment.data.targets import column_texts

__all__ = ["folder_of_images", "guess_companions", "said_of"]

_NAMES: dict[str, Role] = {
    **dict.fromkeys(("mask", "masks", "segmentation", "segmentations", "seg"), "mask"),
    **dict.fromkeys(("caption", "captions", "text", "texts", "prompt", "prompts", "description"), "caption"),
    **dict.fromkeys(("pair", "pairs", "paired"), "pair"),
    **dict.fromkeys(("voxel", "voxels"), "voxels"),
}
_IMAGES = frozenset(("image", "images", "img", "imgs", "photo", "photos", "picture", "pictures"))
_SEQUENCE, _FRAME = frozenset(("sequence", "clip", "video")), frozenset(("frame", "frame_number", "frame_index"))
_NO_ATTRIBUTE = frozenset(
    ("label", "class", "target", "category", "split", "part", "fold", "group", "patient", "licence")
)
_MOST_VALUES, _LEAST_ROWS = 20, 5  # distinct values of a guessed attribute, and rows of each
_MOST_NUMBERS = 0.5  # share of an attribute's values that may be numbers
_HALF = 0.5
_LOOKED_AT = 200  # samples of a tar that are read


def guess_companions(source: AnySource) -> dict[Role, CompanionSource]:
    """Companions of this source's images, by its names."""
    if isinstance(source, DemoSource):
        return dict(_of_demo(source))
    if isinstance(source, ImageFolderSource):
        return _of_folder(Path(source.path))
    if isinstance(source, ImageManifestSource):
        table = read_table_file(Path(source.path), source.encoding)
        names = [str(name) for name in table.frame.columns if name not in (source.target, source.image)]
        return dict(_of_columns(pd.DataFrame({name: column_texts(table, name) for name in names})))
    if isinstance(source, WebDatasetSource):
        return dict(_of_tars(Path(source.path), source))
    return dict(_of_arrays(Path(source.path))) if isinstance(source, NpzSource) else {}


def folder_of_images(tops: Iterable[str]) -> str | None:
    """Folder of the images among top folders such as `images`, `masks`, `captions`, where all others lie beside it."""
    others = [top for top in tops if top.lower() not in _NAMES]
    beside = [top for top in tops if top.lower() in _NAMES]
    return others[0] if beside and len(others) == 1 and others[0].lower() in _IMAGES else None


def said_of(companions: Companions) -> Iterator[str]:
    """Phrases such as `mask (path masks)`."""
    for role, source in companions.items():
        places = source.model_dump(exclude_defaults=True, mode="json")
        named = (f"{k} {', '.join(v) if isinstance(v, list) else v}" for k, v in places.items() if k != "missing")
        yield f"{role} ({', '.join(named)})"


def _of_demo(source: DemoSource) -> Iterator[tuple[Role, CompanionSource]]:
    if source.name == "colour_digits":
        yield "attributes", CompanionSource(columns=("ink", "background"))
        yield "caption", CompanionSource(column="caption")
    if source.name == "characters":
        yield "attributes", CompanionSource(columns=("hair", "eyes", "skin", "shirt"))
    if source.name == "two_domains":
        yield "attributes", CompanionSource(columns=("domain",))
    if source.name == "stickers":
        yield "mask", CompanionSource(column="mask")
        yield "attributes", CompanionSource(columns=("group",))
    if source.name == "plates":
        yield "text", CompanionSource(column="text")
    if source.name == "moving_digits":
        yield "sequence", CompanionSource(columns=("clip", "frame"))
        yield "mask", CompanionSource(column="mask")


def _of_folder(folder: Path) -> dict[Role, CompanionSource]:
    """Guesses for a folder: metadata first, then folders, then texts beside the images."""
    files = list_entries(folder).files
    images = [path for path in files if path.suffix.lower() in SUFFIXES["pair"]]
    found = dict(_of_metadata(folder, files, len(images)))
    for role, path in [*_sister_folders(folder), ("caption", folder)]:
        if role not in found and _has_half(role, path, images):
            found[role] = CompanionSource(path=str(path))
    return found


def _has_half(role: Role, path: Path, images: Sequence[PurePosixPath]) -> bool:
    try:
        paths = Sister(role, CompanionSource(path=str(path)), Path()).paths(images)
    except DataError:  # a folder that cannot be read, or that has two files of one name, is not a good guess
        return False
    return len(images) > 0 and sum(path is not None for path in paths) >= _HALF * len(images)


def _sister_folders(folder: Path) -> Iterator[tuple[Role, Path]]:
    """Folders beside this one that are named like a role: `masks`, or `photos_masks`."""
    for path in sorted(folder.parent.iterdir()):
        name = path.name.lower().removeprefix(folder.name.lower()).strip("_- ")
        if path.is_dir() and name in _NAMES and path != folder:
            yield _NAMES[name], path


def _of_metadata(folder: Path, files: Iterable[PurePosixPath], images: int) -> Iterator[tuple[Role, CompanionSource]]:
    try:
        tables = [table for _, _, table in read_metadata(folder, files)]
    except DataError:  # of another program
        return
    if sum(len(table.frame) for table in tables) < max(1, _HALF * images):
        return
    names = set.intersection(*(set(map(str, table.frame.columns)) for table in tables)) - {"file_name"}
    order = [str(name) for name in tables[0].frame.columns if name in names]
    texts = [pd.DataFrame({name: column_texts(table, name) for name in order}) for table in tables]
    yield from _of_columns(pd.concat(texts, ignore_index=True))


def _of_columns(frame: pd.DataFrame) -> Iterator[tuple[Role, CompanionSource]]:
    """Roles of text columns, by their names; attributes by their values."""
    left = [str(name) for name in frame.columns]
    taken: set[Role] = set()
    for name in list(left):
        role = _NAMES.get(name.lower().removesuffix("_file_name").removesuffix("_path").removesuffix("_file"))
        if role is not None and role not in taken and _is_filled(frame[name]):
            taken.add(role)
            left.remove(name)
            yield role, CompanionSource(column=name)
    clips, frames = ([name for name in left if name.lower() in known] for known in (_SEQUENCE, _FRAME))
    if clips and frames:
        left = [name for name in left if name not in (clips[0], frames[0])]
        yield "sequence", CompanionSource(columns=(clips[0], frames[0]))
    if attributes := [name for name in left if _is_attribute(frame[name])]:
        yield "attributes", CompanionSource(columns=tuple(attributes))


def _is_filled(texts: pd.Series) -> bool:
    return bool(texts.fillna("").str.strip().ne("").mean() >= _HALF)


def _is_attribute(texts: pd.Series) -> bool:
    """Whether a column is an attribute: few words, each in several rows; not numbers, and not a group or a split."""
    counts = Counter(text for text in texts.fillna("").str.strip() if text)
    numbers = pd.to_numeric(pd.Series(list(counts), dtype="string"), errors="coerce").notna().sum()
    return (
        str(texts.name).lower() not in _NO_ATTRIBUTE
        and 2 <= len(counts) <= _MOST_VALUES
        and min(counts.values()) >= _LEAST_ROWS
        and numbers <= _MOST_NUMBERS * len(counts)
    )


def _of_tars(path: Path, source: WebDatasetSource) -> Iterator[tuple[Role, CompanionSource]]:
    """Guesses for tars, by the endings in the first tar and the keys of its JSON files."""
    tars = sorted(path.rglob("*.tar")) if path.is_dir() else [path]
    try:
        members = read_tar(tars[0], tars[0].name).files if tars else ()
    except DataError:  # the reader reports it
        return
    endings = Counter(member.path.name.partition(".")[2].lower() for member in members)
    taken: set[Role] = set()
    for ending in endings:
        role = "caption" if ending == "txt" else _NAMES.get(ending.partition(".")[0])
        if role is not None and role not in taken and ending != source.label and _fits(role, ending):
            taken.add(role)
            yield role, CompanionSource(ending=ending)
    rows = [_json(member.reader(tars[0])()) for member in members if member.path.name.endswith(".json")][:_LOOKED_AT]
    names = [name for name in dict.fromkeys(key for row in rows for key in row) if name != source.label_key]
    frame = pd.DataFrame({name: pd.array([cell_text(row.get(name)) for row in rows], dtype="string") for name in names})
    yield from ((role, config) for role, config in _of_columns(frame) if role not in taken and role in _OF_JSON)


_OF_JSON: tuple[Role, ...] = ("caption", "attributes", "sequence")


def _fits(role: Role, ending: str) -> bool:
    """Whether an ending fits a role: `mask.png`, but not `mask.json`."""
    return PurePosixPath(f"x.{ending}").suffix in SUFFIXES[role]


def _json(content: bytes) -> dict[str, object]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_arrays(path: Path) -> Iterator[tuple[Role, CompanionSource]]:
    """Guesses for arrays: `train_masks`, `train_captions`."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive.files)
    except Exception:  # numpy raises nearly anything on damaged data; the reader reports it
        return
    taken: set[Role] = set()
    for name in names:
        plain = name.removeprefix("train_")
        if name != plain and (role := _NAMES.get(plain)) and role not in taken:
            taken.add(role)
            yield role, CompanionSource(array=plain)
