"""What `choose_augmentation` compares: ways to train one classifier on the same real rows, most without new rows.

`none`, `class_weight` and `prior` make no rows. A synthesizer's candidates share one fit: ratio and selection only say
which of its rows are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import TableSpec
from gan_augment.core.seeds import derive_seed
from gan_augment.downstream.balancing import row_weights
from gan_augment.downstream.tables import gapless_encoder, plain_frame
from gan_augment.tabular.frame import TableSynthesizer

__all__ = ["FREE", "Candidate", "Contest", "Probabilities", "Selection", "known_classifier"]

Selection = Literal["all", "likely"]
Probabilities = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

FREE = ("none", "class_weight", "prior")
OVERDRAWN = 2  # "likely" keeps one row in this many
_SMALLEST = 1e-12


@dataclass(frozen=True)
class Candidate:
    """A method, the share of the largest class that every class is filled up to, and which rows are kept.

    `method` is "none", "class_weight", "prior" or a synthesizer's name; the first three have ratio 0. `selection`:
    "all", or "likely", the half of twice as many rows to which a classifier of the real rows gives the highest
    probability of their own class.
    """

    method: str
    ratio: float = 0.0
    selection: Selection = "all"

    @property
    def makes_rows(self) -> bool:
        """Whether synthetic rows are added."""
        return self.method not in FREE

    def __str__(self) -> str:
        if not self.makes_rows:
            return self.method
        return f"{self.method} to {self.ratio:g} x the largest class" + (", likely rows" * (self.selection == "likely"))


@dataclass(frozen=True)
class Contest:
    """A classifier, and what candidates need to train it: class labels `values` in the order of their indices."""

    classifier: Any
    table: TableSpec
    target: str
    values: tuple[Any, ...]
    settings: Mapping[str, Mapping[str, Any]]
    rules: Sequence[Mapping[str, Any]] = ()

    def predict(
        self, candidates: Sequence[Candidate], train: pd.DataFrame, rows: pd.DataFrame, seed: int
    ) -> list[Probabilities]:
        """float64 [n, K] of each candidate: trained on `train` alone, its synthesizer included."""
        plain = self.fit(train, seed)
        real = self.probabilities(plain, rows)
        made: dict[str, pd.DataFrame] = {}
        predicted = []
        for candidate in candidates:
            if candidate.method == "none":
                predicted.append(real)
            elif candidate.method == "prior":
                predicted.append(_divided(real, self.labels(train)))
            elif candidate.method == "class_weight":
                predicted.append(self.probabilities(self.fit(train, seed, weighted=True), rows))
            else:
                if candidate.method not in made:
                    made[candidate.method] = self.draw(candidate.method, candidates, train, seed)
                chosen = self.select(candidate, made[candidate.method], train, plain)
                more = pd.concat([train, chosen], ignore_index=True)
                predicted.append(self.probabilities(self.fit(more, seed), rows))
        return predicted

    def labels(self, frame: pd.DataFrame) -> Labels:
        """int64 [n]: class indices."""
        places = pd.Index(self.values).get_indexer(pd.Index(frame[self.target]))
        return np.asarray(places, dtype=np.int64)

    def fit(self, frame: pd.DataFrame, seed: int, *, weighted: bool = False) -> Any:
        """The classifier, with its preprocessing, fitted on these rows; classes are their indices."""
        estimator = clone(self.classifier)
        if "random_state" in estimator.get_params() and estimator.get_params()["random_state"] is None:
            estimator.set_params(random_state=derive_seed(seed, "classifier") % 2**32)
        labels = self.labels(frame)
        if isinstance(estimator, Pipeline):
            return estimator.fit(frame.drop(columns=[self.target]), labels)
        weights = {"estimator__sample_weight": row_weights(labels, len(self.values))} if weighted else {}
        model = Pipeline([("encoder", gapless_encoder(self.table)), ("estimator", estimator)])
        return model.fit(plain_frame(frame, self.table), labels, **weights)

    def probabilities(self, model: Any, frame: pd.DataFrame) -> Probabilities:
        """float64 [n, K]; a class that the model has not seen has probability 0."""
        full = np.zeros((len(frame), len(self.values)))
        own = isinstance(self.classifier, Pipeline)
        inputs = frame.drop(columns=[self.target]) if own else plain_frame(frame, self.table)
        full[:, np.asarray(model.classes_, dtype=np.int64)] = model.predict_proba(inputs)
        return full

    def wanted(self, ratio: float, train: pd.DataFrame) -> Labels:
        """int64 [K]: rows to add to each class, max(0, round(ratio x largest) - own)."""
        counts = np.bincount(self.labels(train), minlength=len(self.values))
        return np.asarray(np.maximum(0, np.rint(ratio * counts.max()) - counts), dtype=np.int64)

    def draw(self, method: str, candidates: Sequence[Candidate], train: pd.DataFrame, seed: int) -> pd.DataFrame:
        """A synthesizer fitted on `train`, and as many of its rows as its candidates need at most."""
        most = np.zeros(len(self.values), dtype=np.int64)
        for candidate in candidates:
            if candidate.method == method:
                times = OVERDRAWN if candidate.selection == "likely" else 1
                most = np.maximum(most, times * self.wanted(candidate.ratio, train))
        model = TableSynthesizer(
            method, self.settings.get(method, {}), rules=self.rules, seed=derive_seed(seed, "synthesizer")
        ).fit(train, self.target)
        counts = {value: int(n) for value, n in zip(self.values, most, strict=True) if n}
        return model.sample(counts, seed=derive_seed(seed, "rows"))

    def select(self, candidate: Candidate, made: pd.DataFrame, train: pd.DataFrame, judge: Any) -> pd.DataFrame:
        """The candidate's rows among those drawn. `judge`: a classifier of the real rows."""
        return made.iloc[np.concatenate([np.empty(0, dtype=np.int64), *self._chosen(candidate, made, train, judge)])]

    def _chosen(self, candidate: Candidate, made: pd.DataFrame, train: pd.DataFrame, judge: Any) -> Iterator[Labels]:
        labels = self.labels(made)
        likely = candidate.selection == "likely" and len(made)
        own = self.probabilities(judge, made)[np.arange(len(made)), labels] if likely else np.zeros(len(made))
        for index, count in enumerate(self.wanted(candidate.ratio, train)):
            places = np.flatnonzero(labels == index)[: count * (OVERDRAWN if likely else 1)]
            yield places[np.argsort(-own[places], kind="stable")[:count]]

    @property
    def weighable(self) -> bool:
        """Whether rows can be given a weight."""
        return not isinstance(self.classifier, Pipeline) and has_fit_parameter(self.classifier, "sample_weight")


def _divided(probabilities: Probabilities, labels: Labels) -> Probabilities:
    """Divided by the train class shares and scaled to sum to one: the prior correction (Saerens et al. 2002)."""
    shares = np.bincount(labels, minlength=probabilities.shape[1]) / len(labels)
    divided = probabilities / np.maximum(shares, _SMALLEST)
    scaled: Probabilities = divided / divided.sum(axis=1, keepdims=True)
    return scaled


def known_classifier(classifier: Any) -> Any:
    """An unfitted scikit-learn classifier from its name here, or the one that was given. Raises ParamsError."""
    named = {
        "logistic_regression": lambda: LogisticRegression(max_iter=1000),
        "random_forest": lambda: RandomForestClassifier(100),
        "hist_gradient_boosting": lambda: HistGradientBoostingClassifier(early_stopping=False),
    }
    if isinstance(classifier, str) and classifier in named:
        return named[classifier]()
    if not (hasattr(classifier, "predict_proba") and hasattr(classifier, "get_params")):
        raise ParamsError(
            "The classifier cannot be used",
            got=repr(classifier)[:200],
            expected=f"{', '.join(map(repr, named))}, or a scikit-learn classifier with predict_proba",
        )
    return classifier
