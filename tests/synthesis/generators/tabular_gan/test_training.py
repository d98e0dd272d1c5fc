"""Training moves the rows where the copula is wrong, and reports its progress."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gan_augment.synthesis.api import Run, TickReport, TrainingData
from gan_augment.synthesis.generators.tabular_gan.method import TabularGan
from gan_augment.synthesis.generators.tabular_gan.model import TabularGanConfig
from tests.synthesis.generators.tabular_gan.toys import SMALL, draw
from tests.synthesis.generators.test_copula import numeric_view
from tests.toys import table_toy


def test_training_repairs_what_a_gaussian_copula_cannot_express() -> None:
    random = np.random.default_rng(0)
    angle = random.uniform(0, 2 * np.pi, 600)
    ring = pd.DataFrame({"a": np.cos(angle), "b": np.sin(angle)}) + random.normal(0, 0.05, (600, 2))
    train = numeric_view(ring, ["x", "y"] * 300)

    def hollow(steps: int) -> float:
        config = TabularGanConfig(steps=steps, smoothing=1.0, noise=0.05)
        made = draw(TabularGan().fit(TrainingData(train), config, Run(0)), 0)
        return float((np.hypot(made["a"], made["b"]) < 0.6).mean())

    assert hollow(300) < 0.6 * hollow(0)


def test_progress_is_reported_up_to_the_end() -> None:
    ticks: list[TickReport] = []
    train, _ = table_toy()
    TabularGan().fit(TrainingData(train), TabularGanConfig(steps=30, **SMALL), Run(0, progress=ticks.append))
    assert ticks[-1].done == ticks[-1].total
    assert {"generator", "discriminator"} <= set(ticks[-1].figures)
