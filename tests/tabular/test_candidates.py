"""Ways to train one classifier on the same real rows: which rows each adds, and what those without rows change."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gan_augment.core.errors import ParamsError
from gan_augment.tabular import candidates, choose_augmentation, chooser
from gan_augment.tabular.candidates import FREE, Candidate, Contest, known_classifier
from tests.tabular.test_chooser import WIDTH, Oracle, few_rare


def contest(frame: pd.DataFrame, classifier: Any = "logistic_regression") -> Contest:
    return chooser._contest(frame, "y", classifier, {}, ())


@pytest.mark.parametrize(
    ("candidate", "text"),
    [
        (Candidate("none"), "none"),
        (Candidate("smote", 1.0), "smote to 1 x the largest class"),
        (Candidate("copula", 0.5, "likely"), "copula to 0.5 x the largest class, likely rows"),
    ],
)
def test_a_candidate_is_named_by_what_it_does(candidate: Candidate, text: str) -> None:
    assert str(candidate) == text
    assert candidate.makes_rows is (candidate.method not in FREE)


@pytest.mark.parametrize(("ratio", "wanted"), [(0.0, [0, 0]), (0.5, [0, 76]), (1.0, [0, 168]), (2.0, [184, 352])])
def test_classes_are_filled_up_to_a_multiple_of_the_largest(ratio: float, wanted: list[int]) -> None:
    frame = few_rare()  # 184 and 16
    one = contest(frame)
    assert one.wanted(ratio, one.labels(frame)).tolist() == wanted


def test_methods_without_rows_move_the_rare_class_up_and_keep_each_answers_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(candidates, "TableSynthesizer", Oracle)
    train, rows = few_rare(0), few_rare(1)
    one = contest(train)
    asked = [Candidate(name) for name in FREE] + [Candidate("copula", 1.0)]
    none, weighted, prior, made = one.predict(asked, train, rows, 0)
    for found in (none, weighted, prior, made):
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    rare = one.values.index(next(value for value in one.values if "rare" in value))
    assert weighted[:, rare].mean() > none[:, rare].mean() + 0.05
    assert prior[:, rare].mean() > none[:, rare].mean() + 0.05
    np.testing.assert_array_equal(np.argsort(prior[:, rare]), np.argsort(none[:, rare]))  # divided by a constant
    own = np.arange(len(rows)), one.labels(rows)
    assert made[own].mean() > none[own].mean() - 0.05


@pytest.mark.parametrize(("seen", "row"), [([1], [0, 1]), ([0], [1, 0]), ([1, 0], [0.25, 0.75])])
def test_a_class_that_the_model_has_not_seen_has_probability_zero(seen: list[int], row: list[float]) -> None:
    given = [[1.0]] if len(seen) == 1 else [[0.75, 0.25]]
    model = SimpleNamespace(classes_=np.array(seen), predict_proba=lambda inputs: given * len(inputs))
    assert contest(few_rare()).probabilities(model, np.zeros((2, 3))).tolist() == [row, row]


def test_the_seed_is_the_classifiers_where_it_has_none() -> None:
    frame = few_rare()
    one = contest(frame, RandomForestClassifier(5))
    inputs, labels = one.form(frame)(frame), one.labels(frame)
    states = [one.fit(inputs, labels, seed).random_state for seed in (0, 0, 1)]
    assert states[0] == states[1] != states[2]
    own = contest(frame, RandomForestClassifier(5, random_state=3))
    assert own.fit(inputs, labels, 0).random_state == 3


def test_a_pipeline_of_the_users_is_fed_the_frame_and_given_no_weights() -> None:
    frame = few_rare()
    one = contest(frame, make_pipeline(StandardScaler(), LogisticRegression()))
    assert not one.weighable
    pd.testing.assert_frame_equal(one.form(frame)(frame), frame.drop(columns="y"))
    assert contest(frame).weighable


@pytest.mark.parametrize("name", ["logistic_regression", "random_forest", "hist_gradient_boosting"])
def test_names_of_classifiers_are_known(name: str) -> None:
    assert hasattr(known_classifier(name), "predict_proba")


@pytest.mark.parametrize("wrong", ["forest", LogisticRegression, RidgeClassifier(), 3, None])
def test_what_gives_no_probabilities_is_refused(wrong: Any) -> None:
    with pytest.raises(ParamsError, match="cannot be used"):
        known_classifier(wrong)


def test_likely_rows_are_those_that_the_real_rows_classifier_takes_for_their_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class HalfWrong(Oracle):
        def sample(self, counts: Mapping[str, int], *, seed: int) -> pd.DataFrame:
            made = super().sample(counts, seed=seed)
            made.loc[::2, [f"x{n}" for n in range(WIDTH)]] -= 0.55
            return made

    monkeypatch.setattr(candidates, "TableSynthesizer", HalfWrong)
    frame = few_rare(rare=60)
    contest = chooser._contest(frame, "y", "logistic_regression", {}, ())
    every = contest.rows(candidates.Candidate("copula", 1.0, "all"), frame, seed=0)
    likely = contest.rows(candidates.Candidate("copula", 1.0, "likely"), frame, seed=0)
    assert len(likely) == len(every) == 124
    assert likely.drop(columns="y").to_numpy().mean() > every.drop(columns="y").to_numpy().mean() + 0.15


def test_rows_are_scaled_as_the_real_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a million of a far value among the synthetic rows would squeeze the real ones together."""
    seen: list[Any] = []

    class Watched(LogisticRegression):
        def fit(self, X: Any, y: Any, **other: Any) -> Watched:
            seen.append(X)
            super().fit(X, y, **other)
            return self

    class Far(Oracle):
        def sample(self, counts: Mapping[str, int], *, seed: int) -> pd.DataFrame:
            made = super().sample(counts, seed=seed)
            return made.assign(**{name: 1e6 for name in made.columns if name != "y"})

    monkeypatch.setattr(candidates, "TableSynthesizer", Far)
    settings: Any = {"methods": ["jitter"], "selections": ["all"], "baselines": [], "folds": 3, "repeats": 1}
    choose_augmentation(few_rare(), "y", classifier=Watched(max_iter=1000), **settings)
    real, more = seen[:2]
    assert len(more) > len(real)
    np.testing.assert_array_equal(more[: len(real)], real)
