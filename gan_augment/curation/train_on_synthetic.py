"""Train on synthetic, test on real (TSTR), beside train on real, test on real: a figure that KID does not replace.

Ravuri, Vinyals 2019, "Classification Accuracy Score", 1905.10887; Esteban et al. 2017, 1706.02633, for the name.
Tested on validation rows, never on the test part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gan_augment.core.progress import silent
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.judge import class_recall
from gan_augment.curation.recognise import Recogniser, recogniser_of

__all__ = ["train_on_synthetic"]

Labels = npt.NDArray[np.int64]


def train_on_synthetic(
    train: TrainView,
    validation: ValidationView,
    synthetic: Payload,
    labels: Labels,
    config: JudgeConfig,
    *,
    seeds: int,
    seed: int,
    device: str = "cpu",
    tick: Callable[[str], None] = silent,
    recogniser: Recogniser | None = None,
) -> dict[str, float]:
    """Mean balanced accuracy on validation over `seeds` classifiers: {"real": ..., "synthetic": ...}.

    Both sides have the same classifier, steps, class balance and seeds; only the rows differ. A class without synthetic
    rows is never recognised, and counts with that recall.
    """
    recogniser = recogniser or recogniser_of(train, config, device)
    asked, truth, classes = validation.samples.payload, validation.labels, len(train.spec.classes)
    sides = {"real": (train.samples.payload, train.labels), "synthetic": (synthetic, labels)}
    figures = {}
    for name, (payload, own) in sides.items():
        values = []
        for number in range(seeds):
            recognise = recogniser.fit(payload, own, seed=derive_seed(seed, "train on synthetic", number))
            values.append(np.nanmean(class_recall(recognise(asked), truth, classes)))
            tick(f"train on {name}, test on validation")
        figures[name] = float(np.mean(values))
    return figures
