"""Classifiers behind one protocol: `fit` on labelled rows under a treatment, then probabilities of any rows.

Every family takes the same treatments, so an arm is the same promise whichever classifier a project uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples
from gan_augment.downstream.arms import Treatment

__all__ = ["Classifier", "Predictor", "Probabilities"]

Probabilities = npt.NDArray[np.float32]


class Predictor(Protocol):
    """A fitted classifier."""

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        """float32 [n, classes], rows summing to one, in the order of `payload`."""


class Classifier(Protocol):
    """A family with its settings. It holds no data."""

    @property
    def effort(self) -> dict[str, int | float | str]:
        """What every arm's training costs: steps, rounds or trees. It never depends on the rows."""

    def fit(self, samples: Samples, spec: DatasetSpec, treatment: Treatment, seeds: Sequence[int]) -> list[Predictor]:
        """One predictor a seed, all fitted on the same rows. Classes without rows get probability near 0."""
