"""Which classes do alarms and curation refuse? Ten unbalanced tables, right rows and rows under wrong labels.

The "synthetic" rows are real rows that were held back (nothing is wrong with them), and the same rows under labels that
were dealt out at random. Three rules are asked: the one of before (an unweighted logistic regression agrees with fewer
than half of the labels), the alarms of `train_gan`, and the curation. Nothing is downloaded.

    OMP_NUM_THREADS=1 python benchmarks/fair_alarms.py --seeds 10     # about 2 CPU-minutes
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine, make_classification
from sklearn.linear_model import LogisticRegression

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.curate import curate
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.synthesis.health.alarms import class_alarm
from gan_augment.synthesis.health.label_judge import LabelJudge

Labels = npt.NDArray[np.int64]
Table = tuple[npt.NDArray[np.float64], Labels]
PARTS = (0.45, 0.1, 0.45)  # train, validation, held back


def thinned(rows: npt.NDArray[Any], labels: Labels, rare: int, ratio: int) -> Table:
    """A class made rare: one row in `ratio` of the others' number is left of it."""
    own = np.flatnonzero(labels == rare)
    keep = own[: max(20, (len(labels) - len(own)) // ratio)]
    chosen = np.r_[np.flatnonzero(labels != rare), keep]
    return rows[chosen].astype(float), labels[chosen]


def drawn(separation: float, rare_share: float, rows: int, seed: int) -> Table:
    """Clusters of two classes that overlap the more the smaller `separation` is."""
    found = make_classification(
        rows, 12, n_informative=4, n_redundant=2, n_clusters_per_class=1, class_sep=separation,
        weights=[1 - rare_share], flip_y=0.0, random_state=seed,
    )  # fmt: skip
    return found[0], found[1].astype(np.int64)


def high_risk() -> Table:
    """scikit-learn's diabetes: the tenth of the patients that got worst, against the others."""
    rows, target = load_diabetes(return_X_y=True)
    return rows, (target > np.quantile(target, 0.9)).astype(np.int64)


DIGITS, CANCER, WINE = load_digits(), load_breast_cancer(), load_wine()
THREE = np.isin(DIGITS.target, (3, 8, 9))
TABLES: dict[str, Callable[[], Table]] = {
    "breast_cancer 1:10": lambda: thinned(CANCER.data, CANCER.target, 0, 10),
    "wine 1:5": lambda: thinned(WINE.data, WINE.target, 2, 5),
    "digits, an 8 or not": lambda: (DIGITS.data, (DIGITS.target == 8).astype(np.int64)),
    "digits 3, 8, 9, few 8": lambda: thinned(
        DIGITS.data[THREE], np.searchsorted([3, 8, 9], DIGITS.target[THREE]), 1, 8
    ),
    "diabetes, worst tenth": high_risk,
    "drawn, sep .2, 1:4": lambda: drawn(0.2, 0.2, 2000, 1),
    "drawn, sep .3, 1:10": lambda: drawn(0.3, 0.09, 3000, 2),
    "drawn, sep .5, 1:10": lambda: drawn(0.5, 0.09, 1500, 3),
    "drawn, sep .5, 1:30": lambda: drawn(0.5, 0.032, 4000, 4),
    "drawn, sep .8, 1:50": lambda: drawn(0.8, 0.02, 4000, 5),
}


class Cut:
    """A table cut at random, and what each rule says of each class."""

    def __init__(self, table: Table, seed: int) -> None:
        rows, labels = table
        rng = np.random.default_rng(seed)
        self.spec = _spec(rows.shape[1], int(labels.max()) + 1)
        places: list[list[int]] = [[], [], []]
        for index in np.unique(labels):
            own = rng.permutation(np.flatnonzero(labels == index))
            ends = np.round(np.cumsum(PARTS) * len(own)).astype(int)
            for number, found in enumerate(np.split(own, ends[:-1])):
                places[number] += found.tolist()
        self.train, self.validation, self.back = (self._samples(rows[p], labels[p], n) for n, p in enumerate(places))
        self.shuffled = self._samples(rows[places[2]], rng.permutation(labels[places[2]]), 3)

    def _samples(self, rows: npt.NDArray[Any], labels: Labels, part: int) -> Samples:
        split, origin = (("train", "real"), ("validation", "real"), ("train", "synthetic"), ("train", "synthetic"))[
            part
        ]
        ids = [f"{part}-{number}" for number in range(len(rows))]
        names = [self.spec.labels[label] for label in labels]
        frame = pd.DataFrame(rows, columns=[f"x{number}" for number in range(rows.shape[1])])
        return Samples(make_manifest(len(rows), id=ids, label=names, split=split, origin=origin), frame)

    def refused(self, made: Samples) -> dict[str, list[bool]]:
        """Rule -> whether it refuses each class."""
        train, validation = TrainView(self.spec, self.train), ValidationView(self.spec, self.validation)
        space = fit_feature_space(train)
        rows, held = space(train.samples.payload), space(validation.samples.payload)
        drawn_rows, asked = space(made.payload), made.label_indices(self.spec)
        before: Any = LogisticRegression(max_iter=1000).fit(rows, train.labels)
        judge = LabelJudge(rows, train.labels, held, validation.labels, seed=0)
        settings = {"train_on_synthetic_seeds": 0, "weaknesses": {"checks": []}, "judged_by": {"members": 1}}
        report = curate(train, validation, made, CurateConfig.model_validate(settings), seed=0).report
        found: dict[str, list[bool]] = {"before": [], "alarms": [], "curation": []}
        for index, record in enumerate(self.spec.classes):
            own = drawn_rows[asked == index]
            real = rows[train.labels == index], held[validation.labels == index]
            found["before"].append(bool(np.mean(before.predict(own) == index) < 0.5))
            found["alarms"].append(class_alarm(*real, own, judge.likeness(own, index)) is not None)
            found["curation"].append(report["classes"][record.key]["refused_by"] is not None)
        return found


def _spec(width: int, classes: int) -> DatasetSpec:
    columns = tuple(Column(name=f"x{number}", kind="numeric", dtype="float64") for number in range(width))
    records = tuple(ClassRecord(key=f"c{number}", label=f"c{number}") for number in range(classes))
    return DatasetSpec(name="t", modality="table", classes=records, table=TableSpec(columns=columns, target="class"))


def main() -> None:
    """Print a row a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default="", help="tables whose name holds this")
    options = parser.parse_args()
    seeds = options.seeds
    rules = ("before", "alarms", "curation")
    print("| table | rare rows | " + " | ".join(f"{what}: {rule}" for what in ("right", "shuffled") for rule in rules))
    total: dict[tuple[str, str], list[bool]] = {}
    for name, load in TABLES.items():
        if options.only not in name:
            continue
        table, own = load(), dict[tuple[str, str], list[bool]]()
        rare = int(np.bincount(table[1]).argmin())
        for seed in range(seeds):
            cut = Cut(table, seed)
            for rule, said in cut.refused(cut.back).items():
                own.setdefault(("right", rule), []).extend(said)
            for rule, said in cut.refused(cut.shuffled).items():
                own.setdefault(("shuffled", rule), []).append(
                    said[rare]
                )  # the largest class's labels stay mostly right
        for key, said in own.items():
            total.setdefault(key, []).extend(said)
        print(f"| {name} | {round(np.bincount(table[1]).min() * PARTS[0])} | " + _cells(own, rules), flush=True)
    print("| all |  | " + _cells(total, rules))


def _cells(found: dict[tuple[str, str], list[bool]], rules: tuple[str, ...]) -> str:
    keys = [(what, rule) for what in ("right", "shuffled") for rule in rules]
    return " | ".join(f"{sum(found[key])}/{len(found[key])}" for key in keys) + " |"


if __name__ == "__main__":
    main()
