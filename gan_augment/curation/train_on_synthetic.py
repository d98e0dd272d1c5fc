"""Train on synthetic, test on real (TSTR), beside train on real, test on real: the figure that a KID does not replace.

Ravuri, Vinyals 2019, "Classification Accuracy Score", 1905.10887; Esteban et al. 2017, 1706.02633, for the name.
Tested on validation rows, never on the test part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.judge import class_recall, fit_table_model
from gan_augment.encoding.table import TableCodec
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities

__all__ = ["train_on_synthetic"]

Labels = npt.NDArray[np.int64]
Score = Callable[[Payload, Labels, int], float]  # train payload, labels, seed -> balanced validation accuracy


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
    tick: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Mean balanced accuracy on validation over `seeds` classifiers: {"real": ..., "synthetic": ...}.

    Both sides have the same classifier, steps, class balance and seeds; only the rows differ. A class that has no
    synthetic row is never recognised and counts as it falls.
    """
    score = _score(train, validation, config, device)
    sides = {"real": (train.samples.payload, train.labels), "synthetic": (synthetic, labels)}
    figures = {}
    for name, (payload, own) in sides.items():
        values = []
        for number in range(seeds):
            values.append(score(payload, own, derive_seed(seed, "train on synthetic", number)))
            tick(f"train on {name}, test on validation")
        figures[name] = float(np.mean(values))
    return figures


def _score(train: TrainView, validation: ValidationView, config: JudgeConfig, device: str) -> Score:
    classes, truth = len(train.spec.classes), validation.labels
    probabilities = (
        _table_scorer(train, validation, config)
        if isinstance(train.samples.payload, pd.DataFrame)
        else _image_scorer(validation, config, classes, device)
    )
    return lambda payload, labels, seed: float(
        np.nanmean(class_recall(probabilities(payload, labels, seed), truth, classes))
    )


def _image_scorer(
    validation: ValidationView, config: JudgeConfig, classes: int, device: str
) -> Callable[[Payload, Labels, int], npt.NDArray[np.float32]]:
    asked = pixels(np.asarray(validation.samples.payload))

    def probabilities(payload: Payload, labels: Labels, seed: int) -> npt.NDArray[np.float32]:
        network = fit_classifier(
            pixels(np.asarray(payload)),
            torch.from_numpy(labels),
            classes,
            seed=seed,
            steps=config.steps,
            sampling="balanced",
            device=device,
        )
        return predict_probabilities(network, asked)

    return probabilities


def _table_scorer(
    train: TrainView, validation: ValidationView, config: JudgeConfig
) -> Callable[[Payload, Labels, int], npt.NDArray[np.float32]]:
    assert isinstance(train.samples.payload, pd.DataFrame)
    assert isinstance(validation.samples.payload, pd.DataFrame)
    assert train.spec.table is not None
    codec = TableCodec.fit(train.samples.payload, train.spec.table)
    asked, classes = codec.encode(validation.samples.payload), len(train.spec.classes)

    def probabilities(payload: Payload, labels: Labels, seed: int) -> npt.NDArray[np.float32]:
        assert isinstance(payload, pd.DataFrame)
        return fit_table_model(codec.encode(payload), labels, classes, config.table_model, seed)(asked)

    return probabilities
