"""Linear classifiers on frozen features: the heads of a linear probe. Each hears more or less of the weak directions.

Features of a pretrained network vary much along a few directions and little along hundreds, and which of them tell
classes apart is not known beforehand. Logistic regression on scaled features leans on the strong ones, on half-whitened
ones less; discriminant analysis whitens within the classes, as far as Ledoit and Wolf's shrinkage (2004) trusts so few
rows; ridge regression is the cheapest that works. Validation decides among them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import LogisticRegression, RidgeCV

from gan_augment.downstream.arms import Head
from gan_augment.downstream.config import LinearProbeConfig

__all__ = ["HalfWhitening", "RidgeClassifier", "ShrunkDiscriminant", "head_of"]

Matrix = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]

_PENALTIES = tuple(10.0 ** np.arange(0, 6))
_SHARPNESS = 10.0  # ridge answers lie around 0 and 1: as logits they would be far too flat
_WEAKEST = 1e-3  # directions that vary less than this share of the mean are noise and stay small


def head_of(head: Head, config: LinearProbeConfig) -> Any:
    """The classifier, not yet fitted."""
    if head == "ridge":
        return RidgeClassifier()
    if head == "discriminant":
        return ShrunkDiscriminant()
    return LogisticRegression(C=config.C, max_iter=config.iterations)


class HalfWhitening(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Features with the deviations along their principal directions replaced by the square roots of these."""

    def fit(self, inputs: Matrix, _labels: object = None) -> HalfWhitening:
        """From the covariance of `inputs` [n, features]; the mean variance of a feature becomes 1."""
        self.mean_ = inputs.mean(axis=0)
        centred = (inputs - self.mean_).astype(np.float64)
        variances, directions = np.linalg.eigh(centred.T @ centred / max(len(inputs), 1))
        variances = np.maximum(variances, _WEAKEST * variances.mean() + 1e-12)
        scaled = directions * variances**-0.25 @ directions.T  # symmetric, so that a direction's sign does not matter
        self.matrix_ = scaled / np.sqrt(np.sqrt(variances).mean())
        return self

    def transform(self, inputs: Matrix) -> Matrix:
        """float64 [n, features]."""
        moved: Matrix = (inputs - self.mean_) @ self.matrix_
        return moved


class RidgeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Ridge regression on one indicator a class; the penalty by leave-one-out."""

    def fit(self, inputs: Matrix, labels: Labels, sample_weight: Matrix | None = None) -> RidgeClassifier:
        """On `inputs` [n, features] and class indices [n]."""
        self.classes_ = np.unique(labels)
        targets = (labels[:, None] == self.classes_).astype(np.float64)
        self.model_ = RidgeCV(_PENALTIES).fit(inputs, targets, sample_weight)
        return self

    def predict_proba(self, inputs: Matrix) -> Matrix:
        """float64 [n, classes]."""
        return _softmax(_SHARPNESS * self.model_.predict(inputs))


class ShrunkDiscriminant(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Linear discriminant analysis: one covariance within all classes, shrunk."""

    def fit(self, inputs: Matrix, labels: Labels) -> ShrunkDiscriminant:
        """On `inputs` [n, features] and class indices [n]; a class may have a single row."""
        self.classes_, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
        means = np.stack([inputs[places == index].mean(axis=0) for index in range(len(counts))]).astype(np.float64)
        covariance, _ = ledoit_wolf(inputs - means[places], assume_centered=True)
        covariance[np.diag_indices_from(covariance)] += 1e-3 * covariance.trace() / len(covariance) + 1e-9
        self.weights_ = np.linalg.solve(covariance, means.T)
        self.offsets_ = np.log(counts / counts.sum()) - (means.T * self.weights_).sum(axis=0) / 2
        return self

    def predict_proba(self, inputs: Matrix) -> Matrix:
        """float64 [n, classes]."""
        return _softmax(inputs @ self.weights_ + self.offsets_)


def _softmax(logits: Matrix) -> Matrix:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Matrix = exponents / exponents.sum(axis=1, keepdims=True)
    return shares
