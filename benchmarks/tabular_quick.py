"""A first look at the table methods: train on synthetic rows, test on real ones (TSTR), against training on real rows.

    python benchmarks/tabular_quick.py [--seeds 3]

breast_cancer:low trains on 20 rows a class, penguins on half of the rows; the rest is the test part. Each method is
fitted on the train part and draws as many rows a class as there are real ones, and five times as many. Balanced
accuracy in percent, mean over seeds and two classifiers (logistic regression, random forest), with the standard error
over seeds of the difference to `real`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import gan_augment
from gan_augment.core.seeds import numpy_generator
from gan_augment.tabular import TableSynthesizer

METHODS = ("oversample", "smote", "jitter", "copula", "tabular_gan")
TARGET = "class"
Split = tuple[pd.DataFrame, pd.DataFrame]


def breast_cancer_low(seed: int) -> Split:
    frame = load_breast_cancer(as_frame=True).frame.rename(columns={"target": TARGET})
    shuffled = frame.iloc[numpy_generator(seed, "rows").permutation(len(frame))]
    train = shuffled.groupby(TARGET).head(20)
    return train, shuffled.drop(train.index)


def penguins(seed: int) -> Split:
    path = Path(gan_augment.__file__).parent / "data" / "demo" / "penguins.csv"
    frame = pd.read_csv(path).rename(columns={"species": TARGET})
    shuffled = frame.iloc[numpy_generator(seed, "rows").permutation(len(frame))]
    return shuffled[: len(frame) // 2], shuffled[len(frame) // 2 :]


CELLS: dict[str, Callable[[int], Split]] = {"breast_cancer:low": breast_cancer_low, "penguins": penguins}


def accuracy(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> float:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    levels = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore")
    )
    encoder = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (levels, make_column_selector(dtype_exclude="number"))
    )
    scores = []
    for classifier in (LogisticRegression(max_iter=1000), RandomForestClassifier(200, random_state=seed)):
        model: Any = make_pipeline(encoder, classifier).fit(train.drop(columns=[TARGET]), train[TARGET])
        scores.append(balanced_accuracy_score(test[TARGET], model.predict(test.drop(columns=[TARGET]))))
    return 100 * float(np.mean(scores))


def measure(cell: str, seed: int) -> list[dict[str, Any]]:
    train, test = CELLS[cell](seed)
    counts = train[TARGET].value_counts()
    rows = [{"cell": cell, "seed": seed, "method": "real", "x1": accuracy(train, test, seed)}]
    for method in METHODS:
        started = time.process_time()
        model = TableSynthesizer(method, seed=seed).fit(train, TARGET)
        made = {f"x{times}": model.sample((times * counts).to_dict(), seed=seed) for times in (1, 5)}
        seconds = time.process_time() - started
        scores = {name: accuracy(rows, test, seed) for name, rows in made.items()}
        rows.append({"cell": cell, "seed": seed, "method": method, **scores, "cpu_s": seconds})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    table = pd.DataFrame([row for cell in CELLS for seed in seeds for row in measure(cell, seed)])
    real = table[table["method"] == "real"].set_index(["cell", "seed"])["x1"]
    for times in ("x1", "x5"):
        table[f"{times}-real"] = table[times] - table.set_index(["cell", "seed"]).index.map(real)
    groups = table.groupby(["cell", "method"], sort=False)
    shown = groups[["x1", "x1-real", "x5", "x5-real", "cpu_s"]].mean()
    shown["s.e."] = groups["x5-real"].std() / np.sqrt(len(seeds))
    print(shown.round(2).to_string())


if __name__ == "__main__":
    main()
