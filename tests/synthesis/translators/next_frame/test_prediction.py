"""The run: stages, the choice between them, exact resume, rolling out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.fields import images_of
from gan_augment.synthesis.api import Run, TickReport, TrainingData
from gan_augment.synthesis.translators.next_frame.method import NextFrameConfig, prepare_run
from gan_augment.synthesis.translators.next_frame.prediction import PredictionRun, StepFigures, roll_out, stacked
from tests.toys import clip_toy

SMALL = NextFrameConfig(mse_kimg=0.32, adversarial_kimg=0.16, batch_size=8, width=8, critic_width=8, checks=4, kernel=3)
DATA = TrainingData(clip_toy(), clip_toy(6, 6, split="validation"))


def run_of(config: NextFrameConfig = SMALL, **options: Any) -> PredictionRun:
    return prepare_run(DATA, config, Run(3, **options))[0]


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def test_the_critic_sits_out_the_first_stage_and_plays_in_the_second() -> None:
    alone = run_of(SMALL.model_copy(update={"adversarial_kimg": 0.0}))
    before = weights(alone.critic)
    alone.train()
    assert torch.equal(weights(alone.critic), before)
    assert "adversarial_error" not in alone.summary
    both = run_of()
    both.train()
    assert not torch.equal(weights(both.critic), before)
    assert both.summary["adversarial_error"] > 0
    assert both.memory.best_error == pytest.approx(both.summary["mse_error"])


@pytest.mark.parametrize(
    ("sharpness", "error", "stage"), [(0.9, 1.0, "adversarial"), (0.5, 1.0, "mse"), (0.9, 3.0, "mse")]
)
def test_the_adversarial_stage_serves_only_where_it_is_sharper_and_beats_the_rival(
    monkeypatch: pytest.MonkeyPatch, sharpness: float, error: float, stage: str
) -> None:
    run = run_of()
    others = {"copy": np.full(4, 2.5)}
    first = StepFigures(1, np.arange(4), np.full(4, 0.8), others, 0.6)
    last = StepFigures(1, np.arange(4), np.full(4, error), others, sharpness)
    monkeypatch.setattr(run.held, "figures", lambda network, _: first if network is run.best else last)
    run._choose_stage()
    assert run.stage == stage
    assert run.served is (run.loop.ema.network if stage == "adversarial" else run.best)


def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path) -> None:
    whole = run_of()
    whole.train()

    class Killed(Exception):
        pass

    def killing(report: TickReport) -> None:
        if report.done >= 0.4:  # in the second stage
            raise Killed

    path = tmp_path / "state.safetensors"
    with pytest.raises(Killed):
        run_of(checkpoint=path, progress=killing).train()
    resumed = run_of(checkpoint=path)
    resumed.train()
    assert resumed.loop.history == whole.loop.history
    assert torch.equal(weights(resumed.predictor), weights(whole.predictor))
    assert torch.equal(weights(resumed.best), weights(whole.best))


def test_not_a_number_is_rolled_back_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of()
    monkeypatch.setattr(run, "_predictor_loss", lambda _: sum(p.sum() for p in run.predictor.parameters()) * torch.nan)
    run.loop.phases[0].loss = run._predictor_loss
    run.train()
    assert run.memory.retries == 2
    assert run.problem is not None
    assert "not a number" in run.problem


def test_frames_are_rolled_out_alike_in_whatever_company_and_by_their_own_steps() -> None:
    run = run_of()
    images = images_of(DATA.train.samples.payload)
    past = stacked(images, np.array([[0, 1, 2], [5, 6, 7], [10, 10, 11]]))
    masks = (images[[2, 7, 11]] > 100).astype(np.uint8)
    together, moved = roll_out(run.predictor, past, masks, np.array([1, 3, 2]))
    assert moved is not None
    for number, steps in enumerate((1, 3, 2)):
        part = slice(number, number + 1)
        alone, mask = roll_out(run.predictor, past[part], masks[part], np.array([steps]))
        assert np.abs(alone[0].astype(int) - together[number]).max() <= 1
        assert mask is not None
        np.testing.assert_array_equal(mask[0], moved[number])
    still, same = roll_out(run.predictor, past, masks, np.zeros(3, dtype=np.int64))
    np.testing.assert_array_equal(still, images[[2, 7, 11]])
    np.testing.assert_array_equal(same, masks)
