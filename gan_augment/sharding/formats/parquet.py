"""Parquet with embedded PNGs, in the layout of Hugging Face's `Image` feature: `load_dataset` returns pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gan_augment.core.atomic import replacing_file
from gan_augment.core.records import DatasetSpec, Field, FrameField, Role
from gan_augment.sharding.beside import decoded, encoded_cells, encoded_rows, features_of, is_picture, is_text
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.api import ShardRows, Written
from gan_augment.sharding.formats.pixels import iterate_png
from gan_augment.sharding.names import safe_name
from gan_augment.sharding.rows import PROVENANCE

__all__ = ["ParquetReader", "write_parquet"]

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TEXTS = tuple(name for name in PROVENANCE if name not in ("label", "seed"))  # these two are numbers
# Small row groups: random access decodes a whole group.
_ROW_GROUP = 256


def write_parquet(shard: ShardRows, root: Path) -> Written:
    """Write `parquet/<stem>.parquet`; a row's offset is its row number in the file."""
    name = f"parquet/{shard.stem}.parquet"
    count = shard.rows.num_rows
    schema = _schema(shard.spec, shard.schema.companions)
    with (
        replacing_file(root / name) as partial,
        # PNG does not compress further, and a dictionary of unique values is useless.
        pq.ParquetWriter(partial, schema, compression="zstd", use_dictionary=list(_TEXTS[1:])) as writer,
    ):
        pictures = iterate_png(shard)
        for start in range(0, count, _ROW_GROUP):
            rows = shard.rows.slice(start, _ROW_GROUP)
            writer.write_table(_group(rows, pictures, schema, shard.schema.companions))
    return Written((name,), (name,) * count, np.arange(count, dtype=np.int64))


def _group(rows: pa.Table, pictures: Iterator[bytes], schema: pa.Schema, companions: Mapping[Role, Field]) -> pa.Table:
    ids = rows.column("id").to_pylist()
    images = pa.array([{"bytes": next(pictures), "path": f"{safe_name(name)}.png"} for name in ids], _IMAGE)
    columns = {"image": images, "label": rows.column("class_index"), "seed": rows.column("seed")}
    columns["synthetic"] = pc.equal(rows.column("origin"), "synthetic")
    columns |= {name: rows.column(name) for name in _TEXTS}
    columns |= {role: _companion(rows, role, form, schema) for role, form in companions.items()}
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _companion(rows: pa.Table, role: Role, form: Field, schema: pa.Schema) -> pa.Array:
    """Column in its usual form: pictures as images, texts as texts, cells as a struct."""
    kind = schema.field(role).type
    contents = encoded_rows(rows, role, form)
    if is_picture(form):
        values = [None if content is None else {"bytes": content, "path": None} for content in contents]
        return pa.array(values, kind)
    if not isinstance(form, FrameField):
        return pa.array(list(contents), kind)
    plain = (None if content is None else decoded(role, form, content) for content in contents)
    first = form.columns[0].name
    return pa.array([cells and cells[first] if is_text(role) else cells for cells in plain], kind)


def _schema(spec: DatasetSpec, companions: Mapping[Role, Field]) -> pa.Schema:
    features: dict[str, Any] = {
        "image": {"_type": "Image"},
        "label": {"names": list(spec.labels), "_type": "ClassLabel"},
        "synthetic": {"dtype": "bool", "_type": "Value"},
        **{name: {"dtype": "string", "_type": "Value"} for name in _TEXTS},
        "seed": {"dtype": "int64", "_type": "Value"},
    }
    fields = [("image", _IMAGE), ("label", pa.int64()), ("synthetic", pa.bool_())]
    fields += [*((name, pa.string()) for name in _TEXTS), ("seed", pa.int64())]
    for role, form in companions.items():
        kind, features[role] = features_of(role, form)
        fields.append((role, kind))
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


class ParquetReader:
    """Random access by row number; the last row group stays decoded."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._file: tuple[str, pq.ParquetFile] | None = None
        self._groups: dict[str, tuple[str, int, list[Any]]] = {}  # by column, each with its own row group

    def __call__(self, shard: str, offset: int) -> bytes:
        """PNG bytes of a sample."""
        content: bytes = self._value(shard, offset, "image")["bytes"]
        return content

    def beside(self, shard: str, offset: int, role: Role, suffix: str) -> bytes | None:
        """Bytes of a sample's companion."""
        value = self._value(shard, offset, role)
        if isinstance(value, dict):
            return value["bytes"] if suffix == "png" else encoded_cells(role, value)
        return value.encode() if isinstance(value, str) else value

    def _value(self, shard: str, offset: int, column: str) -> Any:
        number, place = divmod(offset, _ROW_GROUP)
        held = self._groups.get(column)
        if held is None or held[:2] != (shard, number):
            held = self._groups[column] = (shard, number, self._read_group(shard, number, column))
        return held[2][place]

    def _read_group(self, shard: str, number: int, column: str) -> list[Any]:
        if self._file is None or self._file[0] != shard:
            self._file = (shard, pq.ParquetFile(self._files(shard)))
        rows = self._file[1].metadata.row_group(number).num_rows
        if rows > _ROW_GROUP:  # a few bytes can stand for billions of rows
            raise ValueError(f"a row group of {rows:,} rows, where at most {_ROW_GROUP} are written")
        wanted = "image.bytes" if column == "image" else column
        values: list[Any] = self._file[1].read_row_group(number, columns=[wanted]).column(column).to_pylist()
        return values
