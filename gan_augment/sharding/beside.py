"""Companions of a sample in a shard, to bytes and back: a PNG, a text, a JSON object, or an .npy file."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gan_augment.core import fields
from gan_augment.core.errors import DataError
from gan_augment.core.fields import FEATURE, PIXELS, Files
from gan_augment.core.png import decode_png, encode_png
from gan_augment.core.records import ArrayField, Column, Field, FrameField, Record, Role
from gan_augment.core.samples import count_samples, roles_in

__all__ = [
    "Beside",
    "arrow_fields",
    "decoded",
    "describe_companions",
    "encoded_cells",
    "encoded_rows",
    "ending",
    "features_of",
    "find_companions",
    "is_picture",
    "is_text",
]


class Beside(Record):
    """Companion in index.json: its form, and whether the real and the synthetic rows have it."""

    form: Field
    real: bool
    synthetic: bool


def find_companions(folders: Sequence[Path]) -> dict[Role, Field]:
    """Companions in these samples folders. Raises DataError where two folders have them in different forms."""
    found: dict[Role, Field] = {}
    for folder in filter(count_samples, folders):
        for role in roles_in(folder):
            path = Files.of_role(role).find(folder)
            assert path is not None
            if found.setdefault(role, own := fields.describe(path)) != own:
                raise DataError(
                    f"The {role} of some rows has another form than that of others",
                    where=folder,
                    got=own.model_dump_json(),
                    expected=found[role].model_dump_json(),
                    remedy="run `dvc repro`, which makes the synthetic rows again",
                )
    return found


def describe_companions(
    forms: Mapping[Role, Field], real: Sequence[Path], synthetic: Path | None
) -> dict[Role, Beside]:
    """Entries of index.json."""
    with_rows = [folder for folder in real if count_samples(folder)]
    return {
        role: Beside(
            form=form,
            real=all(role in roles_in(folder) for folder in with_rows),
            synthetic=synthetic is not None and role in roles_in(synthetic),
        )
        for role, form in forms.items()
    }


def is_picture(form: Field) -> bool:
    """Whether rows are written as PNGs."""
    return isinstance(form, ArrayField) and len(form.shape) == 3 and form.shape[2] in (1, 3)


def is_text(role: Role) -> bool:
    """Whether rows are plain texts."""
    return role in ("caption", "text")


def ending(role: Role, form: Field) -> str:
    """Ending of a file: `png`, `npy`, `txt` or `json`."""
    if isinstance(form, ArrayField):
        return "png" if is_picture(form) else "npy"
    return "txt" if is_text(role) else "json"


def encoded_rows(rows: pa.Table, role: Role, form: Field) -> Iterator[bytes | None]:
    """Bytes of every row; None where a row has none."""
    if isinstance(form, ArrayField):
        for value in rows.column(f"{role}/{PIXELS}"):
            buffer = value.as_buffer()
            yield None if buffer is None else _array_bytes(np.frombuffer(buffer, np.uint8).reshape(form.shape), form)
        return
    names = [column.name for column in form.columns]
    for cells in zip(*(rows.column(f"{role}/{FEATURE}{name}").to_pylist() for name in names), strict=True):
        yield encoded_cells(role, dict(zip(names, cells, strict=True)))


def _array_bytes(values: Any, form: Field) -> bytes:
    if is_picture(form):
        return encode_png(values)
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def encoded_cells(role: Role, cells: Mapping[str, Any]) -> bytes | None:
    """Text, or a JSON object; None where every cell is empty."""
    if all(cell is None for cell in cells.values()):
        return None
    if is_text(role):
        return str(next(iter(cells.values()))).encode()
    return json.dumps(dict(cells), ensure_ascii=False).encode()


def decoded(role: Role, form: Field, content: bytes) -> Any:
    """Decoded companion: a uint8 array, or a dict of cells. Raises ValueError for the bytes of anything else."""
    if isinstance(form, ArrayField):
        values = decode_png(content) if is_picture(form) else np.load(io.BytesIO(content), allow_pickle=False)
        if values.shape != form.shape or values.dtype != np.uint8:
            raise ValueError(f"{role}: {values.dtype} {list(values.shape)}, not uint8 {list(form.shape)}")
        return values
    text = content.decode()
    cells = {form.columns[0].name: text} if is_text(role) else json.loads(text)
    if not isinstance(cells, dict) or set(cells) != {column.name for column in form.columns}:
        raise ValueError(f"{role}: other columns than {', '.join(column.name for column in form.columns)}")
    return cells


def arrow_fields(role: Role, form: Field) -> list[pa.Field]:
    """Columns of a companion among the rows before they are sharded."""
    if isinstance(form, ArrayField):
        return [pa.field(f"{role}/{PIXELS}", pa.binary(fields.bytes_per_row(form)))]
    return [pa.field(f"{role}/{FEATURE}{column.name}", arrow_type(column)) for column in form.columns]


def arrow_type(column: Column) -> pa.DataType:
    """Arrow type for texts and whole numbers."""
    return pa.int64() if column.kind == "numeric" else pa.string()


def features_of(role: Role, form: Field) -> tuple[pa.DataType, Any]:
    """Type of a companion's column in a Parquet shard, and its feature for Hugging Face's `datasets`."""
    if isinstance(form, FrameField) and not is_text(role):
        types = {column.name: arrow_type(column) for column in form.columns}
        told = {name: {"dtype": str(kind), "_type": "Value"} for name, kind in types.items()}
        return pa.struct(list(types.items())), told
    if is_picture(form):
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())]), {"_type": "Image"}
    kind = pa.string() if isinstance(form, FrameField) else pa.binary()
    return kind, {"dtype": str(kind), "_type": "Value"}
