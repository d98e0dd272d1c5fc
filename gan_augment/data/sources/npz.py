"""`.npz` files in the MedMNIST layout: arrays `train_images` and `train_labels`, and the same of val and test."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import Role
from gan_augment.data.accounts import LeftOut, Reason
from gan_augment.data.config import CompanionSource, NpzSource, PoolNpz, SplitConfig
from gan_augment.data.parts import part_of
from gan_augment.data.paths import existing_file, shown
from gan_augment.data.raw import NO_COMPANIONS, ArrayImage, Beside, Companions, RawData, RawImages, make_rows
from gan_augment.data.sources.beside import ARRAYS, refuse_other_forms

__all__ = ["read"]

_LAYOUT = "train_images [n, h, w] or [n, h, w, 3] uint8 and train_labels [n] or [n, 1]; the same of val and test"
_POOL_LAYOUT = "images or NAME_images [n, h, w] or [n, h, w, 3] uint8; labels or NAME_labels [n] where there are any"
OTHER_ARRAY = Reason("arrays that are neither images nor labels of a part")


def read(config: Any, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS) -> RawData:
    """See `Reader`. The file's own split is kept."""
    assert isinstance(config, NpzSource | PoolNpz)
    if isinstance(config, PoolNpz):
        refuse_other_forms(companions, "An .npz file of a pool")
    refuse_other_forms(companions, "An .npz file", "array", "column")
    _check_split(split)
    path = existing_file(root, config.path)
    if isinstance(config, PoolNpz):
        return _read_pool(path, _load(path))
    arrays = _load(path)
    prefixes = sorted(name.removesuffix("_images") for name in arrays if name.endswith("_images"))
    labels: list[str] = []
    sources: list[str] = []
    parts: list[str] = []
    images: list[npt.NDArray[np.uint8]] = []
    for prefix in prefixes:
        pixels, classes = _part(path, arrays, prefix)
        images.extend(pixels)
        labels.extend(classes)
        sources.extend(f"{shown(path.name)}, {prefix}_images[{i}]" for i in range(len(pixels)))
        parts.extend([str(part_of(prefix))] * len(pixels))
    if not images:
        raise _wrong(path, f"arrays {', '.join(map(shown, arrays)) or '(none)'}")
    rows = make_rows(label=labels, identity=_identities(images, labels), source=sources, split=parts)
    handles = tuple(ArrayImage(name, pixels) for name, pixels in zip(sources, images, strict=True))
    beside = {role: _beside(path, arrays, prefixes, role, config) for role, config in companions.items()}
    used = {f"{prefix}_{name}" for prefix in prefixes for config in companions.values() for name in _arrays_of(config)}
    others = _others(path, arrays, prefixes, used)
    entries = sum(len(arrays[f"{prefix}_images"]) for prefix in prefixes) + len(others)
    name, content = shown(path.stem), RawImages(handles)
    return RawData(name, "unknown", rows, content, entries=entries, left_out=others, companions=beside)


def _arrays_of(config: CompanionSource) -> tuple[str, ...]:
    return config.names or (str(config.array),)


def _beside(
    path: Path, arrays: dict[str, npt.NDArray[Any]], prefixes: list[str], role: Role, config: CompanionSource
) -> tuple[Beside, ...]:
    """Companion rows from the arrays of every part; None for the rows of a part that has no such array."""
    found: list[Beside] = []
    for prefix in prefixes:
        names = [f"{prefix}_{name}" for name in _arrays_of(config)]
        count = len(arrays[f"{prefix}_images"])
        if not set(names) & set(arrays):
            found += [None] * count
            continue
        own = [_one_a_row(path, arrays, name, count) for name in names]
        found += _pixels(path, names[0], own[0]) if role in ARRAYS else list(zip(*map(_cells, own), strict=True))
    return tuple(found)


def _one_a_row(path: Path, arrays: dict[str, npt.NDArray[Any]], name: str, count: int) -> npt.NDArray[Any]:
    if name in arrays and arrays[name].ndim and len(arrays[name]) == count:
        return arrays[name]
    got = f"{name} {list(arrays[name].shape)}" if name in arrays else f"no array {name}"
    raise DataError(
        "The .npz file has another number of companions than of images",
        where=shown(str(path)),
        got=got,
        expected=f"{name} with {count} rows",
        remedy="write the file again, or correct prepare.companions",
    )


def _pixels(path: Path, name: str, array: npt.NDArray[Any]) -> list[Beside]:
    if array.dtype not in (np.uint8, np.bool_):
        raise DataError(
            "Companions in an .npz file are bytes or truth values",
            where=shown(str(path)),
            got=f"{name} {array.dtype}",
            expected="uint8 or bool",
        )
    scale = 255 if array.dtype == np.bool_ and array.ndim == 3 else 1
    return [ArrayImage(f"{name}[{place}]", row.astype(np.uint8) * scale) for place, row in enumerate(array)]


def _cells(array: npt.NDArray[Any]) -> list[str | None]:
    return [str(value).strip() or None for value in array.reshape(len(array), -1)[:, 0].tolist()]


def _read_pool(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> RawData:
    """Every array of images, with its labels where the file has them."""
    names = sorted(name for name in arrays if name.endswith("images"))
    handles: list[ArrayImage] = []
    labels: list[str] = []
    read = {*names}
    for name in names:
        beside = name.removesuffix("images") + "labels"
        _check_images(path, arrays[name], name, _POOL_LAYOUT)
        handles += [ArrayImage(f"{shown(path.name)}, {name}[{i}]", pixels) for i, pixels in enumerate(arrays[name])]
        labels += _texts(path, arrays, beside, name) if beside in arrays else [""] * len(arrays[name])
        read.add(beside)
    if not handles:
        raise _wrong(path, f"arrays {', '.join(map(shown, arrays)) or '(none)'}", _POOL_LAYOUT)
    others = tuple(LeftOut(f"{shown(path.name)}: {shown(name)}", OTHER_ARRAY) for name in arrays if name not in read)
    sources = [handle.name for handle in handles]
    rows = make_rows(label=labels, identity=_identities([h.pixels for h in handles], labels), source=sources)
    content = RawImages(tuple(handles))
    return RawData(shown(path.stem), "unknown", rows, content, entries=len(handles) + len(others), left_out=others)


def _check_split(split: SplitConfig) -> None:
    for key in ("group", "column"):
        if value := getattr(split, key):
            raise ParamsError(
                f"An .npz file has no {key}s" if key == "group" else "An .npz file brings its own split",
                where=f"prepare.split.{key} in params.yaml",
                got=repr(value),
                expected="null; the parts are those of the arrays' names (train_images, val_images, test_images)",
                remedy="for another split or for groups, write the images to folders, or list them in a CSV",
            )


def _load(path: Path) -> dict[str, npt.NDArray[Any]]:
    if not zipfile.is_zipfile(path):
        raise _unreadable(path, _no_zip(path))
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive.files)
            if twice := sorted(name for name, times in Counter(names).items() if times > 1):
                raise ValueError(f"the array {twice[0]} twice")
            arrays = {name: archive[name] for name in names}
    except Exception as error:  # numpy, zipfile and zlib raise nearly anything on damaged data
        raise _unreadable(path, f"{str(error).splitlines()[0] if str(error) else type(error).__name__}") from None
    strange = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if strange:
        raise _unreadable(path, f"{shown(strange[0])}, which is not an array")
    return arrays


def _no_zip(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(6)
    if start == b"\x93NUMPY":
        return "a single array (.npy) under the ending .npz"
    return "the beginning of an archive whose end is missing" if start[:2] == b"PK" else "no .npz archive"


def _unreadable(path: Path, got: str) -> DataError:
    return DataError(
        "The .npz file cannot be read",
        where=shown(str(path)),
        got=got,
        expected=f"plain arrays (no pickled objects): {_LAYOUT}",
        remedy="fetch it again, or write it again with numpy.savez",
    )


def _part(path: Path, arrays: dict[str, npt.NDArray[Any]], prefix: str) -> tuple[npt.NDArray[np.uint8], list[str]]:
    images = arrays[f"{prefix}_images"]
    labels = arrays.get(f"{prefix}_labels")
    if part_of(prefix) is None or labels is None:
        raise _wrong(path, f"{prefix}_images without {prefix}_labels" if labels is None else f"{prefix}_images")
    _check_images(path, images, f"{prefix}_images")
    texts = _texts(path, arrays, f"{prefix}_labels", f"{prefix}_images")
    if "" in texts:
        raise _wrong(path, f"{prefix}_labels[{texts.index('')}] is empty")
    return images, texts


def _check_images(path: Path, images: npt.NDArray[Any], name: str, layout: str = _LAYOUT) -> None:
    shape = images.shape
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and shape[3] not in (1, 3)):
        raise _wrong(path, f"{name} {images.dtype} {list(shape)}", layout)
    if len(images) and 0 in shape:
        raise _wrong(path, f"{name} {list(shape)}, images without pixels", layout)


def _texts(path: Path, arrays: dict[str, npt.NDArray[Any]], name: str, images: str) -> list[str]:
    labels, count = arrays[name], len(arrays[images])
    if labels.size != count or labels.dtype.kind not in "iuU":
        raise _wrong(path, f"{name} {labels.dtype} {list(labels.shape)} for {count} images")
    return [str(label).strip() for label in labels.reshape(-1)]


def _others(
    path: Path, arrays: dict[str, npt.NDArray[Any]], prefixes: list[str], used: set[str]
) -> tuple[LeftOut, ...]:
    """Entries for arrays that were not read. Raises DataError for labels without images: samples are missing."""
    read = {f"{prefix}_{kind}" for prefix in prefixes for kind in ("images", "labels")} | used
    rest = [name for name in arrays if name not in read]
    for name in rest:
        if name.endswith("_labels"):
            raise _wrong(path, f"{name} without {name.removesuffix('_labels')}_images")
    return tuple(LeftOut(f"{shown(path.name)}: {shown(name)}", OTHER_ARRAY) for name in rest)


def _wrong(path: Path, got: str, layout: str = _LAYOUT) -> DataError:
    problem = "The .npz file is not in the MedMNIST layout" if layout == _LAYOUT else "The .npz file is not a pool"
    return DataError(problem, where=shown(str(path)), got=got, expected=layout)


def _identities(images: list[npt.NDArray[np.uint8]], labels: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    identities = []
    for pixels, label in zip(images, labels, strict=True):
        digest = hashlib.sha256(label.encode() + b"\0" + np.ascontiguousarray(pixels).tobytes()).hexdigest()[:24]
        identities.append(f"{digest}-{seen[digest]}")
        seen[digest] += 1
    return identities
