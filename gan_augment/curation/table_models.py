"""Classifiers of encoded table rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["TableModel", "fit_table_model"]

Probabilities = npt.NDArray[np.float32]
TableModel = Literal["forest", "linear", "both"]


def fit_table_model(
    rows: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], classes: int, kind: TableModel, seed: int
) -> Callable[[npt.NDArray[np.float32]], Probabilities]:
    """Fit a scikit-learn classifier to codec rows, classes weighted equally; "both" averages forest and linear model.

    Returns a function from float32 [n, width] to float32 [n, classes]; classes without train rows get 0.
    """
    state = seed % 2**32
    models: dict[str, Any] = {
        "forest": RandomForestClassifier(100, class_weight="balanced", random_state=state, n_jobs=1),
        "linear": make_pipeline(
            StandardScaler(), LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000, random_state=state)
        ),
    }
    chosen = list(models.values()) if kind == "both" else [models[kind]]
    known = np.unique(labels)
    if len(known) > 1:
        for model in chosen:
            model.fit(rows, labels)

    def predict(asked: npt.NDArray[np.float32]) -> Probabilities:
        out = np.zeros((len(asked), classes), dtype=np.float32)
        if len(known) == 1:
            out[:, known] = 1
        elif len(asked):
            out[:, known] = np.mean([model.predict_proba(asked) for model in chosen], axis=0)
        return out

    return predict
