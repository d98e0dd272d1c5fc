"""Alarms and gate over classes of images and tables that overlap: rows equal to the data pass, shuffled labels do not.

`test_label_judge` asks the same of bare vectors, over more ratios.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.records import Modality
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.synthesis.api import SampleRequest, Synthetic
from gan_augment.synthesis.health.alarms import class_alarm
from gan_augment.synthesis.health.gate import choose_model
from gan_augment.synthesis.health.label_judge import LabelJudge
from tests.overlap import draw, overlapping, shuffled

# Balanced Bayes error, train and validation rows of the common and of the rare class: ratios of 1:3 to 1:50.
SETTINGS = [
    ("image", 0.2, (300, 100), (60, 20)),
    ("image", 0.3, (900, 90), (90, 9)),
    ("image", 0.2, (1500, 30), (150, 3)),
    ("image", 0.45, (300, 100), (60, 5)),
    ("table", 0.2, (1500, 30), (150, 3)),
    ("table", 0.4, (600, 200), (60, 20)),
]
TOLD = [setting for setting in SETTINGS if setting[1] < 0.4]  # the others hold too few rows to tell the classes at all


class Drawn:
    """Draws the overlapping classes as they are, or what carries a label that was dealt out at random."""

    def __init__(self, modality: Modality, error: float, sizes: tuple[int, int] | None = None) -> None:
        self.modality, self.error, self.sizes = modality, error, sizes
        self.stats: list[dict[str, float]] = []
        self.summary: dict[str, Any] = {}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        rng = np.random.default_rng([request.seed % 1000, request.index])
        labels = np.full(request.count, request.index)
        if self.sizes is not None:
            labels = shuffled(request.count, self.sizes, rng)
        yield Synthetic(draw(self.modality, labels, self.error, rng))

    def save(self, directory: Path) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(("modality", "error", "train", "held"), SETTINGS)
def test_alarms(modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        views = overlapping(modality, error, train, held, rng)
        space = fit_feature_space(views[0])
        rows = [space(view.samples.payload) for view in views]
        judge = LabelJudge(rows[0], views[0].labels, rows[1], views[1].labels, seed=seed)

        def alarm(labels: np.ndarray, of: int) -> str | None:
            made = space(draw(modality, labels, error, rng))  # noqa: B023 - called within the turn
            own = [part[view.labels == of] for part, view in zip(rows, views, strict=True)]  # noqa: B023
            return class_alarm(own[0], own[1], made, judge.likeness(made, of))  # noqa: B023

        for label in (0, 1):
            assert alarm(np.full(600, label), label) is None
        if (modality, error, train, held) in TOLD:
            assert "wrong class" in str(alarm(shuffled(600, train, rng), 1))


@pytest.mark.parametrize(("modality", "error", "train", "held"), SETTINGS[:5])
def test_gate(modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]) -> None:
    for seed in range(2):
        views = overlapping(modality, error, train, held, np.random.default_rng(seed))
        space, equal = fit_feature_space(views[0]), Drawn(modality, error)
        for label in (0, 1):
            decision = choose_model(equal, equal, *views, index=label, features=space, seed=seed)
            assert decision.served != "none"
        if (modality, error, train, held) in TOLD:
            wrong = Drawn(modality, error, train)
            decision = choose_model(wrong, wrong, *views, index=1, features=space, seed=seed)
            assert (decision.served, decision.reason[:29]) == ("none", "not synthesised: wrong class:")
