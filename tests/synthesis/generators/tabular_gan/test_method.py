"""The method leaves the process as it was."""

from __future__ import annotations

import torch

from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.generators.tabular_gan.method import TabularGan
from gan_augment.synthesis.generators.tabular_gan.model import TabularGanConfig
from tests.synthesis.generators.tabular_gan.toys import SMALL, draw
from tests.toys import table_toy


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    train, _ = table_toy()
    draw(TabularGan().fit(TrainingData(train), TabularGanConfig(steps=1, **SMALL), Run(0)), 0)
    assert torch.get_num_threads() == before
