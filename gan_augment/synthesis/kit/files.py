"""The files of a saved table model: model.json (what it is), codec.json, and arrays as safetensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from gan_augment.core.atomic import read_json, replacing_file, write_json, write_text
from gan_augment.core.checksums import check_file
from gan_augment.core.errors import MissingInputError, ModelError
from gan_augment.core.obstacles import os_error_in
from gan_augment.encoding.table import TableCodec

__all__ = [
    "Arrays",
    "read_about",
    "read_arrays",
    "read_codec",
    "read_texts",
    "write_about",
    "write_arrays",
    "write_codec",
    "write_texts",
]

Arrays = dict[str, npt.NDArray[Any]]
REMEDY = "delete the stage's output folder and run `dvc repro`"


def write_about(directory: Path, method: str, **facts: Any) -> None:
    """model.json: the method's name and JSON-able facts."""
    write_json(directory / "model.json", {"method": method, **facts})


def read_about(directory: Path, method: str) -> dict[str, Any]:
    """What `write_about` wrote. Raises ModelError where it is absent, damaged or another method's."""
    about = _read_json(directory / "model.json")
    if not isinstance(about, dict) or about.get("method") != method:
        got = about.get("method") if isinstance(about, dict) else about
        raise ModelError(
            "A saved model is of another method", where=directory, got=repr(got), expected=repr(method), remedy=REMEDY
        )
    return about


def write_codec(directory: Path, codec: TableCodec) -> None:
    """codec.json, one line a column."""
    about = codec.to_json()
    columns = ",\n".join(json.dumps(column, ensure_ascii=False) for column in about.pop("columns"))
    rest = json.dumps(about, ensure_ascii=False).removeprefix("{")
    write_text(directory / "codec.json", '{"columns": [\n' + columns + "\n], " + rest + "\n")


def read_codec(directory: Path) -> TableCodec:
    """What `write_codec` wrote. Raises ModelError."""
    return TableCodec.from_json(_read_json(directory / "codec.json"))


def write_arrays(path: Path, arrays: Arrays) -> None:
    """A safetensors file; the same arrays give the same bytes."""
    with replacing_file(path) as partial:
        try:
            save_file({name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}, partial)
        except SafetensorError as error:
            raise os_error_in(error, path) or error from None


def read_arrays(path: Path, names: tuple[str, ...]) -> Arrays:
    """What `write_arrays` wrote. Raises ModelError where the file is absent, damaged or lacks a name."""
    check_file(path)
    try:
        arrays: Arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError("A saved model cannot be read", where=path, got=str(error), remedy=REMEDY) from None
    if absent := set(names) - set(arrays):
        raise ModelError("A saved model is incomplete", where=path, got=f"no {min(absent)!r}", remedy=REMEDY)
    return arrays


def write_texts(path: Path, **lists: Sequence[str]) -> None:
    """A JSON file of named lists of texts."""
    write_json(path, {name: list(texts) for name, texts in lists.items()})


def read_texts(path: Path, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What `write_texts` wrote. Raises ModelError where the file is absent, damaged or lacks a name."""
    found = _read_json(path)
    if not isinstance(found, dict) or not set(names) <= set(found):
        raise ModelError("A saved model is incomplete", where=path, expected=", ".join(names), remedy=REMEDY)
    return {name: tuple(map(str, found[name])) for name in names}


def _read_json(path: Path) -> Any:
    check_file(path)
    try:
        return read_json(path)
    except (MissingInputError, UnicodeDecodeError) as error:
        got = error.problem if isinstance(error, MissingInputError) else str(error)
        raise ModelError("A saved model is incomplete or damaged", where=path, got=got, remedy=REMEDY) from None
