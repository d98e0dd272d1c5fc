"""Two arms' predictions with a known true gain: rows differ in difficulty, seeds in skill, the rest is luck.

`simulate` says for each row only whether it is right; `Rows` makes logits, for what looks at more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.gain.verdict import Verdict, decide
from gan_augment.mixing.ratio import Plan, choose_ratio, search_ratios
from gan_augment.scoring.adjustment import adjust, choose_tau, log_prior
from gan_augment.scoring.criterion import Criterion, Scores
from gan_augment.scoring.metrics import balanced_accuracy, balanced_log_loss
from gan_augment.scoring.statistics import Resampled, TestRows
from tests.scoring.toys import classes

__all__ = [
    "CoarseCriterion",
    "RawLossCriterion",
    "Rows",
    "Skill",
    "chosen_ratio",
    "probabilities_from",
    "simulate",
    "true_gain",
    "verdict_of",
]


def simulate(
    rng: np.random.Generator,
    *,
    classes: int = 4,
    rows: int = 30,
    seeds: int = 5,
    shift: float = 0.0,
    row_spread: float = 2.0,
    seed_spread: float = 0.2,
    base: float = 2.5,
    deterministic: bool = False,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Labels [n] and the arms' probabilities [seeds, n, classes]; `shift` is the second one's advantage (logits)."""
    labels = np.repeat(np.arange(classes), rows)
    difficulty = rng.normal(0, row_spread, (1, len(labels)))
    arms = []
    for advantage in (0.0, shift):
        skill = rng.normal(0, seed_spread, (seeds, 1))
        luck = rng.logistic(size=(1 if deterministic else seeds, len(labels)))
        right = base + advantage + difficulty + skill + luck > 0
        arms.append(probabilities_from(right, labels, classes))
    return labels, arms[0], arms[1]


def true_gain(*, shift: float, row_spread: float = 2.0, seed_spread: float = 0.2, base: float = 2.5) -> float:
    """The second arm's expected balanced accuracy minus the first's."""
    rng = np.random.default_rng(123)
    noise = rng.normal(0, np.hypot(row_spread, seed_spread), 400_000) + rng.logistic(size=400_000)
    return float((base + shift + noise > 0).mean() - (base + noise > 0).mean())


def probabilities_from(
    right: npt.NDArray[np.bool_], labels: npt.NDArray[np.int64], classes: int
) -> npt.NDArray[np.float32]:
    """float32 [seeds, n, classes]: 0.8 on the own class where right, else on the next one."""
    chosen = np.where(right, labels, (labels + 1) % classes)
    return np.where(chosen[..., None] == np.arange(classes), 0.8, 0.2 / (classes - 1)).astype(np.float32)


@dataclass(frozen=True)
class Skill:
    """How well classifiers do that are simulated by `simulate_logits`, in logits.

    `rare` is added to the own class's logit of rows of rare classes, which also lose what the prior takes; `sure`
    multiplies every logit: it changes no decision, and raw log loss a lot.
    """

    signal: float = 3.2
    rare: float = 0.0
    sure: float = 1.0


class Rows:
    """Rows of six classes, two of them rare in training, that every simulated classifier finds as hard or easy."""

    counts = np.array([60, 60, 60, 60, 10, 10])
    _SHARED, _ARM, _SEED = 1.6, 0.5, 0.6  # standard deviations of what rows, arms and seeds differ in

    def __init__(self, rng: np.random.Generator, each: int) -> None:
        self.labels: npt.NDArray[np.int64] = np.repeat(np.arange(len(self.counts)), each)
        self._rng = rng
        self._common = rng.normal(0, self._SHARED, (1, len(self.labels), len(self.counts)))

    def simulate(self, skill: Skill, seeds: int) -> npt.NDArray[np.float32]:
        """float32 [seeds, n, K]: probabilities by classifiers of this skill, of which each call makes others."""
        own = (self.labels[:, None] == np.arange(len(self.counts))).astype(float)
        rare = (self.counts < 30).astype(float)
        noise = self._common + self._rng.normal(0, self._ARM, self._common.shape)
        noise = noise + self._rng.normal(0, self._SEED, (seeds, *self._common.shape[1:]))
        logits = noise + own * (skill.signal + rare * skill.rare) + np.log(self.counts / self.counts.sum())
        exponents = np.exp(1.5 * skill.sure * (logits - logits.max(axis=-1, keepdims=True)))
        return (exponents / exponents.sum(axis=-1, keepdims=True)).astype(np.float32)


class CoarseCriterion(Criterion):
    """What chose before: balanced accuracy of the predictions as they are."""

    def scores(self, probabilities: npt.NDArray[np.floating]) -> Scores:
        """Balanced accuracy as merit."""
        accuracy = self.rows.resample(balanced_accuracy, probabilities)
        return Scores(accuracy, accuracy)


class RawLossCriterion(Criterion):
    """A trap: the class-balanced log loss of the predictions as they are, which rewards being less sure."""

    def scores(self, probabilities: npt.NDArray[np.floating]) -> Scores:
        """Minus the raw loss as merit."""
        loss = self.rows.resample(balanced_log_loss, probabilities)
        return Scores(Resampled(-loss.values, -loss.draws), loss)


def chosen_ratio(criterion: Criterion, predictions: dict[float, npt.NDArray[np.float32]]) -> float:
    """What the search makes of these validation predictions: ratio -> [seeds, n, K]."""

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        return [predictions[plan.ratio][seed] for seed in seeds]

    plans = [Plan(ratio, *[np.full(6, round(10 * ratio), dtype=np.int64)] * 2) for ratio in predictions]
    seeds = range(len(predictions[0.0]))
    return choose_ratio(search_ratios(plans, evaluate, criterion, seeds, early_stopping=False)).ratio


def verdict_of(
    kind: type[Criterion],
    seed: int,
    skills: dict[float, Skill],
    *,
    validation: int = 20,
    test: int = 75,
    seeds: int = 3,
    draws: int = 200,
) -> tuple[float, Verdict]:
    """The ratio that a criterion chooses, and the verdict on fresh test rows with the arms adjusted on validation."""
    rng = np.random.default_rng(seed)
    rows, fresh, prior = Rows(rng, validation), Rows(rng, test), log_prior(Rows.counts)
    tried = {ratio: rows.simulate(skill, seeds) for ratio, skill in skills.items()}
    criterion = kind(TestRows(rows.labels, draws=draws, generator=rng), [Rows.counts], classes(len(Rows.counts)))
    ratio = chosen_ratio(criterion, tried)
    shown = ratio or max(skills)
    arms = {
        one: adjust(fresh.simulate(skills[one], 5), choose_tau(rows.simulate(skills[one], 5), rows.labels, [prior]))
        for one in (0.0, shown)
    }
    judge = TestRows(fresh.labels, draws=draws, generator=rng)
    scored = {one: judge.resample(balanced_accuracy, found) for one, found in arms.items()}
    gain = judge.interval(scored[shown] - scored[0.0], resolution=1 / len(fresh.labels))
    return ratio, decide(gain, ratio)
