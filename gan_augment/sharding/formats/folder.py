"""The ImageFolder layout: `folder/<class key>/<id>.png`, which torchvision, Keras and file managers can open.

A companion is at `folder_companions/<role>/<class key>/<id>.<ending>`, where no reader expects images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gan_augment.core.records import Role
from gan_augment.sharding.beside import encoded_rows, ending
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.api import ShardRows, Written
from gan_augment.sharding.formats.pixels import iterate_png
from gan_augment.sharding.names import safe_name

__all__ = ["COMPANIONS", "FolderReader", "write_folder"]

COMPANIONS = "folder_companions"


def write_folder(shard: ShardRows, root: Path) -> Written:
    """Write one PNG per row; a row's shard is its own file, its offset 0."""
    keys, ids = (shard.rows.column(name).to_pylist() for name in ("key", "id"))
    names = tuple(f"folder/{key}/{safe_name(identifier)}.png" for key, identifier in zip(keys, ids, strict=True))
    for key in set(keys):
        (root / "folder" / key).mkdir(parents=True, exist_ok=True)
    # Written in place: a shard that was cut off is written again as a whole, and renaming each file would be slower.
    for name, png in zip(names, iterate_png(shard), strict=True):
        (root / name).write_bytes(png)
    beside = tuple(file for role in shard.schema.companions for file in _write_beside(shard, root, names, role))
    return Written((*names, *beside), names, np.zeros(len(names), dtype=np.int64))


def _write_beside(shard: ShardRows, root: Path, names: Sequence[str], role: Role) -> Iterator[str]:
    """Write each image's companions to the same path below another folder."""
    form = shard.schema.companions[role]
    for name, content in zip(names, encoded_rows(shard.rows, role, form), strict=True):
        if content is not None:
            path = root / (file := _beside(name, role, ending(role, form)))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            yield file


def _beside(name: str, role: Role, suffix: str) -> str:
    return f"{COMPANIONS}/{role}/{name.removeprefix('folder/').removesuffix('.png')}.{suffix}"


class FolderReader:
    """Reader of one file per sample."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def __call__(self, shard: str, offset: int) -> bytes:  # noqa: ARG002 - all readers have the same signature
        """PNG bytes of a sample."""
        return self._files(shard).read_bytes()

    def beside(self, shard: str, offset: int, role: Role, suffix: str) -> bytes | None:  # noqa: ARG002 - as above
        """Bytes of a sample's companion."""
        name = _beside(shard, role, suffix)
        return self._files(name).read_bytes() if name in self._files else None
