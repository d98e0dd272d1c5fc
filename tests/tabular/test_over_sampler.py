"""The imbalanced-learn door: the package's own estimator checks, and pipelines under cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from gan_augment.tabular import SyntheticOverSampler
from tests.toys import table_frame


@parametrize_with_checks([SyntheticOverSampler(random_state=0), SyntheticOverSampler("smote", random_state=0)])
def test_imbalanced_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def numbers() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    y = np.r_[np.zeros(120, dtype=int), np.ones(20, dtype=int)]
    return random.normal(size=(140, 4)) + y[:, None], y


@pytest.mark.parametrize("method", ["copula", "smote", "jitter", "oversample", "tabular_gan"])
def test_classes_are_levelled_and_the_real_rows_come_first(method: str) -> None:
    X, y = numbers()
    settings = {"steps": 5, "width": 8} if method == "tabular_gan" else None
    X_new, y_new = SyntheticOverSampler(method, settings=settings, random_state=1).fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [120, 120]
    np.testing.assert_array_equal(X_new[:140], X)
    assert (y_new[140:] == 1).all()


def test_frames_keep_dtypes_and_missing_values() -> None:
    frame, labels = table_frame(120)
    X_new, y_new = SyntheticOverSampler(random_state=0).fit_resample(frame, labels)
    pd.testing.assert_series_equal(X_new.dtypes, frame.dtypes)
    pd.testing.assert_frame_equal(X_new.iloc[:120], frame)
    assert pd.Series(y_new).value_counts().nunique() == 1


def test_sampling_strategy_is_imbalanced_learns() -> None:
    X, y = numbers()
    _, y_new = SyntheticOverSampler(sampling_strategy={1: 50, 0: 130}, random_state=0).fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [130, 50]


def test_the_random_state_decides() -> None:
    X, y = numbers()
    first, again, other = (SyntheticOverSampler(random_state=s).fit_resample(X, y)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_inside_a_pipeline_it_learns_from_each_folds_train_part_only() -> None:
    X, y = numbers()
    pipeline = make_pipeline(SyntheticOverSampler(random_state=0), LogisticRegression())
    seen: list[int] = []
    original = SyntheticOverSampler._fit_resample

    def spy(self: Any, X: Any, y: Any) -> Any:
        seen.append(len(X))
        return original(self, X, y)

    SyntheticOverSampler._fit_resample = spy  # type: ignore[method-assign]
    try:
        scores = cross_val_score(pipeline, X, y, cv=4, scoring="balanced_accuracy")
    finally:
        SyntheticOverSampler._fit_resample = original  # type: ignore[method-assign]
    assert seen == [105] * 4
    assert scores.mean() > 0.7
