"""What a caption says of its image's class and attributes, learnt from the words of the train rows' captions.

A logistic regression a group on which words a caption has: "three" tells the class 3, as captions of other classes do
not have it, and no caption needs to name a class by the user's label. Where no value stands out nothing is read, rather
than a guess. (Naive Bayes counts every word in full, and reads no digit in an ink that train rows never show it in.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from gan_augment.nn.captions import UNKNOWN_WORD
from gan_augment.nn.conditions import UNKNOWN

__all__ = ["SURE", "CaptionReader"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SURE = 0.9  # of the value read, against all others of its group
_LOOSE = 10.0  # the inverse strength of the regression's penalty: at 1 a digit is right and never sure


@dataclass(frozen=True)
class CaptionReader:
    """A linear score of each value of each group (the class, then the columns of attributes).

    Attributes
    ----------
    weights
        float64 [values, words] a group; row 0 is that of unknown values, and is not read.
    bias
        float64 [values] a group: minus infinity for values that no train row has.
    """

    weights: tuple[Floats, ...]
    bias: tuple[Floats, ...]

    @classmethod
    def of(cls, words: Ints, conditions: Ints, sizes: Sequence[int], vocabulary: int) -> CaptionReader:
        """Of train rows: word numbers [n, most], conditions [n, groups], and how many values and words there are."""
        has = _has(words, vocabulary)
        fitted = [_fit(has, values, size) for values, size in zip(conditions.T, sizes, strict=True)]
        return cls(tuple(weights for weights, _ in fitted), tuple(bias for _, bias in fitted))

    def read(self, words: Ints) -> Ints:
        """int64 [n, groups] of captions' word numbers [n, most]: a value of each group, or unknown."""
        has = _has(words, self.weights[0].shape[1])
        told = np.diff(has.indptr) > 0
        found = np.full((len(words), len(self.weights)), UNKNOWN, dtype=np.int64)
        for group, (weights, bias) in enumerate(zip(self.weights, self.bias, strict=True)):
            if np.isfinite(bias).any():
                shares = softmax(has @ weights.T + bias, axis=1)
                found[:, group] = np.where(told & (shares.max(axis=1) >= SURE), shares.argmax(axis=1), UNKNOWN)
        return found


def _has(words: Ints, vocabulary: int) -> csr_array:
    """Which words each caption has, 1.0 or none [n, words]; unknown ones say nothing."""
    rows, _ = np.nonzero(words > UNKNOWN_WORD)
    pairs = np.unique(np.stack([rows, words[words > UNKNOWN_WORD]]), axis=1)
    return csr_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(len(words), vocabulary))


def _fit(has: csr_array, values: Ints, size: int) -> tuple[Floats, Floats]:
    weights, bias = np.zeros((size, has.shape[1])), np.full(size, -np.inf)
    known = np.flatnonzero(values != UNKNOWN)
    there = np.unique(values[known])
    bias[there] = 0.0
    if len(there) > 1:
        fitted = LogisticRegression(C=_LOOSE, class_weight="balanced", max_iter=1000).fit(has[known], values[known])
        two = len(there) == 2  # of two values there is the second one's score alone
        weights[there] = np.concatenate([-fitted.coef_, fitted.coef_]) / 2 if two else fitted.coef_
        bias[there] = np.concatenate([-fitted.intercept_, fitted.intercept_]) / 2 if two else fitted.intercept_
    return weights, bias
