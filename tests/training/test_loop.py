"""The loop: turns, schedules, ticks, and a resume that ends with the same bits."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from gan_augment.compute.layout import channels_last
from gan_augment.core.errors import ModelError
from gan_augment.training import loop as loop_module
from gan_augment.training.checkpoint import load_module, save_module
from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, NextStage, Phase

SCHEDULE = AdamSchedule(start=1e-2, end=1e-3)


class Killed(BaseException):
    pass


@dataclass
class Offset(Memory):
    offset: float = 0.0


def player(images: bool) -> nn.Module:
    """Linear, or a convolution whose channels lie last in memory, as those of the image networks do."""
    return channels_last(nn.Conv2d(3, 5, 3)) if images else nn.Linear(3, 2)


def build(
    checkpoint: Path | None = None, kill_at: int | None = None, total: int = 64, images: bool = False
) -> Loop[Offset]:
    """Two players over the same random stream, as a GAN has; killed once `kill_at` images were seen."""
    torch.manual_seed(0)
    first, second = player(images), player(images)
    rng = torch.Generator().manual_seed(1)

    def pull(mine: nn.Module, other: nn.Module, progress: float) -> torch.Tensor:
        if kill_at is not None and loop.images_seen >= kill_at:
            raise Killed
        inputs = torch.randn(4, 3, *([4, 4] if images else []), generator=rng)
        return (mine(inputs) - other(inputs) - loop.memory.offset).square().mean()

    def tick(loop: Loop[Offset]) -> str | None:
        loop.memory.offset += 0.1  # state of the caller, as adaptive augmentation is
        loop.history.append({"images": float(loop.images_seen), **loop.losses})
        return None

    loop = Loop(
        [
            Phase("first", list(first.parameters()), lambda p: pull(first, second, p), SCHEDULE),
            Phase("second", list(second.parameters()), lambda p: pull(second, first, p), SCHEDULE),
        ],
        {"first": first, "second": second},
        ema=Ema(first),
        ema_source=first,
        batch_size=4,
        total_images=total,
        tick_images=12,
        on_tick=tick,
        memory=Offset(),
        generator=rng,
        checkpoint=checkpoint,
    )
    return loop


def bits(loop: Loop[Offset]) -> dict[str, torch.Tensor]:
    return {f"{n}.{k}": v for n, module in loop.networks.items() for k, v in module.state_dict().items()}


@pytest.mark.parametrize("images", [False, True])
@pytest.mark.parametrize("kill_at", [4, 12, 16, 28, 60])
def test_a_killed_run_ends_with_the_same_bits(tmp_path: Path, kill_at: int, images: bool) -> None:
    whole = build(images=images)
    whole.run()
    with pytest.raises(Killed):
        build(tmp_path / "state", kill_at, images=images).run()
    resumed = build(tmp_path / "state", images=images)
    resumed.run()
    for name, tensor in bits(whole).items():
        assert torch.equal(tensor, bits(resumed)[name]), name
    assert resumed.history == whole.history
    assert resumed.memory == whole.memory
    assert torch.equal(resumed.generator.get_state(), whole.generator.get_state())


def test_one_checkpoint_is_kept(tmp_path: Path) -> None:
    build(tmp_path / "state").run()
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


def test_saving_takes_a_small_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only a saving (1 s) and a tick (10 s) move: every fifth tick or so saves."""
    now, saved = [0.0], list[int]()

    def slow(_: Path, loop: Loop[Offset]) -> None:
        saved.append(loop.images_seen)
        now[0] += 1.0

    monkeypatch.setattr(loop_module, "save_state", slow)
    monkeypatch.setattr(loop_module.time, "monotonic", lambda: now[0])
    running = build(tmp_path / "state", total=12 * 12)
    tick = running.on_tick

    def slow_tick(loop: Loop[Offset]) -> str | None:
        now[0] += 10.0
        return tick(loop)

    running.on_tick = slow_tick
    running.run()
    assert saved == [12, 72, 132]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"not safetensors")
    with pytest.raises(ModelError, match="checkpoint"):
        build(tmp_path / "state").run()


def test_a_phase_moves_its_own_parameters_only() -> None:
    loop = build()
    before = copy.deepcopy(bits(loop))
    loop.phases[0].step(0.0)
    after = bits(loop)
    assert not torch.equal(before["first.weight"], after["first.weight"])
    assert torch.equal(before["second.weight"], after["second.weight"])


@pytest.mark.parametrize(("starts_at", "steps"), [(0.0, 16), (0.5, 8), (0.51, 7), (1.0, 0)])
def test_a_phase_sits_out_until_it_starts(starts_at: float, steps: int) -> None:
    loop = build()
    taken = []
    second = loop.phases[1]
    second.starts_at, loss = starts_at, second.loss
    second.loss = lambda progress: (taken.append(progress), loss(progress))[1]
    before = copy.deepcopy(bits(loop)["second.weight"])
    loop.run()
    assert len(taken) == steps
    assert all(progress >= starts_at for progress in taken)
    assert torch.equal(before, bits(loop)["second.weight"]) == (steps == 0)


def test_ticks_come_at_their_interval_and_at_the_end() -> None:
    loop = build()
    assert loop.run() == "length"
    assert [row["images"] for row in loop.history] == [12, 24, 36, 48, 60, 64]


def test_a_tick_can_stop_the_run() -> None:
    loop = build()
    loop.on_tick = lambda loop: "enough" if loop.images_seen >= 24 else None
    assert loop.run() == "enough"
    assert loop.images_seen == 24


@pytest.mark.parametrize("kill_at", [None, 20, 28, 32])
def test_a_stage_that_ends_early_is_passed_over_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill_at: int | None
) -> None:
    """After 24 images the schedule goes on at 52 of 64: 12 more are drawn, over a kill too."""
    monkeypatch.setattr(loop_module, "SAVE_APART", 0.0)  # every tick saves
    progressed: list[float] = []

    def staged(kill_at: int | None = None) -> Loop[Offset]:
        loop = build(tmp_path / "state", kill_at)
        loop.on_tick = lambda loop: NextStage(52) if loop.images_seen == 24 else None
        first = loop.phases[0].loss
        loop.phases[0].loss = lambda progress: (progressed.append(progress), first(progress))[1]
        return loop

    if kill_at is not None:
        with pytest.raises(Killed):
            staged(kill_at).run()
    loop = staged()
    assert loop.run() == "length"
    assert (loop.images_seen, loop.place) == (36, 64)
    assert sorted(set(progressed))[-4:] == [20 / 64, 52 / 64, 56 / 64, 60 / 64]


def test_the_schedule_goes_from_start_to_end() -> None:
    assert SCHEDULE.at(0.0) == pytest.approx((1e-2, 0.9))
    assert SCHEDULE.at(0.8) == pytest.approx((1e-3, 0.99))
    assert SCHEDULE.at(1.0) == pytest.approx((1e-3, 0.99))
    rates = [SCHEDULE.at(i / 10)[0] for i in range(11)]
    assert rates == sorted(rates, reverse=True)


def test_a_module_survives_the_disk_with_the_same_bytes(tmp_path: Path) -> None:
    module = nn.Linear(3, 2)
    for name in ("a", "b"):
        save_module(tmp_path / name, module)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    other = nn.Linear(3, 2)
    load_module(tmp_path / "a", other)
    assert torch.equal(other.weight, module.weight)
    with pytest.raises(ModelError):
        load_module(tmp_path / "a", nn.Linear(4, 2))


def test_an_expanded_gradient_moves_every_weight_alike() -> None:
    """The gradient of a sum has stride 0, which the fused Adam would misread."""
    weight = nn.Parameter(torch.ones(64))
    phase = Phase("sum", [weight], lambda _: weight.sum(), SCHEDULE)
    phase.step(0.0)
    torch.testing.assert_close(weight.detach(), torch.full((64,), 0.99))


def test_a_loss_that_is_no_number_is_named() -> None:
    loop = build()
    assert loop.broken is None
    loop.losses = {"a": 1.0, "b": float("nan"), "c": float("inf")}
    assert loop.broken == "b"
