"""Tasks of several questions for classifiers that answer one: fitted once a question, answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gan_augment.core.records import ClassRecord, DatasetSpec
from gan_augment.core.samples import Payload, Samples
from gan_augment.downstream.api import Classifier, Predictor, Probabilities
from gan_augment.downstream.arms import Treatment
from gan_augment.scoring.tasks import Task

__all__ = ["EachQuestion"]


@dataclass(frozen=True)
class EachQuestion:
    """A classifier fitted for each question of a task on the rows whose answer is known.

    Where a treatment evens classes out, the answers of the question are evened out: they are its classes.
    """

    classifier: Classifier
    task: Task

    @property
    def effort(self) -> dict[str, int | float | str]:
        """That of one question, and how many there are."""
        return {**self.classifier.effort, "questions": len(self.task.levels)}

    def fit(self, samples: Samples, spec: DatasetSpec, treatment: Treatment, seeds: Sequence[int]) -> list[Predictor]:
        """One predictor a seed."""
        targets = self.task.targets(samples)
        answers: list[Sequence[Predictor]] = []
        for place, levels in enumerate(self.task.levels.values()):
            known = np.flatnonzero(targets[:, place] >= 0)
            if not len(known):
                answers.append([_Nothing(len(levels))] * len(seeds))
                continue
            values = [levels[value] for value in targets[known, place]]
            rows = Samples(samples.manifest, samples.payload).take(known).relabelled(label=values)
            answers.append(self.classifier.fit(rows, _asking(spec, levels), treatment, seeds))
        return [_SideBySide(of_seed) for of_seed in zip(*answers, strict=True)]


def _asking(spec: DatasetSpec, levels: Sequence[str]) -> DatasetSpec:
    """The data set with the answers of a question as its classes."""
    classes = tuple(ClassRecord(key=str(place), label=level) for place, level in enumerate(levels))
    return spec.model_copy(update={"classes": classes, "companions": {}, "target": "label"})


@dataclass(frozen=True)
class _SideBySide:
    predictors: Sequence[Predictor]

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        return np.concatenate([one.predict_probabilities(payload) for one in self.predictors], axis=1)


@dataclass(frozen=True)
class _Nothing:
    """What can be learned where no row has an answer."""

    answers: int

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        return np.full((len(payload), self.answers), 1 / max(self.answers, 1), dtype=np.float32)
