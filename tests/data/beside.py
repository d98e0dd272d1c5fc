"""The same rows with everything beside them, in every kind of source that may hold it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from gan_augment.core.records import Role

__all__ = ["LABELS", "SOURCES", "caption", "expected", "number_of", "write_source"]

SOURCES = ("image_folder", "metadata", "image_manifest", "webdataset", "npz")
LABELS = ("cat", "dog")
COLUMNS: dict[Role, list[str]] = {"attributes": ["hair", "eyes"], "sequence": ["clip", "shot"]}
HAIR, EYES = ("red", "black", "ünlü"), ("open", "closed")
SIDE = 8


def number_of(pixels: npt.NDArray[np.uint8]) -> int:
    """The row whose image this is: it says its number in every pixel."""
    return int(pixels[0, 0, 0])


def image(number: int) -> npt.NDArray[np.uint8]:
    return np.full((SIDE, SIDE, 3), (number, 255 - number, 7), np.uint8)


def mask(number: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (SIDE, SIDE), np.uint8)


def pair(number: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1000 + number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def voxels(number: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(2000 + number).integers(0, 2, (3, 4, 5), np.uint8)


def caption(number: int) -> str:
    return (f"no. {number}, <b>猫</b>", "two\nlines, and a comma", "long " * 1000 + "end")[number % 3]


def cells(role: Role, number: int) -> tuple[str, ...]:
    if role == "attributes":
        return HAIR[number % 3], EYES[number % 2]
    return (f"clip {number % 3}", str(number)) if role == "sequence" else (caption(number),)


def expected(role: Role, number: int) -> Any:
    """What a row of a companion must hold: an array, or a tuple of cells."""
    if role == "mask":
        return mask(number)[..., None]
    if role in ("pair", "voxels"):
        return {"pair": pair, "voxels": voxels}[role](number)
    return (cells(role, number)[0], number) if role == "sequence" else cells(role, number)


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def as_file(role: Role, number: int) -> tuple[str, bytes]:
    """An ending, and the content of a file."""
    if role == "voxels":
        stream = io.BytesIO()
        np.save(stream, voxels(number))
        return ".npy", stream.getvalue()
    if role in ("mask", "pair"):
        return ".png", png({"mask": mask, "pair": pair}[role](number))
    return ".txt", cells(role, number)[0].encode()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_source(kind: str, root: Path, role: Role, count: int = 8) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write `count` rows, two classes in turns. Gives `prepare.source` and the entry in `prepare.companions`."""
    names = [f"{LABELS[number % 2]}/{number:03d}" for number in range(count)]
    if kind in ("image_folder", "metadata"):
        for number, name in enumerate(names):
            write(root / f"photos/{name}.png", png(image(number)))
        source = {"kind": "image_folder", "path": "photos"}
        return source, _sister(root, role, names) if kind == "image_folder" else _metadata(root, role, names)
    return {"image_manifest": _list, "webdataset": _tars, "npz": _npz}[kind](root, role, names)


def _sister(root: Path, role: Role, names: list[str]) -> dict[str, Any]:
    if role in COLUMNS:
        return _metadata(root, role, names)
    for number, name in enumerate(names):
        ending, content = as_file(role, number)
        write(root / f"beside/{name}{ending}", content)
    return {"path": "beside"}


def _metadata(root: Path, role: Role, names: list[str]) -> dict[str, Any]:
    frame, config = _columns(root / "photos", role, names, "../beside/")
    frame.insert(0, "file_name", [f"{name}.png" for name in names])
    ending = {"caption": "jsonl", "attributes": "csv"}.get(role, "parquet")
    path = root / f"photos/metadata.{ending}"
    if ending == "jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in frame.to_dict("records")), "utf-8")
    elif ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    return config


def _columns(folder: Path, role: Role, names: list[str], beside: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A frame of cells; of arrays the paths of files, which are written."""
    if role in ("mask", "pair", "voxels"):
        paths = []
        for number, name in enumerate(names):
            ending, content = as_file(role, number)
            write(folder / f"{beside}{name}{ending}", content)
            paths.append(f"{beside}{name}{ending}")
        return pd.DataFrame({f"{role}_file_name": paths}), {"column": f"{role}_file_name"}
    columns = COLUMNS.get(role, ["words"])
    frame = pd.DataFrame([cells(role, number) for number in range(len(names))], columns=columns)
    return frame, {"columns": columns} if role in COLUMNS else {"column": "words"}


def _list(root: Path, role: Role, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    for number, name in enumerate(names):
        write(root / f"files/{name}.png", png(image(number)))
    frame, config = _columns(root, role, names, "beside/")
    frame["image"], frame["kind"] = [f"files/{name}.png" for name in names], [name.partition("/")[0] for name in names]
    frame.to_csv(root / "list.csv", index=False)
    return {"kind": "image_manifest", "path": "list.csv", "target": "kind", "image": "image"}, config


def _tars(root: Path, role: Role, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    with tarfile.open(root / "a.tar", "w") as tar:
        for number, name in enumerate(names):
            files = {"png": png(image(number)), "cls": name.partition("/")[0].encode()}
            ending, content = as_file(role, number)
            if role in COLUMNS:
                ending, content = (
                    ".json",
                    json.dumps(dict(zip(COLUMNS[role], cells(role, number), strict=True))).encode(),
                )
            files[f"{role}{ending}" if role in ("mask", "pair", "voxels") else ending[1:]] = content
            for suffix, part in files.items():
                about = tarfile.TarInfo(f"{number:03d}.{suffix}")
                about.size = len(part)
                tar.addfile(about, io.BytesIO(part))
    ending = {"mask": "mask.png", "pair": "pair.png", "voxels": "voxels.npy"}.get(role, "txt")
    config = {"columns": COLUMNS[role]} if role in COLUMNS else {"ending": ending}
    return {"kind": "webdataset", "path": "a.tar"}, config


def _npz(root: Path, role: Role, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays: dict[str, Any] = {}
    for part, low in (("train", 0), ("val", len(names) // 2), ("test", 3 * len(names) // 4)):
        numbers = range(low, {"train": len(names) // 2, "val": 3 * len(names) // 4}.get(part, len(names)))
        arrays[f"{part}_images"] = np.stack([image(number) for number in numbers])
        arrays[f"{part}_labels"] = np.array([LABELS[number % 2] for number in numbers])
        if role in ("mask", "pair", "voxels"):
            of_role = {"mask": mask, "pair": pair, "voxels": voxels}[role]
            arrays[f"{part}_beside"] = np.stack([of_role(number) for number in numbers])
        else:
            for place, name in enumerate(COLUMNS.get(role, ["beside"])):
                arrays[f"{part}_{name}"] = np.array([cells(role, number)[place] for number in numbers])
    np.savez(root / "data.npz", **arrays)
    return {"kind": "npz", "path": "data.npz"}, {"columns": COLUMNS[role]} if role in COLUMNS else {"array": "beside"}
