"""The ImageFolder layout: `folder/<class key>/<id>.png`, which torchvision, Keras and a file manager all open."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.api import ShardRows, Written
from gan_augment.sharding.formats.pixels import iterate_png
from gan_augment.sharding.names import safe_name

__all__ = ["FolderReader", "write_folder"]


def write_folder(shard: ShardRows, root: Path) -> Written:
    """Write one PNG a row; a row's shard is its own file, its offset 0."""
    keys, ids = (shard.rows.column(name).to_pylist() for name in ("key", "id"))
    names = tuple(f"folder/{key}/{safe_name(identifier)}.png" for key, identifier in zip(keys, ids, strict=True))
    for key in set(keys):
        (root / "folder" / key).mkdir(parents=True, exist_ok=True)
    # Written in place: a shard that was cut off is written again as a whole, and renaming each file takes longer.
    for name, png in zip(names, iterate_png(shard), strict=True):
        (root / name).write_bytes(png)
    return Written(names, names, np.zeros(len(names), dtype=np.int64))


class FolderReader:
    """One file a sample."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def __call__(self, shard: str, offset: int) -> bytes:  # noqa: ARG002 - every reader has the same call
        """The PNG bytes of one sample."""
        return self._files(shard).read_bytes()
