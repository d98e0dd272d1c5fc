"""WebDataset tars: three members per sample, `<id>.png`, `<id>.cls` (class index) and `<id>.json` (provenance)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from gan_augment.core.atomic import replacing_file
from gan_augment.core.records import Role
from gan_augment.sharding.beside import encoded_rows, ending
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.api import ShardRows, Written
from gan_augment.sharding.formats.pixels import iterate_png
from gan_augment.sharding.names import safe_name
from gan_augment.sharding.rows import PROVENANCE
from gan_augment.sharding.tar import HEADER_SIZE, TarWriter, member_name, member_size

__all__ = ["WebDatasetReader", "write_webdataset"]


def write_webdataset(shard: ShardRows, root: Path) -> Written:
    """Write `webdataset/<stem>.tar`; a row's offset is the byte where its PNG's header starts."""
    name = f"webdataset/{shard.stem}.tar"
    facts = shard.rows.select([*PROVENANCE, "class_index"]).to_pylist()
    beside = list(_beside(shard)) or [{}] * len(facts)
    with replacing_file(root / name) as partial, partial.open("wb") as stream:
        tar = TarWriter(stream)
        offsets = [_add(tar, *row) for row in zip(iterate_png(shard), facts, beside, strict=True)]
        tar.close()
    return Written((name,), (name,) * len(offsets), np.array(offsets, dtype=np.int64))


def _beside(shard: ShardRows) -> Iterator[dict[str, bytes]]:
    """Companions of every row by ending, such as `mask.png`; empty where no row has a companion."""
    forms = shard.schema.companions
    names = [f"{role}.{ending(role, form)}" for role, form in forms.items()]
    columns = [encoded_rows(shard.rows, role, form) for role, form in forms.items()]
    for contents in zip(*columns, strict=True):
        yield {name: content for name, content in zip(names, contents, strict=True) if content is not None}


def _add(tar: TarWriter, png: bytes, row: dict[str, Any], beside: Mapping[str, bytes]) -> int:
    start, key, index = tar.offset, safe_name(row["id"]), row.pop("class_index")
    tar.add(f"{key}.png", png)
    tar.add(f"{key}.cls", str(index).encode())
    tar.add(f"{key}.json", json.dumps(row, ensure_ascii=False).encode())
    for suffix, content in beside.items():
        tar.add(f"{key}.{suffix}", content)
    return start


class WebDatasetReader:
    """Random access into the tars by the manifest's byte offsets."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._open: tuple[str, BinaryIO] | None = None

    def __call__(self, shard: str, offset: int) -> bytes:
        """PNG bytes of a sample."""
        if self._open is None or self._open[0] != shard:
            # None first: an interrupt here must not leave a closed file behind.
            before, self._open = self._open, None
            if before is not None:
                before[1].close()
            self._open = (shard, self._files(shard).open("rb"))
        stream = self._open[1]
        stream.seek(offset)
        return stream.read(member_size(stream.read(HEADER_SIZE)))

    def beside(self, shard: str, offset: int, role: Role, suffix: str) -> bytes | None:
        """Bytes of a sample's companion, among the following members with the same key."""
        self(shard, offset)
        assert self._open is not None
        stream, place = self._open[1], offset
        stream.seek(place)
        header = stream.read(HEADER_SIZE)
        key = member_name(header).partition(".")[0]
        while member_name(header).partition(".")[0] == key:
            size = member_size(header)
            if member_name(header) == f"{key}.{role}.{suffix}":
                return stream.read(size)
            place += HEADER_SIZE + size + -size % HEADER_SIZE
            stream.seek(place)
            header = stream.read(HEADER_SIZE)
        return None
