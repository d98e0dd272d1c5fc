"""Classifiers of curation's own, for the judge, train-on-synthetic and the spaces.

A small network classifies images, scikit-learn models classify table rows on the columns of a codec that is fitted
once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import Payload, TrainView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.spaces import Space
from gan_augment.curation.table_models import fit_table_model
from gan_augment.encoding.features import PixelFeatures
from gan_augment.encoding.table import TableCodec
from gan_augment.recognition.classifier import SmallCnn
from gan_augment.recognition.features import OwnFeatures
from gan_augment.recognition.shifts import RandomShifts
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities

__all__ = ["Recogniser", "recogniser_of"]

Labels = npt.NDArray[np.int64]
Recognise = Callable[[Payload], npt.NDArray[np.float32]]  # n rows -> probabilities [n, classes]


class Recogniser(Protocol):
    """Trainer of classifiers on any rows of one data set."""

    def fit(self, payload: Payload, labels: Labels, *, seed: int, shifted: bool = False) -> Recognise:
        """Classifier that was shown every class equally often; `shifted`: move images a little, if the settings do."""

    def spaces(self, train: TrainView, *, seed: int) -> tuple[Space, Space]:
        """Spaces for copies and for quality, both fitted on real train rows only."""


def recogniser_of(train: TrainView, config: JudgeConfig, device: str) -> Recogniser:
    """Recogniser of a data set; of its train rows it uses only the encoding of a table."""
    if train.spec.table is None:
        return _ImageRecogniser(len(train.spec.classes), config, device)
    codec = TableCodec.fit(frame_of(train.samples.payload), train.spec.table)
    return _TableRecogniser(codec, len(train.spec.classes), config)


@dataclass(frozen=True)
class _ImageRecogniser:
    classes: int
    config: JudgeConfig
    device: str

    def fit(self, payload: Payload, labels: Labels, *, seed: int, shifted: bool = False) -> Recognise:
        network = self._network(payload, labels, seed, shifted)
        return lambda asked: predict_probabilities(network, pixels(images_of(asked)))

    def spaces(self, train: TrainView, *, seed: int) -> tuple[Space, Space]:
        """Principal components of pixels, in which a copy is at zero, and the features of a separate classifier.

        That classifier is not a member of the judge: a network that filters use must not also score the quality.
        """
        images = images_of(train.samples.payload)
        network = self._network(images, train.labels, derive_seed(seed, "own features"), shifted=True)
        copies, quality = PixelFeatures.fit(images), OwnFeatures(network, images)
        return (
            Space("principal components of pixels", lambda rows: copies(images_of(rows)), parents_apart=True),
            Space(quality.name, lambda rows: quality(images_of(rows))),
        )

    def _network(self, payload: Payload, labels: Labels, seed: int, shifted: bool) -> SmallCnn:
        return fit_classifier(
            pixels(images_of(payload)),
            torch.from_numpy(labels),
            self.classes,
            seed=seed,
            steps=self.config.steps,
            sampling="balanced",
            augment=RandomShifts(derive_seed(seed, "shifts")) if shifted and self.config.shifts else None,
            device=self.device,
        )


@dataclass(frozen=True)
class _TableRecogniser:
    codec: TableCodec
    classes: int
    config: JudgeConfig

    def fit(self, payload: Payload, labels: Labels, *, seed: int, shifted: bool = False) -> Recognise:  # noqa: ARG002
        predict = fit_table_model(self._encoded(payload), labels, self.classes, self.config.table_model, seed)
        return lambda asked: predict(self._encoded(asked))

    def spaces(self, train: TrainView, *, seed: int) -> tuple[Space, Space]:  # noqa: ARG002
        """The codec's columns, as both spaces: one per number, in units of a standard deviation, and one per level."""
        space = Space("quantile codec columns", self._encoded)
        return space, space

    def _encoded(self, payload: Payload) -> npt.NDArray[np.float32]:
        return self.codec.encode(frame_of(payload))
