"""The bars for tables: six cells x three classifiers x five seeds = 90 paired runs, peers in the same run.

    pip install -e '.[bench]'        # a fresh environment: ctgan wants an older pandas
    OMP_NUM_THREADS=1 python benchmarks/tabular.py --data FOLDER --results runs.jsonl
    python benchmarks/tabular.py --results runs.jsonl --report

FOLDER: see benchmarks/table_sets.py; without it the cells of scikit-learn's bundled sets are run. A run that was cut
goes on where it ended. Every arm adds rows to the same train rows until the classes are as large as the largest (100
rows a class where each has 20), and is scored on the same test rows:

- `real` (no rows), `class_weight`, `prior` (probabilities divided by the train class shares): the free ones.
- the ladder: `oversample`, `smote`, `jitter`, `copula`, `tabular_gan`, default settings.
- peers: `imblearn` (its SMOTE, or SMOTENC where there are categories, on standardised numbers), `ctgan` (0.12.1,
  default 300 epochs, fitted once a cell and seed; rows are asked for by class, kept if they have that class).
- `gated`: what `choose_augmentation` picks for this classifier from the train rows alone, among `GATED`, class
  weights, the prior correction and nothing. (The whole ladder in every fold of every run would take hours.)

Missing values: the peers cannot have them, and get medians and a level of their own. CPU is fit + sample after a
warm-up, one thread. "Distance": the median distance of a synthetic row to its class's nearest train row, over that of
test rows. The held-out sets yeast4 (1,484 rows, 28:1) and thyroid (4 classes, mixed columns with gaps, 19:1 and more)
were chosen before any result had been seen, and are reported apart.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_sample_weight
from table_sets import CELLS, CORE, HELD_OUT, TARGET, Cell, load_set, split

from gan_augment.core.records import TableSpec
from gan_augment.downstream.tables import categorical_places, gapless_encoder, plain_frame, tree_encoder
from gan_augment.encoding.table import TableCodec
from gan_augment.fidelity.distances import nearest
from gan_augment.tabular import TableSynthesizer, choose_augmentation
from gan_augment.tabular.frame import column_of

FREE = ("real", "class_weight", "prior")
LADDER = ("oversample", "smote", "jitter", "copula", "tabular_gan")
PEERS = ("imblearn", "ctgan")
ARMS = (*FREE, *LADDER, *PEERS, "gated")
GATED = ("smote", "copula")
CLASSIFIERS = ("LR", "RF", "HGB")


@dataclass
class Run:
    """One cell and seed."""

    train: pd.DataFrame
    test: pd.DataFrame
    wanted: dict[str, int]
    seed: int

    @classmethod
    def cut(cls, frame: pd.DataFrame, cell: Cell, seed: int) -> Run:
        train, test = split(frame, cell, seed)
        counts = train[TARGET].value_counts()
        fill = cell.fill or int(counts.max())
        return cls(train, test, {label: fill - int(n) for label, n in counts.items() if n < fill}, seed)

    @property
    def table(self) -> TableSpec:
        features = self.train.drop(columns=[TARGET])
        return TableSpec(columns=tuple(column_of(features[name]) for name in features.columns), target=TARGET)


def make_rows(arm: str, run: Run) -> pd.DataFrame:
    """The synthetic rows of one arm."""
    if arm == "imblearn":
        return smote_rows(run)
    if arm == "ctgan":
        return ctgan_rows(run)
    return TableSynthesizer(arm, seed=run.seed).fit(run.train, TARGET).sample(run.wanted, seed=run.seed)


def without_gaps(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = list(frame.select_dtypes("number"))
    filled = frame.astype(dict.fromkeys(numbers, "float64"))
    return filled.fillna(filled[numbers].median().to_dict()).fillna("missing")


def smote_rows(run: Run) -> pd.DataFrame:
    from imblearn.over_sampling import SMOTE, SMOTENC

    frame = without_gaps(run.train)
    features, labels = frame.drop(columns=[TARGET]), frame[TARGET]
    numbers = list(features.select_dtypes("number"))
    words = [name for name in features.columns if name not in numbers]
    mean, deviation = features[numbers].mean(), features[numbers].std().replace(0, 1)
    features[numbers] = (features[numbers] - mean) / deviation
    counts = labels.value_counts()
    settings: dict[str, Any] = {
        "sampling_strategy": {label: int(counts[label]) + n for label, n in run.wanted.items()},
        "k_neighbors": min(5, int(counts.min()) - 1),
        "random_state": run.seed,
    }
    sampler = SMOTENC(categorical_features=words, **settings) if words else SMOTE(**settings)
    made, made_labels = sampler.fit_resample(features, labels)
    made[numbers] = made[numbers] * deviation + mean
    return made.assign(**{TARGET: made_labels}).iloc[len(frame) :].reset_index(drop=True)


def ctgan_rows(run: Run, epochs: int = 300) -> pd.DataFrame:
    """The first rows of each class among what comes when asking for it; a class may stay short of its number."""
    from ctgan import CTGAN

    torch.manual_seed(run.seed)
    np.random.seed(run.seed)  # noqa: NPY002  ctgan draws from the global generators
    frame = without_gaps(run.train)
    words = [name for name in frame.columns if name not in set(frame.select_dtypes("number"))]
    model = CTGAN(epochs=epochs, cuda=False)
    model.fit(frame, words)
    parts = []
    for label, count in run.wanted.items():
        got: list[pd.DataFrame] = []
        for _ in range(40):
            rows = model.sample(max(500, count), condition_column=TARGET, condition_value=label)
            got.append(rows[rows[TARGET] == label])
            if sum(map(len, got)) >= count:
                break
        parts.append(pd.concat(got).head(count))
    return pd.concat(parts, ignore_index=True)[list(frame.columns)]


def fitted(name: str, rows: pd.DataFrame, table: TableSpec, seed: int, *, weighted: bool) -> Any:
    """A classifier behind its preprocessing, fitted on these rows."""
    if name == "HGB":
        places = categorical_places(table)
        estimator: Any = HistGradientBoostingClassifier(categorical_features=places or None, random_state=seed)
    elif name == "RF":
        estimator = RandomForestClassifier(100, random_state=seed)
    else:
        estimator = LogisticRegression(max_iter=1000)
    encoder = tree_encoder(table) if name == "HGB" else gapless_encoder(table)
    weights = compute_sample_weight("balanced", rows[TARGET]) if weighted else None
    steps = [("encoder", encoder), ("estimator", estimator)]
    return Pipeline(steps).fit(plain_frame(rows, table), rows[TARGET], estimator__sample_weight=weights)


def scores(run: Run, rows: pd.DataFrame, name: str, arm: str) -> dict[str, float]:
    table = run.table
    model = fitted(name, rows, table, run.seed, weighted=arm == "class_weight")
    probabilities = model.predict_proba(plain_frame(run.test, table))
    if arm == "prior":
        shares = run.train[TARGET].value_counts(normalize=True)[model.classes_].to_numpy()
        probabilities = probabilities / shares
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    truth = run.test[TARGET]
    binary = len(model.classes_) == 2
    auc = roc_auc_score(truth, probabilities[:, 1] if binary else probabilities, multi_class="ovr")
    return {
        "ba": balanced_accuracy_score(truth, predicted),
        "auc": float(auc),
        "f1": f1_score(truth, predicted, average="macro"),
    }


def closeness(run: Run, made: pd.DataFrame) -> dict[str, float]:
    """Distance ratio (mean over classes), rows that repeat a train row, and the share of test rows that do."""
    codec = TableCodec.fit(run.train.drop(columns=[TARGET]), run.table, scale="standard")
    encoded = [codec.encode(frame[list(codec.names)]) for frame in (run.train, run.test, made)]
    ratios = []
    for label in made[TARGET].unique():
        train, test, own = (
            rows[(frame[TARGET] == label).to_numpy()]
            for rows, frame in zip(encoded, (run.train, run.test, made), strict=True)
        )
        fresh = float(np.median(nearest(test, train)[0]))
        if fresh > 0:
            ratios.append(float(np.median(nearest(own, train)[0])) / fresh)
    keys = [set(map(tuple, rows.tolist())) for rows in encoded]
    copies = sum(tuple(row) in keys[0] for row in encoded[2].tolist())
    fresh_copies = np.mean([tuple(row) in keys[0] for row in encoded[1].tolist()])
    return {"distance": float(np.mean(ratios)), "copies": copies, "test_copies": float(fresh_copies), "rows": len(made)}


def measure(arm: str, run: Run, cell: Cell) -> Iterator[dict[str, Any]]:
    """One line a classifier."""
    if arm in FREE:
        for name in CLASSIFIERS:
            yield {"classifier": name, **scores(run, run.train, name, arm)}
        return
    if arm == "gated":
        yield from gated(run, cell)
        return
    started = time.process_time()
    made = make_rows(arm, run)
    facts = {"cpu": time.process_time() - started, "short": sum(run.wanted.values()) - len(made)}
    facts |= closeness(run, made)
    rows = pd.concat([run.train, made[run.train.columns]], ignore_index=True)
    for name in CLASSIFIERS:
        yield {"classifier": name, **scores(run, rows, name, arm), **facts}


def gated(run: Run, cell: Cell) -> Iterator[dict[str, Any]]:
    names = {"LR": "logistic_regression", "RF": "random_forest", "HGB": "hist_gradient_boosting"}
    ratios = [cell.fill / run.train[TARGET].value_counts().max()] if cell.fill else None
    for name in CLASSIFIERS:
        started = time.process_time()
        choice = choose_augmentation(
            run.train, TARGET, classifier=names[name], methods=GATED, selections=["all"], ratios=ratios, seed=run.seed
        )
        cost = time.process_time() - started
        arm = choice.chosen.method if choice.verdict == "rebalance" else "real"
        rows = pd.concat([run.train, choice.rows(run.train)], ignore_index=True)
        facts = {"verdict": choice.verdict, "chosen": str(choice.chosen), "cpu": cost}
        yield {"classifier": name, **scores(run, rows, name, arm), **facts}


def run_all(options: argparse.Namespace) -> None:
    done = {(line["cell"], line["seed"], line["arm"]) for line in read(options.results)}
    warm = Run.cut(load_set("wine", None), CORE["wine:low"], 0)
    for arm in options.arms:  # the first call of anything pays for imports
        if arm not in (*FREE, "gated"):
            ctgan_rows(warm, epochs=1) if arm == "ctgan" else make_rows(arm, warm)
    with options.results.open("a") as file:
        for seed in range(options.seeds):
            for name in options.cells:
                cell = CELLS[name]
                run = Run.cut(load_set(cell.data, options.data), cell, seed)
                for arm in options.arms:
                    if (name, seed, arm) in done:
                        continue
                    for line in measure(arm, run, cell):
                        file.write(json.dumps({"cell": name, "seed": seed, "arm": arm, **line}) + "\n")
                    file.flush()
                print(f"seed {seed} {name}: {time.process_time():.0f} CPU-s so far", flush=True)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def paired(table: pd.DataFrame, arm: str, other: str, metric: str) -> pd.Series:
    """arm - other, for every cell, seed and classifier that has both."""
    wide = table.pivot_table(index=["cell", "seed", "classifier"], columns="arm", values=metric)
    return (wide[arm] - wide[other]).dropna() if {arm, other} <= set(wide.columns) else pd.Series(dtype=float)


def overview(table: pd.DataFrame) -> pd.DataFrame:
    """One row an arm: means of the differences to `real`, and what the rows cost and give away."""
    lines = []
    for arm in [arm for arm in ARMS if arm in set(table["arm"])]:
        own = table[table["arm"] == arm]
        gains = paired(table, arm, "real", "ba")
        once = own[own["classifier"] == "LR"]
        lines.append(
            {
                "arm": arm,
                "dBA": gains.mean(),
                "dAUC": paired(table, arm, "real", "auc").mean(),
                "dF1": paired(table, arm, "real", "f1").mean(),
                "worse": (gains < -0.01).mean(),
                "CPU s": once["cpu"].median() if "cpu" in own else np.nan,
                "distance": once["distance"].mean() if "distance" in own else np.nan,
                "copies": _share(once, "copies", "rows"),
                "test rows'": once["test_copies"].mean() if "copies" in own else np.nan,
            }
        )
    return pd.DataFrame(lines).set_index("arm")


def _share(once: pd.DataFrame, part: str, whole: str) -> float:
    return once[part].sum() / once[whole].sum() if part in once and once[whole].notna().any() else np.nan


def bars(table: pd.DataFrame) -> Iterator[tuple[str, str, bool | None]]:
    """What was wanted, what was found, and whether it is enough."""

    def mean(arm: str, other: str, metric: str, floor: float, stretch: str = "") -> tuple[str, str, bool | None]:
        found = paired(table, arm, other, metric)
        if found.empty:
            return f"{arm} - {other}, {metric} >= {floor:+g}{stretch}", "not run", None
        by_run = found.groupby(["cell", "seed"]).mean()
        text = f"{found.mean():+.3f} ± {by_run.std() / max(len(by_run), 1) ** 0.5:.3f}"
        return f"{arm} - {other}, {metric} >= {floor:+g}{stretch}", text, found.mean() >= floor

    def wins(other: str, share: float) -> tuple[str, str, bool | None]:
        found = paired(table, "tabular_gan", other, "ba")
        count = int((found > 0).sum())
        passed = count >= share * len(found) if len(found) else None
        return f"wins over {other} >= {share:.0%}", f"{count} of {len(found)}", passed

    yield mean("tabular_gan", "ctgan", "ba", 0.07)
    yield wins("ctgan", 80 / 90)
    yield mean("tabular_gan", "ctgan", "auc", 0.05)
    yield mean("tabular_gan", "ctgan", "f1", 0.09)
    once = table[table["classifier"] == "LR"]
    cost = once.pivot_table(index=["cell", "seed"], columns="arm", values="cpu")
    if {"ctgan", "tabular_gan"} <= set(cost.columns):
        share = (cost["tabular_gan"] / cost["ctgan"]).median()
        yield "CPU of ctgan's <= 1/8, median", f"1/{1 / share:.1f}", share <= 1 / 8
    yield mean("tabular_gan", "imblearn", "ba", 0.025)
    yield wins("imblearn", 60 / 90)
    yield mean("tabular_gan", "imblearn", "auc", 0.0, " (stretch +0.01)")
    yield mean("tabular_gan", "copula", "ba", -0.005, " (stretch +0.01)")
    if len(own := paired(table, "tabular_gan", "copula", "ba")):
        above = own.groupby("cell").mean() > 0
        yield "above its copula on >= 2 cells", f"{above.sum()} of {len(above)}", above.sum() >= 2
    yield mean("tabular_gan", "prior", "ba", 0.0)
    if "gated" in set(table["arm"]):
        worse = paired(table, "gated", "real", "ba") < -0.01
        text = f"{worse.sum()} of {len(worse)}"
        yield "gated, worse than real by over 0.01 <= 5 %", text, worse.mean() <= 0.05
    gan = once[once["arm"] == "tabular_gan"]
    yield "distance >= 0.8", f"{gan['distance'].mean():.2f}", gan["distance"].mean() >= 0.8
    text = f"{gan['copies'].sum():.0f} of {gan['rows'].sum():.0f} rows; of test rows {gan['test_copies'].mean():.1%}"
    yield "exact copies: none", text, gan["copies"].sum() == 0


def report(path: Path, seeds: int) -> None:
    table = pd.DataFrame(read(path))
    table = table[table["seed"] < seeds]
    for title, cells in (("Core", CORE), ("Held out", HELD_OUT), ("Bundled", {"wine:low", "breast_cancer:low"})):
        own = table[table["cell"].isin(set(cells))]
        if own.empty or (title == "Bundled" and "breast_cancer:low" not in set(own["cell"])):
            continue
        seeds, runs = own["seed"].nunique(), len(own[own["arm"] == "real"])
        print(f"\n{title}: {', '.join(own['cell'].unique())}; {seeds} seeds, {runs} paired runs\n")
        print(markdown(overview(own).round(3)))
        arms = [arm for arm in ARMS[1:] if arm in set(own["arm"])]
        gains = pd.concat([paired(own, arm, "real", "ba").rename(arm) for arm in arms], axis=1)
        print("\nBalanced accuracy over real, by cell\n\n" + markdown(gains.groupby("cell").mean().round(3).T))
        if title == "Core":
            print("\n| bar | found | |\n|---|---|---|")
            for name, found, passed in bars(own):
                print(f"| {name} | {found} | {'' if passed is None else 'PASS' if passed else 'MISS'} |")


def markdown(frame: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(["", *map(str, frame.columns)]) + " |", "|---" * (len(frame.columns) + 1) + "|"]
    for name, row in frame.iterrows():
        cells = [
            "" if pd.isna(v) else f"{v:.2f}" if c in ("CPU s", "distance") else f"{v:+.3f}" for c, v in row.items()
        ]
        lines.append("| " + " | ".join([str(name), *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--cells", nargs="+", choices=CELLS)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--report", action="store_true", help="only print what the results hold")
    options = parser.parse_args()
    options.cells = options.cells or ([*CORE, *HELD_OUT] if options.data else ["wine:low", "breast_cancer:low"])
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if not options.report:
        run_all(options)
    report(options.results, options.seeds)


if __name__ == "__main__":
    main()
