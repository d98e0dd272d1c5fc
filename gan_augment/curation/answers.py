"""Judge of the learnt target where that is not the class: whether a row's own target fits the row.

The judge of classes still decides the class of a row. This judge decides whether the attributes beside it are right: an
accepted row is one whose target a classifier should learn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.core.fields import images_of
from gan_augment.core.samples import Samples, TrainView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.recognition.reader import fit_reader, read_frames
from gan_augment.recognition.shifts import RandomShifts
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.scoring.reading import readers_of
from gan_augment.scoring.tasks import Task, task_of

__all__ = ["AnswerJudge", "fit_answer_judge"]

Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AnswerJudge:
    """Networks fitted on real train rows: with a head a question, or readers of strings.

    `members` give probabilities of images float32 [n, c, h, w] as the task has them.
    """

    task: Task
    members: tuple[Callable[[Tensor], Probabilities], ...]

    def agreement(self, samples: Samples) -> npt.NDArray[np.float64]:
        """float64 [n] in 0 .. 1: how much of what the networks say agrees with each row's own target."""
        shown, targets = pixels(images_of(samples.payload)), self.task.targets(samples)
        given = [member(shown) for member in self.members]
        if not self.task.levels:  # frames of two readers do not stand for the same columns: their mean says nothing
            return np.asarray(np.mean([self.task.agreement(one, targets) for one in given], axis=0))
        return self.task.agreement(np.mean(given, axis=0), targets)


def fit_answer_judge(train: TrainView, config: JudgeConfig, *, seed: int, device: str) -> AnswerJudge | None:
    """Train `config.members` networks on the targets of real train rows; None where the target is the class."""
    if not task_of(train.spec).roles:
        return None
    task = task_of(train.spec, train.samples)
    images, labels = pixels(images_of(train.samples.payload)), torch.from_numpy(train.labels)
    targets, members, readers = torch.from_numpy(task.targets(train.samples)), [], readers_of(train.spec)
    for number in range(config.members):
        own = derive_seed(seed, "answers", number)
        settings: dict[str, Any] = {
            "seed": own, "steps": config.steps, "sampling": "balanced", "device": device,
            "augment": RandomShifts(derive_seed(own, "shifts")) if config.shifts else None,
        }  # fmt: skip
        if readers:
            reader = fit_reader(images, labels, targets, train.spec.strings, reader=readers[0], **settings)
            members.append(partial(read_frames, reader))
            continue
        classes, heads = len(train.spec.classes), _heads(task)
        network = fit_classifier(images, labels, classes, heads=heads, targets=targets, **settings)
        members.append(partial(predict_probabilities, network, heads=heads))
    return AnswerJudge(task, tuple(members))


def _heads(task: Task) -> list[int]:
    return [len(levels) for levels in task.levels.values()]
