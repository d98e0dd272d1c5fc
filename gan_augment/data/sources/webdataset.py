"""WebDataset tars: files whose names agree up to the first dot are one sample."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Role
from gan_augment.data.accounts import LeftOut, Reason, left_out_problems
from gan_augment.data.config import CompanionSource, PoolWebDataset, SplitConfig, WebDatasetSource
from gan_augment.data.groups import group_in
from gan_augment.data.parts import Part, part_in
from gan_augment.data.paths import MAX_FILE, existing, existing_file, shown
from gan_augment.data.problems import Problem, as_problem, raise_errors
from gan_augment.data.raw import NO_COMPANIONS, Beside, Cells, Companions, EncodedImage, RawData, RawImages, make_rows
from gan_augment.data.sources.beside import cell_text, refuse_other_forms
from gan_augment.data.sources.entries import list_entries
from gan_augment.data.sources.image_folder import IMAGE_SUFFIXES
from gan_augment.data.sources.tar_members import Member, read_tar

__all__ = ["is_tar", "read", "tar_part"]

MAX_LABEL = 2**20  # bytes of a file that holds a class
NO_TAR = Reason("no tar by its ending")
COMPRESSED = Reason(
    "compressed tars",
    "error",
    expected="uncompressed tars, whose members can be read by their place",
    remedy="unpack them (gunzip, unxz, zstd -d), or move them away",
)
NO_ENDING = Reason("files in a tar without an ending, which belong to no sample")
REPEATED = Reason(
    "the same name twice in one tar, so that it is unclear which belong together",
    "error",
    expected="a name of its own for every file in a tar",
    remedy="write the tar again; two tars that were joined must stay two",
)
INCOMPLETE = Reason(
    "samples that lack an image or a class",
    "error",
    expected="an image and its class in every sample",
    remedy="name the ending of the file with the class in prepare.source.label (cls, txt or json)",
)
TWO_IMAGES = Reason(
    "samples with several images, of which none is the one",
    "error",
    expected="one image per sample; others with an ending such as .mask.png",
    remedy="write the tars again with one of them",
)
NO_CLASS = Reason(
    "the class of a sample cannot be read",
    "error",
    expected="a text or a whole number that is not empty",
    remedy="correct prepare.source.label or .label_key, or these files",
)
NO_PART = Reason(
    "samples of tars that are not named like a part of the split",
    "error",
    expected="train, val (or validation) or test in the name of every tar, as prepare.split.column is `tar`",
    remedy="rename the tars, or set prepare.split.column to null",
)


@dataclass
class _Found:
    """Results of reading so far, sample by sample."""

    split: SplitConfig
    companions: Companions = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    handles: list[EncodedImage] = field(default_factory=list)
    beside: dict[Role, list[Beside]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    entries: int = 0


@dataclass(frozen=True)
class _Sample:
    """Files of one key by their endings, in lower case."""

    tar: Path
    name: str
    key: str
    files: dict[str, Member]


def read(config: Any, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS) -> RawData:
    """See `Reader`."""
    assert isinstance(config, WebDatasetSource | PoolWebDataset)
    _check_column(split)
    refuse_other_forms(companions, "A WebDataset", "ending", "column")
    path = existing(root, config.path)
    found = _Found(split, companions, beside={role: [] for role in companions})
    tars = _tars(path, found) if path.is_dir() else {path.name: existing_file(root, config.path)}
    for name, tar in tars.items():
        _read_tar(tar, shown(name), config, found)
    where = shown(str(path))
    if not found.handles:
        raise_errors([*found.problems, *left_out_problems(where, found.entries, found.left_out)])
        raise DataError(
            "There are no samples", where=where, got="empty tars", expected="an image and a class per sample"
        )
    names = [handle.name for handle in found.handles]
    rows = make_rows(label=found.labels, identity=names, source=names, group=found.groups, split=found.parts)
    problems = [*found.problems, *_about_parts(list(tars), found)]
    return RawData(
        shown(path.stem),
        "unknown",
        rows,
        RawImages(tuple(found.handles)),
        tuple(problems),
        entries=found.entries,
        left_out=tuple(found.left_out),
        companions={role: tuple(entries) for role, entries in found.beside.items()},
    )


def is_tar(path: PurePosixPath) -> bool:
    """Whether the file's ending is that of a tar, compressed or not."""
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    return endings[-1:] in ([".tar"], [".tgz"], [".tbz2"], [".txz"]) or endings[:-1] == [".tar"]


def tar_part(name: str) -> Part | None:
    """Part of the split that the path of a tar names: its folders and its own name."""
    return part_in(name)


def _check_column(split: SplitConfig) -> None:
    if split.column not in (None, "tar"):
        raise ParamsError(
            "WebDataset tars have no columns",
            where="prepare.split.column in params.yaml",
            got=repr(split.column),
            expected="`tar` (the tars or their folders are named train, val, test) or null",
        )


def _tars(folder: Path, found: _Found) -> dict[str, Path]:
    """Tars below the folder by their paths in it; all other entries are left out."""
    listed = list_entries(folder)
    found.left_out += listed.left_out
    found.entries += len(listed.left_out)
    tars = {}
    for path in listed.files:
        if path.suffix.lower() == ".tar":
            tars[path.as_posix()] = folder / path
        else:
            found.left_out.append(LeftOut(shown(path.as_posix()), COMPRESSED if is_tar(path) else NO_TAR))
            found.entries += 1
    if not tars and not found.left_out:
        raise DataError(
            "There are no tars in this folder", where=shown(str(folder)), expected="WebDataset files (*.tar)"
        )
    if not tars:
        raise_errors(left_out_problems(shown(str(folder)), found.entries, found.left_out))
        raise DataError(
            "There are no tars in this folder",
            where=shown(str(folder)),
            got=f"{found.entries} other entries, such as {found.left_out[-1].place}",
            expected="WebDataset files (*.tar)",
        )
    return tars


def _read_tar(path: Path, name: str, config: WebDatasetSource | PoolWebDataset, found: _Found) -> None:
    """Add the samples of one tar; a damaged one is a problem, and the others are still read."""
    try:
        tar = read_tar(path, name)
    except DataError as error:
        found.problems.append(as_problem(error))
        return
    left_out = list(tar.left_out)
    samples = _samples(path, name, tar.files, left_out)
    accounted = sum(len(sample.files) for sample in samples) + len(left_out)
    assert accounted == tar.count, f"{name}: {tar.count} members, {accounted} accounted for"
    found.left_out += left_out
    found.entries += len(samples) + len(left_out)
    for sample in samples:
        _add(sample, config, found)
    if not tar.count:
        found.problems.append(Problem(severity="warning", what="A tar holds nothing", where=name))


def _samples(path: Path, name: str, files: Sequence[Member], left_out: list[LeftOut]) -> list[_Sample]:
    """Files that share a key, in the order of the tar."""
    samples: dict[str, _Sample] = {}
    for member in files:
        stem, _, ending = member.path.name.partition(".")
        key = shown((member.path.parent / stem).as_posix())
        place = f"{name}: {shown(member.path.as_posix())}"
        if not ending:
            left_out.append(LeftOut(place, NO_ENDING))
            continue
        sample = samples.setdefault(key, _Sample(path, name, key, {}))
        if ending.lower() in sample.files:
            left_out.append(LeftOut(place, REPEATED))
        else:
            sample.files[ending.lower()] = member
    return list(samples.values())


def _add(sample: _Sample, config: WebDatasetSource | PoolWebDataset, found: _Found) -> None:
    """Add a row, or an entry that is left out."""
    place = f"{sample.name}: {sample.key}"
    images = [ending for ending in sample.files if f".{ending}" in IMAGE_SUFFIXES]
    part = tar_part(sample.name) if found.split.column == "tar" else ""
    labelled = config.label in sample.files
    if len(images) != 1 or not (labelled or isinstance(config, PoolWebDataset)):
        reason = TWO_IMAGES if len(images) > 1 else INCOMPLETE
        found.left_out.append(LeftOut(place, reason, f"({', '.join(map(shown, sample.files))})"))
        return
    try:
        label = _label(sample, config) if labelled else ""
    except ValueError as error:
        found.left_out.append(LeftOut(f"{place}.{config.label}", NO_CLASS, str(error)))
        return
    if part is None:
        found.left_out.append(LeftOut(place, NO_PART))
        return
    found.labels.append(label)
    found.parts.append(part)
    found.groups.append(_group(sample, found.split.group))
    found.handles.append(EncodedImage(place, _image_reader(sample.tar, sample.files[images[0]])))
    for role, companion in found.companions.items():
        found.beside[role].append(_beside(sample, companion))


def _beside(sample: _Sample, config: CompanionSource) -> Beside:
    """File with the companion's ending, or cells of the sample's JSON; None where there is none."""
    ending = (config.ending or "json").lower()
    member, place = sample.files.get(ending), f"{sample.name}: {sample.key}.{ending}"
    if member is None:
        return None
    return (
        _json_cells(sample, member, config) if config.names else EncodedImage(place, _image_reader(sample.tar, member))
    )


def _json_cells(sample: _Sample, member: Member, config: CompanionSource) -> Cells | None:
    """Cells of a JSON file; None where it is not a JSON object, or is too long."""
    try:
        found = json.loads(_text(sample, member))
    except (ValueError, RecursionError):
        return None
    return tuple(cell_text(found.get(name)) for name in config.names) if isinstance(found, dict) else None


def _image_reader(tar: Path, member: Member) -> Any:
    if member.size <= MAX_FILE:
        return member.reader(tar)

    def refuse() -> bytes:
        raise OSError(f"{member.size:,} bytes, {MAX_FILE:,} are allowed")

    return refuse


def _label(sample: _Sample, config: WebDatasetSource | PoolWebDataset) -> str:
    """Class of a sample. Raises ValueError that describes the content found instead."""
    text = _text(sample, sample.files[config.label])
    label = text if config.label != "json" else _json_label(text, config.label_key)
    if not label:
        raise ValueError("empty")
    return label


def _text(sample: _Sample, member: Member) -> str:
    """Text of a small file. Raises ValueError."""
    if member.size > MAX_LABEL:
        raise ValueError(f"{member.size:,} bytes")
    try:
        return member.reader(sample.tar)().decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason}") from None


def _json_label(text: str, key: str) -> str:
    """Class in a JSON file: a text, a whole number or a boolean; a list or `null` is not a class."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {str(error).splitlines()[0][:80]}") from None
    if not isinstance(found, dict) or key not in found:
        raise ValueError(f"no JSON object with the key {key!r}")
    value = found[key]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int):
        raise ValueError(f"{json.dumps(value)[:40]} under the key {key!r}")
    return str(value).strip()


def _group(sample: _Sample, group: str | None) -> str:
    if group is None:
        return ""
    if group == "tar":
        return sample.name
    folder = PurePosixPath(sample.key).parent.as_posix()
    return f"{sample.name}: {folder}" if group == "folder" else group_in(sample.key, group, "`tar`, `folder`")


def _about_parts(tars: Sequence[str], found: _Found) -> Iterator[Problem]:
    """Findings on a split in the tars' names, and on whether it is used."""
    counts = Counter(handle.name.partition(": ")[0] for handle in found.handles)
    named = {shown(name): part for name in tars if (part := tar_part(name))}
    places = tuple(f"{name}: {part}, {counts[name]} samples" for name, part in sorted(named.items()))
    if found.split.column == "tar":
        yield Problem(severity="note", what="The split is that of the tars' names", places=places)
    elif len(set(named.values())) > 1:
        yield Problem(
            severity="warning",
            what="The tars are named like the parts of a split, which is not used",
            places=places,
            remedy="to use it, set prepare.split.column: tar",
        )
