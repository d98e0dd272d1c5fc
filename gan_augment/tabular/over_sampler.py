"""`SyntheticOverSampler`: any table method as an imbalanced-learn over-sampler.

Inside `imblearn.pipeline.Pipeline` it is refitted on each fold's train part, so cross-validation leaks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import validate_data

from gan_augment.tabular.arguments import counts_by_label
from gan_augment.tabular.frame import TableSynthesizer

__all__ = ["SyntheticOverSampler"]

TARGET = "__target__"


class SyntheticOverSampler(BaseOverSampler):  # type: ignore[misc]
    """Over-sampler that adds synthetic rows of the smaller classes, as many as `sampling_strategy` requires.

    Parameters
    ----------
    method
        A registry name: "copula" (milliseconds), "tabular_gan", "smote", "jitter" or "oversample".
    settings
        The method's own settings.
    sampling_strategy
        As in imbalanced-learn: "auto" brings every class to the size of the largest.
    random_state
        int from 0 to 2**32 - 1 (as everywhere in scikit-learn), RandomState or None, for the fit and the draws.

    Attributes
    ----------
    sampling_strategy_
        dict: the number of rows made of each class.
    synthesizer_
        The fitted `TableSynthesizer`.

    Notes
    -----
    Frames keep their columns and dtypes; text, categories, booleans, times and missing values are allowed. Arrays
    must be numeric, and may hold NaN.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment.tabular import SyntheticOverSampler
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> sorted(Counter(y.tolist()).items())
    [(0, 180), (1, 20)]
    >>> X_more, y_more = SyntheticOverSampler("copula", random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_more.tolist()).items())
    [(0, 180), (1, 180)]
    """

    _parameter_constraints = {  # noqa: RUF012
        **BaseOverSampler._parameter_constraints,  # noqa: SLF001
        "method": [str],
        "settings": [Mapping, None],
    }

    def __init__(
        self,
        method: str = "copula",
        *,
        settings: Mapping[str, Any] | None = None,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.method = method
        self.settings = settings
        self.random_state = random_state

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, Any, bool]:  # noqa: N802
        y, binarize = check_target_type(y, indicate_one_vs_all=True)
        _check_strategy(self.sampling_strategy, y)
        if isinstance(X, pd.DataFrame):
            validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
            return X, y, binarize
        X, y = validate_data(self, X=X, y=y, reset=True, accept_sparse=["csr", "csc"], ensure_all_finite="allow-nan")
        return X, y, binarize

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        random = check_random_state(self.random_state)
        fit_seed, draw_seed = (int(seed) for seed in random.randint(2**31 - 1, size=2))
        frame = _frame(X)
        target = TARGET
        while target in frame.columns:
            target += "_"
        frame[target] = np.asarray(y)
        self.synthesizer_ = TableSynthesizer(self.method, self.settings, seed=fit_seed)
        self.synthesizer_.fit(frame, target)
        wanted = {label: count for label, count in self.sampling_strategy_.items() if count}
        made = self.synthesizer_.sample(wanted, seed=draw_seed)
        new_y = made.pop(target).to_numpy()
        return _joined(X, made), np.concatenate([np.asarray(y), new_y.astype(np.asarray(y).dtype)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _check_strategy(strategy: Any, y: Any) -> None:
    """Check what imbalanced-learn does not: whole numbers, and a function that returns a dict. Raises ParamsError."""
    counts = strategy(y) if callable(strategy) else strategy
    if callable(strategy) or isinstance(strategy, Mapping):
        counts_by_label(counts)


def _frame(X: Any) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        dense = {c: t.subtype for c, t in X.dtypes.items() if isinstance(t, pd.SparseDtype)}
        return X.reset_index(drop=True).astype(dense).rename(columns=str)
    dense = X.toarray() if sparse.issparse(X) else check_array(X, ensure_all_finite="allow-nan")
    return pd.DataFrame(dense).rename(columns=str)


def _joined(X: Any, made: pd.DataFrame) -> Any:
    if isinstance(X, pd.DataFrame):
        made.columns = X.columns
        return pd.concat([X, made.astype(X.dtypes)], ignore_index=True)
    rows = made.to_numpy(dtype=X.dtype)
    if sparse.issparse(X):
        return sparse.vstack([X, sparse.csr_matrix(rows)], format=X.format)
    return np.concatenate([X, rows])
