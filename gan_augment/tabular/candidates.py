"""Candidates of `choose_augmentation`: ways to train a classifier on the same real rows, some without new rows.

`none`, `class_weight` and `prior` make no rows. A synthesizer's candidates share one fit: ratio and selection only
decide which of its rows are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from gan_augment.core.predictions import Adjustment
from gan_augment.core.records import TableSpec
from gan_augment.core.seeds import derive_seed
from gan_augment.downstream.balancing import row_weights
from gan_augment.downstream.tables import gapless_encoder, plain_frame
from gan_augment.scoring.adjustment import adjust, log_prior
from gan_augment.tabular.frame import TableSynthesizer
from gan_augment.tabular.labels import ClassValues

__all__ = ["FREE", "Candidate", "Contest", "Probabilities", "Selection", "known_classifier"]

Selection = Literal["all", "likely"]
Probabilities = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Form = Callable[[pd.DataFrame], Any]

FREE = ("none", "class_weight", "prior")
OVERDRAWN = 2  # "likely" keeps one row in this many


@dataclass(frozen=True)
class Candidate:
    """Method, the share of the largest class up to which every class is filled, and the rows that are kept.

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
class _Made:
    """Rows of a synthesizer: the classifier's input (None without rows), their labels, and the real rows' classifier's
    probability of each one's class (0 where it is not needed).
    """

    rows: pd.DataFrame
    inputs: Any
    labels: Labels
    likelihood: npt.NDArray[np.float64]

    def added_to(self, inputs: Any, chosen: Labels) -> Any:
        """Classifier's input of real rows, followed by the chosen of these rows."""
        if len(chosen) == 0:
            return inputs
        if isinstance(inputs, pd.DataFrame):
            return pd.concat([inputs, self.inputs.iloc[chosen]], ignore_index=True)
        return np.concatenate([inputs, self.inputs[chosen]])


@dataclass(frozen=True)
class Contest:
    """Classifier, and the means to train it for each candidate. In all frames a label is the text of its class."""

    classifier: Any
    table: TableSpec
    target: str
    classes: ClassValues
    settings: Mapping[str, Mapping[str, Any]]
    rules: Sequence[Mapping[str, Any]] = ()

    def predict(
        self, candidates: Sequence[Candidate], train: pd.DataFrame, rows: pd.DataFrame, seed: int
    ) -> list[Probabilities]:
        """Predictions float64 [n, K] of each candidate: trained on `train` alone, its synthesizer included."""
        form, labels = self.form(train), self.labels(train)
        inputs, unseen = form(train), form(rows)
        plain = self.fit(inputs, labels, seed)
        real = self.probabilities(plain, unseen)
        made: dict[str, _Made] = {}
        predicted = []
        for candidate in candidates:
            if candidate.method == "none":
                predicted.append(real)
            elif candidate.method == "prior":
                predicted.append(_divided(real, labels))
            elif candidate.method == "class_weight":
                predicted.append(self.probabilities(self.fit(inputs, labels, seed, weighted=True), unseen))
            else:
                if candidate.method not in made:
                    own = [one for one in candidates if one.method == candidate.method]
                    made[candidate.method] = self._made(own, train, seed, form, plain)
                more = made[candidate.method]
                chosen = self._chosen(candidate, more, labels)
                model = self.fit(more.added_to(inputs, chosen), np.r_[labels, more.labels[chosen]], seed)
                predicted.append(self.probabilities(model, unseen))
        return predicted

    @property
    def values(self) -> tuple[str, ...]:
        """Texts of the classes in the order of their indices."""
        return tuple(self.classes.names)

    def labels(self, frame: pd.DataFrame) -> Labels:
        """Class indices int64 [n]."""
        places = pd.Index(self.values).get_indexer(pd.Index(frame[self.target]))
        return np.asarray(places, dtype=np.int64)

    def form(self, train: pd.DataFrame) -> Form:
        """Transformation of a frame to the classifier's input. Scales and levels are those of the real rows `train`.

        So every row is encoded once, whatever rows are added. A user's Pipeline gets the frame.
        """
        if isinstance(self.classifier, Pipeline):
            return lambda frame: frame.drop(columns=[self.target])
        encoder = gapless_encoder(self.table).fit(plain_frame(train, self.table))
        return lambda frame: encoder.transform(plain_frame(frame, self.table))

    def fit(self, inputs: Any, labels: Labels, seed: int, *, weighted: bool = False) -> Any:
        """Classifier fitted on these rows; classes are their indices."""
        estimator = clone(self.classifier)
        if "random_state" in estimator.get_params() and estimator.get_params()["random_state"] is None:
            estimator.set_params(random_state=derive_seed(seed, "classifier") % 2**32)
        weights = {"sample_weight": row_weights(labels, len(self.values))} if weighted else {}
        return estimator.fit(inputs, labels, **weights)

    def probabilities(self, model: Any, inputs: Any) -> Probabilities:
        """Probabilities float64 [n, K]; a class without train rows of the model has probability 0."""
        full = np.zeros((len(inputs), len(self.values)))
        full[:, np.asarray(model.classes_, dtype=np.int64)] = model.predict_proba(inputs)
        return full

    def wanted(self, ratio: float, labels: Labels) -> Labels:
        """Rows to add to each class, int64 [K]: max(0, round(ratio x largest) - own)."""
        counts = np.bincount(labels, minlength=len(self.values))
        return np.asarray(np.maximum(0, np.rint(ratio * counts.max()) - counts), dtype=np.int64)

    def rows(self, candidate: Candidate, train: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Synthetic rows of one candidate, from a synthesizer fitted on `train`."""
        form, labels = self.form(train), self.labels(train)
        made = self._made([candidate], train, seed, form, self.fit(form(train), labels, seed))
        return made.rows.iloc[self._chosen(candidate, made, labels)]

    def _made(self, candidates: Sequence[Candidate], train: pd.DataFrame, seed: int, form: Form, judge: Any) -> _Made:
        """As many rows of a method as its candidates need at most, scored where one of them needs that."""
        rows = self.draw(candidates, train, seed)
        labels, likelihood = self.labels(rows), np.zeros(len(rows))
        inputs = form(rows) if len(rows) else None
        if len(rows) and any(candidate.selection == "likely" for candidate in candidates):
            likelihood = self.probabilities(judge, inputs)[np.arange(len(rows)), labels]
        return _Made(rows, inputs, labels, likelihood)

    def draw(self, candidates: Sequence[Candidate], train: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Rows of a synthesizer fitted on `train`, enough for each of these candidates of one method."""
        most, labels, method = np.zeros(len(self.values), dtype=np.int64), self.labels(train), candidates[0].method
        for candidate in candidates:
            times = OVERDRAWN if candidate.selection == "likely" else 1
            most = np.maximum(most, times * self.wanted(candidate.ratio, labels))
        model = TableSynthesizer(
            method, self.settings.get(method, {}), rules=self.rules, seed=derive_seed(seed, "synthesizer")
        ).fit(train, self.target)
        counts = {value: int(n) for value, n in zip(self.values, most, strict=True) if n}
        return model.sample(counts, seed=derive_seed(seed, "rows"))

    def _chosen(self, candidate: Candidate, made: _Made, labels: Labels) -> Labels:
        """Places of the made rows that the candidate uses, class after class. `labels`: of the train rows."""
        likely = candidate.selection == "likely"
        parts = [np.empty(0, dtype=np.int64)]
        for index, count in enumerate(self.wanted(candidate.ratio, labels)):
            places = np.flatnonzero(made.labels == index)[: count * (OVERDRAWN if likely else 1)]
            order = np.argsort(-made.likelihood[places], kind="stable") if likely else np.arange(len(places))
            parts.append(places[order[:count]])
        return np.concatenate(parts)

    @property
    def weighable(self) -> bool:
        """Whether rows can be weighted."""
        return not isinstance(self.classifier, Pipeline) and has_fit_parameter(self.classifier, "sample_weight")


def _divided(probabilities: Probabilities, labels: Labels) -> Probabilities:
    """Probabilities over the train class shares: the prior correction (Saerens et al. 2002), tau 1."""
    prior = log_prior(np.bincount(labels, minlength=probabilities.shape[1]))
    divided = adjust(probabilities, Adjustment(tau=1.0, log_prior=tuple(map(float, prior))))
    return np.asarray(divided, dtype=np.float64)


def known_classifier(classifier: Any) -> Any:
    """Unfitted scikit-learn classifier by its name here, or the given one. Raises ParamsError."""
    named = {
        "logistic_regression": lambda: LogisticRegression(max_iter=1000),
        "random_forest": lambda: RandomForestClassifier(100),
        "hist_gradient_boosting": lambda: HistGradientBoostingClassifier(early_stopping=False),
    }
    if isinstance(classifier, str) and classifier in named:
        return named[classifier]()
    usable = hasattr(classifier, "predict_proba") and hasattr(classifier, "get_params")
    if isinstance(classifier, type) or not usable:
        raise ParamsError(
            "The classifier cannot be used",
            got=repr(classifier)[:200],
            expected=f"{', '.join(map(repr, named))}, or a scikit-learn classifier with predict_proba",
        )
    return classifier
