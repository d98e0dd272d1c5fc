"""Image folders: folders name the classes and, at the user's request, the split and the groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Role
from gan_augment.data.accounts import LeftOut, Reason, left_out_problems
from gan_augment.data.config import ImageFolderSource, PoolFolder, SplitConfig
from gan_augment.data.groups import group_in
from gan_augment.data.parts import Part, part_of, parts_of_folders
from gan_augment.data.paths import existing_directory, read_regular, shown
from gan_augment.data.problems import Problem, listing, raise_errors
from gan_augment.data.raw import NO_COMPANIONS, Beside, Companions, EncodedImage, RawData, RawImages, make_rows
from gan_augment.data.sources.beside import (
    ARRAYS,
    IMAGE_SUFFIXES,
    Sister,
    files_in_cells,
    metadata_cells,
    read_metadata,
    refuse_other_forms,
)
from gan_augment.data.sources.entries import Entries, list_entries

__all__ = ["IMAGE_SUFFIXES", "class_folder", "is_image", "read"]

OTHER_FILE = Reason("no image by its ending")
READ_BESIDE = Reason("read for what lies beside the images", "note")
LOOSE = Reason(
    "images that lie in no class folder",
    "error",
    expected="one folder per class, with the images in it",
    remedy="move them into a class folder, or away",
)
UNLABELLED = Reason(
    "images of a part of the split that has no class folders, so that they have no class",
    remedy="another part takes its place; sort them into class folders to use them",
)
OUTSIDE_SPLIT = Reason(
    "in no folder that is named like a part of the split",
    "error",
    expected="train, val (or validation) or test on top, because prepare.split.column is `folder`",
    remedy="move them into one of these folders or away, or set prepare.split.column to null",
)


@dataclass(frozen=True)
class _Image:
    """Image and the facts in its path: part of the split ("" where not requested), class, path below the part."""

    path: PurePosixPath
    part: str
    inner: PurePosixPath
    label: str


def read(config: Any, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS) -> RawData:
    """See `Reader`."""
    assert isinstance(config, ImageFolderSource | PoolFolder)
    refuse_other_forms(companions, "A folder of images", "path", "column")
    folder = existing_directory(root, config.path)
    _check_column(split)
    entries = list_entries(folder)
    images, left_out = _sort_out(entries, config, split)
    if not images:
        raise _nothing(folder, entries, left_out)
    _refuse_parts_as_classes(folder, images, config)
    told = {entry.place.partition("/")[0] for entry in left_out if entry.reason is UNLABELLED}
    depths = _about_depths(folder, images) if config.class_from == "top" else ()
    problems = [*_about_folders(folder, entries, images, told), *depths, *_about_links(entries)]
    names = [shown(image.path.as_posix()) for image in images]
    rows = make_rows(
        label=[shown(image.label) for image in images],
        identity=names,
        source=names,
        group=[_group(image.inner, split.group) for image in images],
        split=[image.part for image in images],
    )
    handles = tuple(
        EncodedImage(name, partial(read_regular, folder / image.path))
        for name, image in zip(names, images, strict=True)
    )
    beside, used = _beside(companions, root, folder, entries, [image.path for image in images])
    told_of = (replace(entry, reason=READ_BESIDE) if entry.place in used else entry for entry in left_out)
    return RawData(
        shown(folder.resolve().name),
        "unknown",
        rows,
        RawImages(handles),
        tuple(problems),
        entries=entries.count,
        left_out=tuple(told_of),
        companions=beside,
    )


def _beside(
    companions: Companions, root: Path, folder: Path, entries: Entries, images: Sequence[PurePosixPath]
) -> tuple[dict[Role, tuple[Beside, ...]], set[str]]:
    """Companion of each image, and the places of the entries that were read for them."""
    found: dict[Role, tuple[Beside, ...]] = {}
    used: set[str] = set()
    named = any(config.names for config in companions.values())
    metadata = read_metadata(folder, entries.files) if named else []
    used |= {path.relative_to(folder).as_posix() for _, path, _ in metadata}
    for role, config in companions.items():
        if config.path is not None:
            sister = Sister(role, config, root)
            found[role] = tuple(sister.handles(images))
            if sister.folder.resolve() == folder.resolve():
                used |= {path.as_posix() for path in sister.paths(images) if path is not None}
            continue
        if not metadata:
            raise _no_metadata(folder, role)
        cells = metadata_cells(metadata, role, config)
        found[role] = tuple(_of_metadata(folder, role, [cells.get(image) for image in images]))
    return found, used


def _of_metadata(folder: Path, role: Role, found: Sequence[Any]) -> Iterator[Beside]:
    for row in found:
        if role in ARRAYS and row is not None:
            yield from files_in_cells(folder / row[1], [row[0]])
        else:
            yield None if row is None else row[0]


def _no_metadata(folder: Path, role: Role) -> DataError:
    return DataError(
        "There is no metadata in this folder",
        where=shown(str(folder)),
        got=f"no metadata.csv, .jsonl or .parquet, of which prepare.companions.{role} names a column",
        expected="a table with a column file_name, relative to its folder, beside the class folders",
        remedy=f"put it there, or remove prepare.companions.{role}",
    )


def is_image(path: PurePosixPath) -> bool:
    """Whether the file's ending is that of an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def class_folder(path: PurePosixPath, class_from: str) -> str:
    """Label of an image at this path inside the data's folder; empty where no folder names one."""
    folders = path.parts[:-1]
    if not folders or class_from == "none":
        return ""
    return {"top": folders[0], "parent": folders[-1], "path": "/".join(folders)}[class_from]


def _sort_out(
    entries: Entries, config: ImageFolderSource | PoolFolder, split: SplitConfig
) -> tuple[list[_Image], list[LeftOut]]:
    """Images with a class (a pool's need none), and all other entries."""
    images: list[_Image] = []
    left_out = list(entries.left_out)
    loose: list[_Image] = []
    parts = parts_of_folders({path.parts[0] for path in entries.files if len(path.parts) > 1})
    for path in entries.files:
        found = _place(path, config, None if split.column is None else parts)
        if found is None or not is_image(path):
            reason = OUTSIDE_SPLIT if is_image(path) else OTHER_FILE
            left_out.append(LeftOut(shown(path.as_posix()), reason))
        else:
            (images if found.label or isinstance(config, PoolFolder) else loose).append(found)
    labelled = {image.path.parts[0] for image in images}
    for image in loose:
        without_class = split.column is not None and images and image.path.parts[0] not in labelled
        left_out.append(LeftOut(shown(image.path.as_posix()), UNLABELLED if without_class else LOOSE))
    return images, left_out


def _place(
    path: PurePosixPath, config: ImageFolderSource | PoolFolder, parts: Mapping[str, Part] | None
) -> _Image | None:
    """Facts in the path; None where the split is that of the top folders (`parts`) and this one names no part."""
    if parts is None:
        return _Image(path, "", path, class_folder(path, config.class_from))
    part = parts.get(path.parts[0]) if len(path.parts) > 1 else None
    inner = PurePosixPath(*path.parts[1:])
    return None if part is None else _Image(path, part, inner, class_folder(inner, config.class_from))


def _check_column(split: SplitConfig) -> None:
    if split.column not in (None, "folder"):
        raise ParamsError(
            "A folder of images has no columns",
            where="prepare.split.column in params.yaml",
            got=repr(split.column),
            expected="`folder` (the top folders are named train, validation, test) or null",
        )


def _group(path: PurePosixPath, group: str | None) -> str:
    if group is None or (group == "folder" and len(path.parts) == 1):  # loose images of a pool form no group
        return ""
    return shown(path.parent.as_posix()) if group == "folder" else group_in(shown(path.as_posix()), group, "`folder`")


def _refuse_parts_as_classes(folder: Path, images: Sequence[_Image], config: ImageFolderSource | PoolFolder) -> None:
    """Raise DataError where classes are named like parts of a split, unless the user declared them classes."""
    if isinstance(config, PoolFolder) or config.part_names == "classes":
        return
    counts = Counter(image.label for image in images)
    named = [label for label in counts if any(part_of(name) for name in label.split("/"))]
    longer = parts_of_folders(counts)
    if not named and len(set(longer.values())) > 1:
        named = list(longer)
    if not named:
        return
    raise DataError(
        "Folders that would be classes are named like the parts of a split",
        where=shown(str(folder)),
        got=listing([f"{shown(label)}: {counts[label]} images" for label in sorted(named)]),
        expected="either a split, PART/CLASS/image with a class folder in each part, or classes of other names",
        remedy="if they are your split, set prepare.split.column: folder, and sort the images into class folders\n"
        "            if they are classes, set prepare.source.part_names: classes, or rename the folders",
    )


def _about_folders(folder: Path, entries: Entries, images: Sequence[_Image], told: set[str]) -> Iterator[Problem]:
    """Findings on folders without a sample, other than those reported already, and on a split below the classes."""
    full = {image.path.parts[0] for image in images}
    places = [*(path.as_posix() for path in entries.files), *(entry.place for entry in entries.left_out)]
    tops = {place.partition("/")[0] for place in places if "/" in place}
    if without := sorted(tops - full - told):
        yield Problem(
            severity="warning",
            what=f"{len(without)} folder{'s' if len(without) > 1 else ''} without a sample, which make no class",
            where=shown(str(folder)),
            places=tuple(without),
            remedy="put the images in, or remove the folder",
        )
    below = Counter(name for image in images for name in image.inner.parts[1:-1] if part_of(name))
    if len({part_of(name) for name in below}) > 1:
        yield Problem(
            severity="warning",
            what="Folders inside the classes are named like the parts of a split, which is not used",
            where=shown(str(folder)),
            places=tuple(f"{name}: {count} images" for name, count in sorted(below.items())),
            remedy="to use it, lay the parts on top (train/CLASS/image) and set prepare.split.column: folder",
        )


def _about_depths(folder: Path, images: Sequence[_Image]) -> Iterator[Problem]:
    """Finding on mixed depths: a folder of class folders beside class folders would be a class of its own."""
    between: dict[str, int] = {}
    for image in images:
        top, depth = image.inner.parts[0], len(image.inner.parts) - 2
        between[top] = min(depth, between.get(top, depth))
    if len(set(between.values())) > 1:
        yield Problem(
            severity="warning",
            what="In some class folders the images lie directly, in others in further folders: are those the classes?",
            where=shown(str(folder)),
            places=tuple(f"{shown(top)}: {depth} folders between" for top, depth in sorted(between.items())),
            remedy="lay all class folders side by side, or name the class with prepare.source.class_from",
        )


def _about_links(entries: Entries) -> Iterator[Problem]:
    if entries.links:
        yield Problem(
            severity="note",
            what=f"{len(entries.links)} linked folder{'s are' if len(entries.links) > 1 else ' is'} read; "
            "DVC does not follow links by itself",
            places=tuple(shown(str(link)) for link in entries.links),
            remedy="`init` names them in dvc.yaml; with a link more, run it again",
        )


def _nothing(folder: Path, entries: Entries, left_out: Sequence[LeftOut]) -> DataError:
    """Error for a folder without any sample, with the reason."""
    unread = [replace(entry, reason=LOOSE) if entry.reason is UNLABELLED else entry for entry in left_out]
    try:
        raise_errors(left_out_problems(shown(str(folder)), entries.count, unread))
    except DataError as error:
        return _with_table(error, folder, entries)
    others = [path for path in entries.files if not is_image(path)]
    found = f"{entries.count} other entries, such as {unread[0].place}" if unread else "an empty folder"
    return _with_table(
        DataError(
            "There are no images in this folder",
            where=shown(str(folder)),
            got=found if not others else f"{entries.count} other entries, such as {shown(str(others[0]))}",
            expected="one folder per class with images in it (PNG, JPEG, TIFF, BMP, GIF, WebP...)",
            remedy="check the path",
        ),
        folder,
        entries,
    )


def _with_table(error: DataError, folder: Path, entries: Entries) -> DataError:
    """Error with a table in the folder as its remedy: it may be the data, or the list of these images."""
    tables = [path for path in entries.files if path.suffix.lower() in (".csv", ".tsv", ".parquet")]
    if not tables:
        return error
    return DataError(
        error.problem,
        where=error.where,
        got=error.got,
        expected=error.expected,
        remedy=f"for a table or a list of images, name the file: {shown(str(folder / tables[0]))}",
    )
