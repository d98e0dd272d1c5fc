"""A model that has learned nothing is its copula; a class of few rows trusts the correction less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.generators.copula import Copula, CopulaConfig
from gan_augment.synthesis.generators.tabular_gan.method import TabularGan
from gan_augment.synthesis.generators.tabular_gan.model import TabularGanConfig
from tests.synthesis.generators.tabular_gan.toys import SMALL, draw
from tests.toys import table_toy


def test_without_training_it_is_its_copula() -> None:
    train, _ = table_toy()
    model = TabularGan().fit(TrainingData(train), TabularGanConfig(steps=0, **SMALL), Run(0))
    base = Copula().fit(TrainingData(train), CopulaConfig(), Run(0))
    pd.testing.assert_frame_equal(draw(model, 1), draw(base, 1))


def test_a_class_of_few_rows_trusts_its_copula_more_than_the_correction() -> None:
    train, _ = table_toy()

    def moved(trust_rows: float) -> float:
        model = TabularGan().fit(TrainingData(train), TabularGanConfig(steps=60, trust_rows=trust_rows), Run(0))
        start = model.copulas.draw(0, 256, np.random.default_rng(0))
        return float(np.abs(model._moved(start, 0) - start).mean())

    whole = moved(0)
    assert whole > 0.01
    assert moved(80) == pytest.approx(whole / 2, rel=1e-3)  # the class has 80 rows


def test_steps_grow_with_the_root_of_the_rows() -> None:
    config = TabularGanConfig()
    assert [config.steps_for(rows) for rows in (40, 1000, 4000, 10**7)] == [250, 250, 500, 5000]
