"""The tabular GAN: it starts as its copula, and the adversarial part moves it where the copula is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gan_augment.nn.table_networks import ChoiceBlocks, PackedDiscriminator
from gan_augment.synthesis.api import SampleRequest, TickReport
from gan_augment.synthesis.generators.copula import Copula, CopulaConfig
from gan_augment.synthesis.generators.tabular_gan.method import TabularGan, TabularGanConfig
from tests.synthesis.generators.test_copula import numeric_view
from tests.toys import table_toy

SMALL = {"width": 32, "batch_size": 64}


def draw(model: Any, label: int, count: int = 1500) -> pd.DataFrame:
    batches = model.sample(SampleRequest(label=label, count=count, seed=1))
    return pd.concat([batch.payload for batch in batches], ignore_index=True)


def test_without_training_it_is_its_copula() -> None:
    train, _ = table_toy()
    model = TabularGan().fit(train, TabularGanConfig(steps=0, **SMALL), seed=0)  # type: ignore[arg-type]
    base = Copula().fit(train, CopulaConfig(), seed=0)
    pd.testing.assert_frame_equal(draw(model, 1), draw(base, 1))


def test_training_repairs_what_a_gaussian_copula_cannot_express() -> None:
    random = np.random.default_rng(0)
    angle = random.uniform(0, 2 * np.pi, 600)
    ring = pd.DataFrame({"a": np.cos(angle), "b": np.sin(angle)}) + random.normal(0, 0.05, (600, 2))
    train = numeric_view(ring, ["x", "y"] * 300)

    def hollow(steps: int) -> float:
        config = TabularGanConfig(steps=steps, smoothing=1.0, noise=0.05)
        made = draw(TabularGan().fit(train, config, seed=0), 0)
        return float((np.hypot(made["a"], made["b"]) < 0.6).mean())

    assert hollow(300) < 0.6 * hollow(0)


def test_a_class_of_few_rows_trusts_its_copula_more_than_the_correction() -> None:
    train, _ = table_toy()

    def moved(trust_rows: float) -> float:
        model = TabularGan().fit(train, TabularGanConfig(steps=60, trust_rows=trust_rows), seed=0)
        start = model.copulas.draw(0, 256, np.random.default_rng(0))
        return float(np.abs(model._moved(start, 0) - start).mean())

    whole = moved(0)
    assert whole > 0.01
    assert moved(80) == pytest.approx(whole / 2, rel=1e-3)  # the class has 80 rows


def test_progress_is_reported_up_to_the_end() -> None:
    ticks: list[TickReport] = []
    train, _ = table_toy()
    TabularGan().fit(train, TabularGanConfig(steps=30, **SMALL), seed=0, progress=ticks.append)  # type: ignore[arg-type]
    assert ticks[-1].done == ticks[-1].total
    assert {"generator", "discriminator"} <= set(ticks[-1].figures)


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    train, _ = table_toy()
    draw(TabularGan().fit(train, TabularGanConfig(steps=1, **SMALL), seed=0), 0)  # type: ignore[arg-type]
    assert torch.get_num_threads() == before


def test_steps_grow_with_the_root_of_the_rows() -> None:
    config = TabularGanConfig()
    assert [config.steps_for(rows) for rows in (40, 1000, 4000, 10**7)] == [250, 250, 500, 5000]


def test_choice_blocks_are_one_hot_and_pass_a_gradient() -> None:
    shape = ChoiceBlocks(7, [(0, 2), (3, 6)], [(2, 0)], temperature=0.5, bound=3.0)
    scores = torch.randn(20, 7, generator=torch.Generator().manual_seed(0), requires_grad=True)
    rows = shape(scores)
    torch.testing.assert_close(rows[:, :2].sum(1), torch.ones(20))
    torch.testing.assert_close(rows[:, 3:6].sum(1), torch.ones(20))
    assert set(rows[:, [0, 1, 3, 4, 5]].detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    off = rows[:, 0] == 0
    torch.testing.assert_close(rows[off, 2], torch.zeros(int(off.sum())))
    torch.testing.assert_close(rows[~off, 2], scores[~off, 2].clamp(-3, 3))
    torch.testing.assert_close(shape(scores.detach()), rows.detach())  # the same where no gradient is asked for
    rows[:, 3].sum().backward()
    assert (scores.grad[:, 3:6] != 0).any()  # type: ignore[index]


def test_a_pack_is_judged_together() -> None:
    judge = PackedDiscriminator(width=3, classes=2, hidden=8, pack=4)
    rows = torch.randn(8, 3)
    labels = torch.zeros(8, dtype=torch.long)
    logits = judge(rows, labels)
    assert logits.shape == (2,)
    rows[1] += 1
    changed = judge(rows, labels) != logits
    assert changed.tolist() == [True, False]
