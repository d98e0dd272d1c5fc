"""Classifier two-sample test: the accuracy of a fresh critic on synthetic and real rows that it has not seen.

Lopez-Paz, Oquab 2017, "Revisiting Classifier Two-Sample Tests", 1610.06545. The critic is trained on half of the rows
and tested on the other half; where the two sets have one distribution its hits are Binomial(n, 1/2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import derive_seed, numpy_generator

__all__ = ["CRITICS", "TwoSampleTest", "two_sample_test"]

Rows = npt.NDArray[np.floating]


def _forest(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_estimators=100, min_samples_leaf=2, random_state=seed, n_jobs=1)


def _linear(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500, random_state=seed))


CRITICS: dict[str, Callable[[int], Any]] = {"forest": _forest, "linear": _linear}


@dataclass(frozen=True)
class TwoSampleTest:
    """Result of the strongest critic on the rows it was not trained on.

    Attributes
    ----------
    accuracy
        Share classified correctly; 0.5 is indistinguishable, 1 is plainly different.
    auc
        Area under that critic's ROC curve; 0.5 is indistinguishable.
    pvalue
        P(so many hits or more by coin toss), times the number of critics (Bonferroni), at most 1. Small: different.
    critic
        The strongest critic.
    test_rows
        The number of test rows: half real, half synthetic but for an odd row.
    """

    accuracy: float
    auc: float
    pvalue: float
    critic: str
    test_rows: int


def two_sample_test(real: Rows, synthetic: Rows, *, seed: int, max_rows: int = 2000) -> TwoSampleTest:
    """Compare float [n, d] with float [m, d]; each side is cut to the same count, at most `max_rows`, at least 8.

    Equal rows stay on one side of the critic's split: a bootstrapped set would otherwise be recognised by its
    repetitions. Pass both sets through the same codec first: a critic always separates float pixels from rounded ones.
    """
    rows, origin, groups = _balanced(real, synthetic, seed, max_rows)
    train = _half_of_each(groups, origin, seed)
    results = [_ask(name, rows, origin, train, seed) for name in CRITICS]
    best = max(results, key=lambda result: (result.accuracy, result.auc))
    pvalue = min(1.0, len(CRITICS) * best.pvalue)
    return TwoSampleTest(best.accuracy, best.auc, pvalue, best.critic, best.test_rows)


def _balanced(
    real: Rows, synthetic: Rows, seed: int, max_rows: int
) -> tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    size = min(len(real), len(synthetic), max_rows)
    if size < 8:
        raise ValueError(f"a two-sample test needs 8 rows on each side, got {len(real)} and {len(synthetic)}")
    rng = numpy_generator(seed, "two-sample rows")
    parts = [side[rng.permutation(len(side))[:size]] for side in (real, synthetic)]
    rows = np.concatenate(parts)
    _, groups = np.unique(rows, axis=0, return_inverse=True)
    return rows, np.repeat(np.array([0, 1]), size), groups.reshape(-1)


def _half_of_each(groups: npt.NDArray[np.int64], origin: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.bool_]:
    """Mask bool [n] of the critic's training half: half of the distinct rows of either side, with repetitions."""
    rng = numpy_generator(seed, "two-sample split")
    train = np.zeros(len(groups), dtype=bool)
    of_synthetic = np.unique(groups[origin == 1])
    for own in (of_synthetic, np.setdiff1d(groups[origin == 0], of_synthetic)):
        if len(own) == 1:  # a single repeated row has no half; recognising it by its repetition is then a true finding
            train |= (groups == own[0]) & (np.arange(len(groups)) % 2 == 0)
        else:
            train |= np.isin(groups, rng.permutation(own)[: len(own) // 2])
    return train


def _ask(
    name: str, rows: Rows, origin: npt.NDArray[np.int64], train: npt.NDArray[np.bool_], seed: int
) -> TwoSampleTest:
    from scipy.stats import binom
    from sklearn.metrics import roc_auc_score

    critic = CRITICS[name](derive_seed(seed, name) % 2**32)
    test, truth = rows[~train], origin[~train]
    critic.fit(rows[train], origin[train])
    score = critic.predict_proba(test)[:, 1]
    # The score 0.5 belongs to neither side: counting it as a hit for a side would reward a constant critic.
    share = float(truth.mean())
    prediction = score > 0.5
    accuracy = float(np.where(score == 0.5, 0.5, prediction == truth).mean())
    null = max(share, 1 - share)  # the accuracy of always predicting the larger side
    pvalue = float(binom.sf(np.ceil(accuracy * len(truth)) - 1, len(truth), null))
    return TwoSampleTest(accuracy, float(roc_auc_score(truth, score)), pvalue, name, len(truth))
