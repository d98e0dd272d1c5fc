"""The data sets that come with the package or with scikit-learn: no download, and small enough for minutes."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import TableSpec
from gan_augment.core.seeds import numpy_generator
from gan_augment.data.columns import describe
from gan_augment.data.config import DemoSource, SplitConfig, TableSource
from gan_augment.data.raw import ArrayImage, RawData, RawImages, RawTable, make_rows
from gan_augment.data.sources import table

__all__ = ["DIGITS_RARE", "read"]

# Long tail of the digits: the rare ones are those that are easily taken for others.
DIGITS_RARE = (3, 5, 8)
DIGITS_TRAIN, DIGITS_TRAIN_RARE, DIGITS_VALIDATION = 60, 10, 40


def read(config: Any, root: Path, split: SplitConfig) -> RawData:  # noqa: ARG001 - a demo lies in no folder
    """See `Reader`."""
    assert isinstance(config, DemoSource)
    if config.name == "penguins":
        return _penguins(split)
    for key in ("group", "column"):
        if value := getattr(split, key):
            raise ParamsError(
                f"This demo has no {key}s",
                where=f"prepare.split.{key} in params.yaml",
                got=repr(value),
                expected="null",
            )
    return _digits() if config.name == "digits" else _breast_cancer()


def _digits() -> RawData:
    """8x8 grey digits as a long tail: 60 train images of common classes, 10 of rare ones; the rest balanced."""
    from sklearn.datasets import load_digits  # takes a second, and only demos need it

    bunch = load_digits()
    pixels = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    parts = _long_tail(np.asarray(bunch.target))
    kept = np.flatnonzero(parts != "")
    rows = make_rows(
        label=[str(bunch.target[i]) for i in kept],
        identity=[f"digits-{i}" for i in kept],
        source=[f"sklearn.datasets.load_digits, image {i}" for i in kept],
        split=parts[kept].tolist(),
    )
    handles = tuple(ArrayImage(f"digit {i}", pixels[i]) for i in kept)
    return RawData(
        "digits", "BSD-3-Clause (scikit-learn), UCI ML repository", rows, RawImages(handles), entries=len(rows)
    )


def _long_tail(target: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    """Part of every row, "" for those left over. Which row goes where is part of the demo: it has its own seed."""
    parts = np.full(len(target), "", dtype=object)
    test = int(np.bincount(target).min()) - DIGITS_TRAIN - DIGITS_VALIDATION
    for label in np.unique(target):
        order = numpy_generator("demo", "digits", int(label)).permutation(np.flatnonzero(target == label))
        train = DIGITS_TRAIN_RARE if label in DIGITS_RARE else DIGITS_TRAIN
        parts[order[:test]] = "test"
        parts[order[test : test + DIGITS_VALIDATION]] = "validation"
        parts[order[test + DIGITS_VALIDATION :][:train]] = "train"
    return parts


def _breast_cancer() -> RawData:
    """569 tumours, 30 numeric features, two classes."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    names = [str(name).replace(" ", "_") for name in bunch.feature_names]
    frame = pd.DataFrame(bunch.data, columns=names)
    rows = make_rows(
        label=[str(bunch.target_names[i]) for i in bunch.target],
        identity=[f"breast_cancer-{i}" for i in range(len(frame))],
        source=[f"sklearn.datasets.load_breast_cancer, row {i}" for i in range(len(frame))],
    )
    spec = TableSpec(columns=tuple(describe(frame[name]) for name in names), target="diagnosis")
    return RawData("breast_cancer", "CC BY 4.0 (UCI ML repository)", rows, RawTable(frame, spec), entries=len(rows))


def _penguins(split: SplitConfig) -> RawData:
    """344 penguins, 6 features of mixed kinds with missing values, three species."""
    with resources.as_file(resources.files("gan_augment.data") / "demo") as folder:
        source = TableSource(path="penguins.csv", target="species")
        found = table.read(source, folder, split)
    return RawData("penguins", "CC0-1.0", found.rows, found.content, found.problems, entries=found.entries)
