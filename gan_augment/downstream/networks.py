"""The convolutional classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.balancing import class_weights
from gan_augment.downstream.classical import AugmentedViews
from gan_augment.downstream.classifiers import Predictor, Probabilities
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.nn.classifier import SmallCnn
from gan_augment.training.supervised import fit_classifier, pixels, predict_probabilities

__all__ = ["CnnClassifier"]


class CnnClassifier:
    """`SmallCnn`s that differ in their seed alone, all with the same number of steps of the same batch size."""

    def __init__(self, config: CnnConfig, classical: ClassicalConfig, *, device: str = "cpu") -> None:
        self._config, self._classical, self._device = config, classical, device

    @property
    def effort(self) -> dict[str, int | float | str]:
        """Optimiser steps, batch size, first learning rate and its schedule."""
        config = self._config
        return {
            "steps": config.steps,
            "batch_size": config.batch_size,
            "learning_rate": config.learning_rate,
            "schedule": "linear warm-up, cosine to zero",
        }

    def fit(self, samples: Samples, spec: DatasetSpec, treatment: Treatment, seeds: Sequence[int]) -> list[Predictor]:
        """One network a seed. The augmented versions of the images are made once and shared."""
        images, labels = np.asarray(samples.payload), samples.label_indices(spec)
        views = AugmentedViews(images, self._classical, seed=seeds[0]) if treatment.classical else None
        tensor, targets = pixels(images), torch.from_numpy(labels)
        weights = torch.from_numpy(class_weights(labels, len(spec.classes))) if treatment.class_weight else None
        return [
            _Network(
                fit_classifier(
                    tensor,
                    targets,
                    len(spec.classes),
                    seed=seed,
                    steps=self._config.steps,
                    batch_size=self._config.batch_size,
                    learning_rate=self._config.learning_rate,
                    sampling="balanced" if treatment.balanced else "natural",
                    class_weight=weights,
                    show=None if views is None else _shower(views, len(images)),
                    width=self._config.width,
                    device=self._device,
                )
            )
            for seed in seeds
        ]


def _shower(views: AugmentedViews, count: int) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]]:
    """Counts how often each of `count` images was shown, so that each showing gets its next version."""
    shown = np.zeros(count, dtype=np.int64)

    def show(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        batch = views.take(rows, shown[rows])
        np.add.at(shown, rows, 1)
        return batch

    return show


class _Network:
    def __init__(self, model: SmallCnn) -> None:
        self._model = model

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        return predict_probabilities(self._model, pixels(np.asarray(payload)))
