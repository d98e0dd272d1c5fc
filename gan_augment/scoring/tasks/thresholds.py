"""Second way to move thresholds, as a check: along the classifier's own mean probabilities, by balanced accuracy.

The arms have been adjusted along class shares already (`scoring.adjustment`). Here both may be adjusted once more, for
the headline's metric: a gain that disappears is noted in the report.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.predictions import Adjustment
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import Labels, balanced_accuracy, score

__all__ = ["class_means", "tune"]

Probabilities = npt.NDArray[np.floating]

_POWERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def class_means(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.float64]:
    """Mean probability float64 [K] of each class, were all classes of equal size.

    `probabilities` is [seeds, n, K]; the seeds are pooled.
    """
    pooled = probabilities.mean(axis=0)
    means = np.stack([pooled[labels == index].mean(axis=0) for index in np.unique(labels)]).mean(axis=0)
    floored: npt.NDArray[np.float64] = np.maximum(means, 1e-6)
    return floored


def tune(probabilities: Probabilities, labels: Labels) -> Adjustment:
    """Adjustment with the best mean validation balanced accuracy over seeds; the smallest power on a tie."""
    direction = tuple(map(float, np.log(class_means(probabilities, labels))))
    tried = [Adjustment(tau=power, log_prior=direction) for power in _POWERS]
    return max(tried, key=lambda one: (_accuracy(adjust(probabilities, one), labels), -one.tau))


def _accuracy(probabilities: Probabilities, labels: Labels) -> float:
    return float(np.mean([score(balanced_accuracy, one, labels) for one in probabilities]))
