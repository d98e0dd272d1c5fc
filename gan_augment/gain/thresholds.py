"""Is a gain more than a moved threshold? Every arm may move its own, on validation, and the gain is taken again.

Dividing each class's probability by a power of its mean is logit adjustment (Menon et al. 2021, arXiv 2007.07314).
It costs nothing and needs no new data, so a gain that it removes is no reason for a GAN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.gain.metrics import Labels, balanced_accuracy, score

__all__ = ["adjust", "class_means", "tune_power"]

Probabilities = npt.NDArray[np.floating]

_POWERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def class_means(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.float64]:
    """float64 [K]: the mean probability of each class, were all classes of equal size.

    `probabilities` is [seeds, n, K]; the seeds are pooled.
    """
    pooled = probabilities.mean(axis=0)
    means = np.stack([pooled[labels == index].mean(axis=0) for index in np.unique(labels)]).mean(axis=0)
    floored: npt.NDArray[np.float64] = np.maximum(means, 1e-6)
    return floored


def adjust(probabilities: Probabilities, means: npt.NDArray[np.float64], power: float) -> Probabilities:
    """Probabilities [..., K] divided by means ** power, then scaled to sum to one again."""
    divided = probabilities / means**power
    scaled: Probabilities = divided / np.maximum(divided.sum(axis=-1, keepdims=True), 1e-300)
    return scaled


def tune_power(probabilities: Probabilities, labels: Labels) -> float:
    """The power with the best mean validation balanced accuracy over seeds; the smallest one on a tie."""
    means = class_means(probabilities, labels)
    scores = [
        np.mean([score(balanced_accuracy, one, labels) for one in adjust(probabilities, means, power)])
        for power in _POWERS
    ]
    return _POWERS[int(np.argmax(scores))]
