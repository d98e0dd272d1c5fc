"""What a check tells whoever watches: the row of the curve and a sheet of samples, at no cost to the result."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_augment.synthesis.api import TickReport
from gan_augment.synthesis.generators.vanilla import _share_of
from gan_augment.synthesis.health.usual_noise import SHEET_COLUMNS, UsualNoise
from tests.synthesis.kit.test_adversarial import SPEC, build


def test_every_check_reports_its_row_and_samples() -> None:
    ticks: list[TickReport] = []
    run = build(progress=ticks.append)
    run.train()
    checks = [tick for tick in ticks if tick.row is not None]
    assert [tick.row for tick in checks] == run.loop.history
    assert {"discriminator_train", "discriminator_held_out", "critic_accuracy"} <= set(checks[0].row or {})
    for tick in checks:
        assert tick.pictures is not None
        assert tick.pictures.shape == (len(SPEC.classes), SHEET_COLUMNS, 6, 6, 1)
    low, high = (checks[-1].pictures[row].mean(axis=(0, 3)) for row in (0, 1))  # type: ignore[index]
    assert low[3:].mean() > low[:3].mean()  # each row shows its own class
    assert high[3:].mean() < high[:3].mean()


def test_the_sheet_changes_no_bit_of_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = build()
    shown.train()
    monkeypatch.setattr(UsualNoise, "sheet", lambda *_: None)
    unseen = build()
    unseen.train()
    for key, value in shown.best.state_dict().items():
        assert torch.equal(value, unseen.best.state_dict()[key])
    assert shown.loop.history == unseen.loop.history


def test_without_a_monitor_there_is_a_row_and_no_sheet() -> None:
    ticks: list[TickReport] = []
    build(monitored=False, progress=ticks.append).train()
    checks = [tick for tick in ticks if tick.row is not None]
    assert checks
    assert all(tick.pictures is None for tick in checks)


def test_one_class_after_the_other_is_one_training() -> None:
    told: list[TickReport] = []
    pictures = np.zeros((1, 2, 3, 3, 1), dtype=np.uint8)
    _share_of(told.append, 2, 5)(TickReport(1.0, 4.0, {"g": 0.5}, row={"kimg": 1.0, "kid": 0.1}, pictures=pictures))
    assert (told[0].done, told[0].total, told[0].row) == (9.0, 20.0, {"kimg": 9.0, "kid": 0.1})
    assert told[0].pictures is pictures
