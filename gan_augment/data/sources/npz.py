"""An `.npz` file in the MedMNIST layout: arrays `train_images` and `train_labels`, and the same of val and test."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import DataError
from gan_augment.data.config import NpzSource, SplitConfig
from gan_augment.data.parts import part_of
from gan_augment.data.paths import existing_file
from gan_augment.data.sources.api import ArrayImage, RawData, RawImages, make_rows

__all__ = ["read"]

_LAYOUT = "train_images [n, h, w] or [n, h, w, 3] uint8 and train_labels [n] or [n, 1]; the same of val and test"


def read(config: Any, root: Path, split: SplitConfig) -> RawData:  # noqa: ARG001 - it has its own
    """See `Reader`. The file's own split is kept."""
    assert isinstance(config, NpzSource)
    path = existing_file(root, config.path)
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
        sources.extend(f"{path.name}, {prefix}_images[{i}]" for i in range(len(pixels)))
        parts.extend([str(part_of(prefix))] * len(pixels))
    if not images:
        raise _wrong(path, f"arrays {', '.join(arrays) or '(none)'}")
    rows = make_rows(label=labels, identity=_identities(images, labels), source=sources, split=parts)
    handles = tuple(ArrayImage(name, pixels) for name, pixels in zip(sources, images, strict=True))
    return RawData(path.stem, "unknown", rows, RawImages(handles))


def _load(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(
            "The .npz file cannot be read",
            where=path,
            got=str(error).split("\n", maxsplit=1)[0],
            expected="plain arrays (no pickled objects)",
            remedy="write it again with numpy.savez",
        ) from None


def _part(path: Path, arrays: dict[str, npt.NDArray[Any]], prefix: str) -> tuple[npt.NDArray[np.uint8], list[str]]:
    images = arrays[f"{prefix}_images"]
    labels = arrays.get(f"{prefix}_labels")
    if part_of(prefix) is None or labels is None:
        raise _wrong(path, f"{prefix}_images without {prefix}_labels" if labels is None else f"{prefix}_images")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise _wrong(path, f"{prefix}_images {images.dtype} {list(images.shape)}")
    if labels.size != len(images) or labels.dtype.kind not in "iuU":
        raise _wrong(path, f"{prefix}_labels {labels.dtype} {list(labels.shape)} for {len(images)} images")
    return images, [str(label) for label in labels.reshape(-1)]


def _wrong(path: Path, got: str) -> DataError:
    return DataError("The .npz file is not in the MedMNIST layout", where=path, got=got, expected=_LAYOUT)


def _identities(images: list[npt.NDArray[np.uint8]], labels: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    identities = []
    for pixels, label in zip(images, labels, strict=True):
        digest = hashlib.sha256(label.encode() + b"\0" + np.ascontiguousarray(pixels).tobytes()).hexdigest()[:24]
        identities.append(f"{digest}-{seen[digest]}")
        seen[digest] += 1
    return identities
