"""`vanilla`: a network a class that sees nothing else, a snapshot chosen on the class's own validation rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.core.samples import ValidationView
from gan_augment.synthesis.api import Run, SampleRequest, TickReport, TrainingData
from gan_augment.synthesis.generators.vanilla import FittedVanilla, Vanilla, VanillaConfig
from gan_augment.synthesis.health.alarms import Ranking
from gan_augment.synthesis.health.monitor import Monitor
from gan_augment.synthesis.kit.adversarial import AdversarialRun
from tests.toys import image_toy

SMALL: dict[str, Any] = {"kimg": 1.6, "batch_size": 32, "width": 32, "latent": 4, "checks": 2, "learning_rate": 3e-3}
TRAIN, VALIDATION = image_toy(80)


def fit(label: int | None = None, **changes: Any) -> FittedVanilla:
    how = {name: changes.pop(name) for name in ("seed", "checkpoint", "progress") if name in changes}
    train = TRAIN if label is None else TRAIN.of_class(label)
    data = TrainingData(train, changes.pop("validation", VALIDATION))
    return Vanilla().fit(data, VanillaConfig.model_validate(SMALL | changes), Run(**{"seed": 0} | how))


def draw(model: FittedVanilla, label: int, count: int = 64) -> Any:
    request = SampleRequest(index=label, count=count, seed=1)
    return np.concatenate([np.asarray(batch.payload) for batch in model.sample(request)])


@pytest.mark.parametrize("objective", ["relativistic", "non_saturating"])
def test_each_class_is_learnt_by_its_own_network(objective: str) -> None:
    model = fit(kimg=4.8, objective=objective)
    for label in (0, 1):
        left, right = draw(model, label)[:, :, :4].mean(), draw(model, label)[:, :, 4:].mean()
        assert (left > right + 100) == (label == 0)
        assert (right > left + 100) == (label == 1)


def test_the_objective_changes_the_model() -> None:
    assert not np.array_equal(draw(fit(0, kimg=1), 0), draw(fit(0, kimg=1, objective="non_saturating"), 0))


def test_a_class_does_not_depend_on_which_others_were_learnt_with_it() -> None:
    np.testing.assert_array_equal(draw(fit(), 1), draw(fit(1), 1))


def test_a_model_of_one_class_refuses_the_others() -> None:
    with pytest.raises(MethodError):
        draw(fit(1, kimg=0.1), 0)


def test_the_snapshot_is_the_one_nearest_to_the_validation_rows() -> None:
    model = fit(0)
    assert len(model.stats) == 2
    best = max(model.stats, key=lambda row: row["score"])
    assert model.summary["classes"]["0"]["snapshot_kimg"] == best["kimg"]
    assert model.summary["classes"]["0"]["judged"]
    assert "cas" not in best  # there is no second class to classify


def test_without_enough_validation_rows_nothing_is_chosen() -> None:
    few = ValidationView(TRAIN.spec, VALIDATION.samples.take(range(3)))
    for validation in (None, few):
        model = fit(0, validation=validation)
        assert not model.summary["classes"]["0"]["judged"]
        assert model.summary["classes"]["0"]["snapshot_kimg"] == model.stats[-1]["kimg"]
        assert "kid" not in model.stats[-1]


def test_a_class_that_was_not_learnt_is_refused_with_the_reason() -> None:
    """An untrained network: its rows are far from the real ones, and so near to each other that this is a collapse."""
    model = fit(0, kimg=0.032, checks=1)
    assert set(model.summary["refused_classes"]) == {"0"}
    assert model.summary["refused_classes"]["0"].startswith(("collapsed", "low coverage"))
    assert fit(0, kimg=4.8).summary["refused_classes"] == {}


def test_a_dead_discriminator_refuses_the_class_that_it_happened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: AdversarialRun, _: float) -> torch.Tensor:
        return torch.stack([parameter.sum() for parameter in run.discriminator.parameters()]).sum() * 0.0

    monkeypatch.setattr(AdversarialRun, "_discriminator_loss", broken)
    monkeypatch.setattr(Monitor, "ranking", lambda *_: Ranking(0.99, 0.05))  # on held-out images, too
    model = fit(1)
    assert "the discriminator won" in model.summary["refused_classes"]["1"]
    assert model.summary["classes"]["1"]["retries"] == 2


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", [1.0, 2.4])  # while the first class trains, and the second
def test_a_killed_fit_resumes_to_the_same_bits(tmp_path: Path, kill_at: float) -> None:
    def kill(tick: TickReport) -> None:
        assert tick.total == pytest.approx(3.2)
        if tick.done >= kill_at:
            raise Killed

    place = tmp_path / "state.safetensors"
    whole = fit()
    with pytest.raises(Killed):
        fit(checkpoint=place, progress=kill)
    assert list(tmp_path.iterdir())
    resumed = fit(checkpoint=place)
    assert list(tmp_path.iterdir()) == []
    for label, generator in whole.generators.items():
        for key, value in generator.state_dict().items():
            assert torch.equal(value, resumed.generators[label].state_dict()[key])
    assert (resumed.stats, resumed.summary) == (whole.stats, whole.summary)


def test_a_fit_on_one_class_keeps_its_state_where_it_was_told_to(tmp_path: Path) -> None:
    place = tmp_path / "state.safetensors"
    fit(1, kimg=0.5, checkpoint=place)
    assert list(tmp_path.iterdir()) == [place]  # the caller removes it
