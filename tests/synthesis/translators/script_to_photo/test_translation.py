"""A short run: the critic plays alone first, pictures then move, the reader stays as it was, a kill loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.kit.script.method import writer_for
from gan_augment.synthesis.translators.script_to_photo.method import ScriptToPhotoConfig, prepare_run
from gan_augment.synthesis.translators.script_to_photo.translation import HEAD_START, TranslationRun, translate
from tests.toys import text_pool, text_toy

SMALL: dict[str, Any] = {
    "kimg": 0.32, "width": 4, "critic_width": 4, "noise": 2, "pictures": 32, "reader_steps": 10, "checks": 2,
    "script": {"ink": ["white"], "paper": ["black"]},
}  # fmt: skip


def prepared(run: Run | None = None, **settings: Any) -> TranslationRun:
    config = ScriptToPhotoConfig.model_validate(SMALL | settings)
    writer = writer_for(text_toy()[0], config, "script_to_photo")
    pool: Any = text_pool().samples.payload
    return prepare_run(writer, pool, config, run or Run(0))


@pytest.fixture(scope="module")
def trained() -> TranslationRun:
    training = prepared()
    training.before = [one.clone() for one in training.reader.state_dict().values()]  # type: ignore[attr-defined]
    training.train()
    return training


def test_pictures_move_and_the_reader_stays(trained: TranslationRun) -> None:
    assert trained.reason == "length"
    assert trained.problem is None
    assert [row["kimg"] for row in trained.loop.history] == [0.16, 0.32]
    assert trained.loop.history[-1]["moved"] > 0.005
    after = trained.reader.state_dict().values()
    assert all(map(torch.equal, trained.before, after))  # type: ignore[attr-defined]


def test_the_critic_plays_alone_first() -> None:
    training = prepared(checks=10, kimg=0.16)
    before = [one.clone() for one in training.translator.parameters()]
    seen = []
    training.loop.on_tick = lambda loop: seen.append(all(map(torch.equal, before, training.translator.parameters())))
    training.train()
    assert HEAD_START == 0.1
    assert seen[0] is True
    assert seen[-1] is False


def test_an_untrained_translator_is_nearly_a_copy_and_noise_varies_a_trained_one(trained: TranslationRun) -> None:
    fresh, pictures = prepared(), trained.sources.pictures[:8]
    noise = [torch.randn(8, 2, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    copied = translate(fresh.translator, pictures, noise[0], "cpu").astype(int)
    assert np.abs(copied - pictures).mean() < 20
    made = [translate(trained.served, pictures, one, "cpu") for one in noise]
    assert not np.array_equal(*made)


class Killed(Exception):
    """Stands for a power cut."""


def test_a_killed_run_ends_with_the_same_bits(trained: TranslationRun, tmp_path: Path) -> None:
    def killing(report: TickReport) -> None:
        if report.done > 0.2:
            raise Killed

    run = Run(0, checkpoint=tmp_path / "state")
    with pytest.raises(Killed):
        prepared(replace(run, progress=killing)).train()
    resumed = prepared(run)
    resumed.train()
    assert resumed.loop.history == trained.loop.history
    ends = zip(trained.served.parameters(), resumed.served.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in ends)
