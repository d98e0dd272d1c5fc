"""Search a classifier's settings on the table shards, scored on real validation rows only. No torch is imported.

    python examples/sklearn_grid_search.py PROJECT       PROJECT: the folder with export/ and data/prepared/

Folds drawn from the export would be a leak: a synthetic row was made from real rows that would lie in another fold.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, PredefinedSplit

import gan_augment
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import read_samples

GRID = {"learning_rate": [0.05, 0.1], "max_leaf_nodes": [7, 31]}


def prepared(features: pd.DataFrame) -> pd.DataFrame:
    """Dates as numbers, words as categories: what the classifier takes, missing values included."""
    features = features.copy()
    for name in features:
        if features[name].dtype.kind == "M":
            features[name] = features[name].astype("int64").where(features[name].notna()).astype("float64")
        elif features[name].dtype.kind not in "iuf":
            features[name] = features[name].astype("object").astype("category")
    return features


def main(project: Path) -> None:
    spec = DatasetSpec.load(project / "data/prepared/dataset.json")
    assert spec.table is not None, "this example is for tables"
    columns = [column.name for column in spec.table.columns]
    train = gan_augment.load(project / "export", "pandas")
    held_out = read_samples(project / "data/prepared/validation")
    assert isinstance(held_out.payload, pd.DataFrame)

    features = prepared(pd.concat([train[columns], held_out.payload[columns]], ignore_index=True))
    labels = np.concatenate([train[spec.table.target], held_out.manifest["label"]]).astype(str)
    folds = PredefinedSplit(np.repeat([-1, 0], [len(train), len(held_out)]))  # -1: always in the training part
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", min_samples_leaf=5, random_state=0)
    search = GridSearchCV(model, GRID, cv=folds, scoring="balanced_accuracy", refit=False).fit(features, labels)
    for settings, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True):
        print(f"{score:.1%}  {settings}")
    print(f"best: {search.best_params_} with {search.best_score_:.1%} on {len(held_out)} real validation rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
