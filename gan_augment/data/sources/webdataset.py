"""WebDataset tars: files that share a name up to the first dot are one sample."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gan_augment.core.errors import DataError
from gan_augment.data.config import SplitConfig, WebDatasetSource
from gan_augment.data.paths import existing, existing_file
from gan_augment.data.problems import listing
from gan_augment.data.sources.api import EncodedImage, RawData, RawImages, make_rows
from gan_augment.data.sources.image_folder import IMAGE_SUFFIXES

__all__ = ["read"]


@dataclass(frozen=True)
class _Member:
    """Where a file's bytes are in a tar."""

    offset: int
    size: int


def read(config: Any, root: Path, split: SplitConfig) -> RawData:  # noqa: ARG001 - it names none
    """See `Reader`."""
    assert isinstance(config, WebDatasetSource)
    path = existing(root, config.path)
    tars = sorted(path.glob("*.tar")) if path.is_dir() else [existing_file(root, config.path)]
    if not tars:
        raise DataError("There are no tars in this folder", where=path, expected="WebDataset files (*.tar)")
    labels: list[str] = []
    handles: list[EncodedImage] = []
    lacking: list[str] = []
    for tar in tars:
        for name, files in _samples(tar):
            image = next((files[end] for end in files if f".{end}".lower() in IMAGE_SUFFIXES), None)
            if image is None or config.label not in files:
                lacking.append(f"{tar.name}: {name} ({', '.join(files)})")
                continue
            labels.append(_label(tar, name, files[config.label], config))
            handles.append(EncodedImage(f"{tar.name}: {name}", _reader(tar, image)))
    if lacking or not labels:
        raise _incomplete(path, config.label, lacking)
    names = [handle.name for handle in handles]
    rows = make_rows(label=labels, identity=_identities(handles), source=names)
    return RawData(path.stem, "unknown", rows, RawImages(tuple(handles)))


def _samples(path: Path) -> Iterator[tuple[str, dict[str, _Member]]]:
    """Each sample's name with its files by their endings, in the order of the tar."""
    samples: dict[str, dict[str, _Member]] = {}
    try:
        with tarfile.open(path, "r:") as tar:  # no compression: members are read by their place
            for member in tar:
                if member.isfile():
                    place = PurePosixPath(member.name)
                    stem, _, ending = place.name.partition(".")
                    key = (place.parent / stem).as_posix()
                    samples.setdefault(key, {})[ending] = _Member(member.offset_data, member.size)
    except tarfile.TarError as error:
        raise DataError(
            "The tar cannot be read",
            where=path,
            got=str(error),
            expected="an uncompressed WebDataset tar",
            remedy="write or unpack it again",
        ) from None
    yield from samples.items()


def _reader(path: Path, member: _Member) -> Callable[[], bytes]:
    def read_member() -> bytes:
        with path.open("rb") as stream:
            stream.seek(member.offset)
            return stream.read(member.size)

    return read_member


def _label(tar: Path, name: str, member: _Member, config: WebDatasetSource) -> str:
    text = _reader(tar, member)()
    try:
        if config.label != "json":
            return text.decode("utf-8").strip()
        return str(json.loads(text)[config.label_key]).strip()
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(
            "The class of a sample cannot be read",
            where=f"{tar}, {name}.{config.label}",
            got=f"{type(error).__name__}: {error}",
            expected="text" if config.label != "json" else f"a JSON object with the key {config.label_key!r}",
            remedy="correct prepare.source.label or .label_key",
        ) from None


def _identities(handles: list[EncodedImage]) -> list[str]:
    """The samples' names; a tar's own name comes in, as keys need be unique only inside it."""
    return [handle.name for handle in handles]


def _incomplete(path: Path, label: str, lacking: list[str]) -> DataError:
    return DataError(
        "Samples lack an image or a class" if lacking else "There are no samples",
        where=path,
        got=listing(lacking) or "empty tars",
        expected=f"an image and a file .{label} a sample",
        remedy="name the ending of the file with the class in prepare.source.label (cls, txt or json)",
    )
