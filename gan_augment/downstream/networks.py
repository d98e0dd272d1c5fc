"""The convolutional classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from gan_augment.compute.devices import resolve_device
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples
from gan_augment.downstream.api import Predictor, Probabilities
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.balancing import class_weights
from gan_augment.downstream.classical import AugmentedViews
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.recognition.classifier import SmallCnn
from gan_augment.recognition.reader import TextReader, fit_reader, read_frames
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.scoring.tasks import Task
from gan_augment.scoring.tasks.text import Text

__all__ = ["CnnClassifier", "TextClassifier"]

_Show = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]]


class CnnClassifier:
    """`SmallCnn`s that differ in their seed alone, all with the same number of steps of the same batch size.

    `train_rows` is the number of real train images, whatever rows an arm then adds: it sets the default steps.
    `pool` holds every image that may be fitted on, with unique ids: their augmented versions are then made once for
    all calls of `fit`. `seed` decides those versions. `task`: what is learnt, where it is not the class.
    """

    def __init__(
        self,
        config: CnnConfig,
        classical: ClassicalConfig,
        *,
        train_rows: int,
        device: str = "cpu",
        seed: int = 0,
        pool: Samples | None = None,
        task: Task | None = None,
    ) -> None:
        self._config, self._classical, self._device, self._seed = config, classical, resolve_device(device), seed
        self._steps = config.steps_for(train_rows)
        self._task = task
        self._pool = None if pool is None else _PooledViews(pool, self._views_of(pool))

    def _views_of(self, samples: Samples) -> AugmentedViews:
        return AugmentedViews(np.asarray(samples.payload), self._classical, seed=self._seed)

    def _shower(self, samples: Samples) -> Callable[[], _Show]:
        """Makes a fresh count of showings for each training."""
        if self._pool is not None:
            place, views = self._pool.places(samples), self._pool.views
        else:
            place, views = np.arange(len(samples)), self._views_of(samples)
        return lambda: _shower(views, place)

    @property
    def effort(self) -> dict[str, int | float | str]:
        """Optimiser steps, batch size, first learning rate and its schedule."""
        config = self._config
        return {
            "steps": self._steps,
            "batch_size": config.batch_size,
            "learning_rate": config.learning_rate,
            "schedule": "linear warm-up, cosine to zero",
        }

    def fit(self, samples: Samples, spec: DatasetSpec, treatment: Treatment, seeds: Sequence[int]) -> list[Predictor]:
        """One network a seed. The augmented versions of the images are made once and shared."""
        labels = samples.label_indices(spec)
        show = self._shower(samples) if treatment.classical else lambda: None
        learn = self._learner(pixels(np.asarray(samples.payload)), torch.from_numpy(labels), samples, spec, treatment)
        real = (samples.manifest["origin"] == "real").to_numpy(bool) if treatment.fine_tuned else None
        weights = torch.from_numpy(class_weights(labels, len(spec.classes))) if treatment.class_weight else None
        return [
            learn(
                finish_on=real,
                seed=seed,
                steps=self._steps,
                batch_size=self._config.batch_size,
                learning_rate=self._config.learning_rate,
                sampling="balanced" if treatment.balanced else "natural",
                class_weight=weights,
                show=show(),
                width=self._config.width,
                device=self._device,
            )
            for seed in seeds
        ]

    def _learner(
        self, images: torch.Tensor, labels: torch.Tensor, samples: Samples, spec: DatasetSpec, _treatment: Treatment
    ) -> Callable[..., Predictor]:
        """Trains one network with the settings that it is called with."""
        heads, targets = self._questions(samples)

        def learn(**settings: Any) -> Predictor:
            found = fit_classifier(images, labels, len(spec.classes), heads=heads, targets=targets, **settings)
            return _Network(found, heads)

        return learn

    def _questions(self, samples: Samples) -> tuple[tuple[int, ...], torch.Tensor | None]:
        """The number of answers of each question, and each row's; none where the class is what is learnt."""
        if self._task is None:
            return (), None
        return tuple(map(len, self._task.levels.values())), torch.from_numpy(self._task.targets(samples))


class TextClassifier(CnnClassifier):
    """The same for strings, which a `TextReader` reads."""

    def __init__(self, config: CnnConfig, classical: ClassicalConfig, *, task: Text, **more: Any) -> None:
        super().__init__(config, classical, **more)
        self._text = task

    def _learner(
        self, images: torch.Tensor, labels: torch.Tensor, samples: Samples, spec: DatasetSpec, treatment: Treatment
    ) -> Callable[..., Predictor]:
        """Trains one recogniser with the settings that it is called with."""
        targets = torch.from_numpy(self._text.targets(samples))

        def learn(**settings: Any) -> Predictor:
            found = fit_reader(images, labels, targets, spec.strings, reader=treatment.reader, **settings)
            return _Recogniser(found)

        return learn


@dataclass(frozen=True)
class _Recogniser:
    model: TextReader

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        return read_frames(self.model, pixels(np.asarray(payload)))


def _shower(views: AugmentedViews, place: npt.NDArray[np.int64]) -> _Show:
    """Counts how often each sample was shown, so that each showing gets its next version."""
    shown = np.zeros(len(place), dtype=np.int64)

    def show(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        batch = views.take(place[rows], shown[rows])
        np.add.at(shown, rows, 1)
        return batch

    return show


class _PooledViews:
    """Augmented versions of a pool of images, found again by the samples' ids."""

    def __init__(self, pool: Samples, views: AugmentedViews) -> None:
        self._ids = pd.Index(pool.manifest["id"])
        self.views = views

    def places(self, samples: Samples) -> npt.NDArray[np.int64]:
        """int64 [n]: where each sample stands in the pool. Raises KeyError for one that is not there."""
        places: npt.NDArray[np.int64] = self._ids.get_indexer(pd.Index(samples.manifest["id"])).astype(np.int64)
        if (places < 0).any():
            raise KeyError("a sample is not in the classifier's pool")
        return places


class _Network:
    def __init__(self, model: SmallCnn, heads: tuple[int, ...]) -> None:
        self._model, self._heads = model, heads

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        return predict_probabilities(self._model, pixels(np.asarray(payload)), heads=self._heads)
