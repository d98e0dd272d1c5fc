"""The judge: a classifier of real train rows that predicts the label of a synthetic row.

A judge that errs on real rows proves nothing. So its recall on validation stands beside every figure that uses it, and
the filter that uses it is calibrated on validation (see `filters`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.progress import silent
from gan_augment.core.samples import Payload, Samples, TrainView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.answers import AnswerJudge
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.recognise import Recogniser, recogniser_of
from gan_augment.fidelity.unseen import spread_over_folds

__all__ = ["Judge", "class_recall", "fit_judge", "judge_train_rows", "own_probability"]

Probabilities = npt.NDArray[np.float32]
_FOLDS = 3


@dataclass(frozen=True)
class Judge:
    """Mean of the members: `probabilities(payload)` is float32 [n, K] with rows that sum to one.

    `answers` judges the learnt target where that is not the class.
    """

    members: tuple[Callable[[Payload], Probabilities], ...]
    answers: AnswerJudge | None = None

    def probabilities(self, payload: Payload) -> Probabilities:
        """Probabilities float32 [n, K] of uint8 images [n, h, w, c] or a DataFrame of n table rows."""
        mean: Probabilities = np.mean([member(payload) for member in self.members], axis=0, dtype=np.float32)
        return mean

    def agreement(
        self, samples: Samples, probabilities: Probabilities, labels: npt.NDArray[np.integer[Any]]
    ) -> npt.NDArray[np.float64]:
        """Agreement float64 [n] in 0 .. 1: the probability of the own label, or of the own target if learnt."""
        return own_probability(probabilities, labels) if self.answers is None else self.answers.agreement(samples)


def fit_judge(
    train: TrainView,
    config: JudgeConfig,
    *,
    seed: int,
    device: str = "cpu",
    tick: Callable[[str], None] = silent,
    recogniser: Recogniser | None = None,
) -> Judge:
    """Train `config.members` classifiers on real train rows, every class shown equally often. `tick` follows each."""
    recogniser = recogniser or recogniser_of(train, config, device)
    members: list[Callable[[Payload], Probabilities]] = []
    for number in range(config.members):
        own = derive_seed(seed, "judge", number)
        members.append(recogniser.fit(train.samples.payload, train.labels, seed=own, shifted=True))
        tick(f"judge {number + 1} of {config.members}")
    return Judge(tuple(members))


def judge_train_rows(
    train: TrainView, config: JudgeConfig, *, seed: int, device: str = "cpu"
) -> list[tuple[Probabilities, npt.NDArray[np.int64]]]:
    """Probabilities of train rows by a judge of the other folds, fold by fold, and their class indices.

    For classes of few validation rows, so that their usual doubts are not estimated from a handful.
    """
    rng, found = numpy_generator(seed, "judge's folds"), []
    fold = spread_over_folds(train.labels, train.samples.manifest["group"].to_numpy(), _FOLDS, rng)
    for number in range(_FOLDS):
        learn, ask = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(learn) and len(ask):
            part = TrainView(train.spec, train.samples.take(learn))
            one = config.model_copy(update={"members": 1})
            judge = fit_judge(part, one, seed=derive_seed(seed, "fold", number), device=device)
            found.append((judge.probabilities(train.samples.take(ask).payload), train.labels[ask]))
    return found


def own_probability(probabilities: Probabilities, labels: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """Probability float64 [n] of each row's own label."""
    own: npt.NDArray[np.float64] = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return own


def class_recall(
    probabilities: Probabilities, labels: npt.NDArray[np.integer[Any]], classes: int
) -> npt.NDArray[np.float64]:
    """Recall float64 [classes]: share of each class's rows whose most probable label is their own; NaN without rows."""
    right = probabilities.argmax(axis=1) == labels if len(labels) else np.zeros(0, dtype=bool)
    return np.array([right[labels == c].mean() if (labels == c).any() else np.nan for c in range(classes)])
