"""Two arms' predictions with a known true gain: rows differ in difficulty, seeds in skill, the rest is luck."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["probabilities_from", "simulate", "true_gain"]


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
