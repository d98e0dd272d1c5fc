"""Judge of the learnt target where that is not the class: whether a row's own target fits the row.

The judge of classes still decides the class of a row. This judge decides whether the attributes beside it are right: an
accepted row is one whose target a classifier should learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.core.fields import images_of
from gan_augment.core.samples import Samples, TrainView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.recognition.classifier import SmallCnn
from gan_augment.recognition.shifts import RandomShifts
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.scoring.tasks import Task, task_of

__all__ = ["AnswerJudge", "fit_answer_judge"]


@dataclass(frozen=True)
class AnswerJudge:
    """Networks fitted on real train rows, with a head per question."""

    task: Task
    members: tuple[SmallCnn, ...]

    def agreement(self, samples: Samples) -> npt.NDArray[np.float64]:
        """Agreement float64 [n] in 0 .. 1 of the networks' answers with each row's own target."""
        shown, heads = pixels(images_of(samples.payload)), _heads(self.task)
        given = np.mean([predict_probabilities(member, shown, heads=heads) for member in self.members], axis=0)
        return self.task.agreement(given, self.task.targets(samples))


def fit_answer_judge(train: TrainView, config: JudgeConfig, *, seed: int, device: str) -> AnswerJudge | None:
    """Train `config.members` networks on the targets of real train rows; None where the target is the class."""
    if not task_of(train.spec).roles:
        return None
    task = task_of(train.spec, train.samples)
    images, labels = pixels(images_of(train.samples.payload)), torch.from_numpy(train.labels)
    targets, members = torch.from_numpy(task.targets(train.samples)), []
    for number in range(config.members):
        own = derive_seed(seed, "answers", number)
        network = fit_classifier(
            images, labels, len(train.spec.classes), heads=_heads(task), targets=targets, seed=own, steps=config.steps,
            sampling="balanced", augment=RandomShifts(derive_seed(own, "shifts")) if config.shifts else None,
            device=device,
        )  # fmt: skip
        members.append(network)
    return AnswerJudge(task, tuple(members))


def _heads(task: Task) -> list[int]:
    return [len(levels) for levels in task.levels.values()]
