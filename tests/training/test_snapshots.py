"""Snapshots: the best is kept, and comes back whole, twice at most."""

from __future__ import annotations

import torch
from torch import nn

from gan_augment.training.ema import Ema
from gan_augment.training.loop import AdamSchedule, Loop, Memory, Phase
from gan_augment.training.snapshots import MAX_RETRIES, Snapshots


def built() -> tuple[Loop[Memory], Snapshots[nn.Linear], nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    network, critic = nn.Linear(2, 1), nn.Linear(2, 1)
    snapshots = Snapshots(network, critic)
    loop = Loop(
        [
            Phase(
                "network",
                list(network.parameters()),
                lambda _: network(torch.ones(1, 2)).square().sum(),
                AdamSchedule(0.1, 0.1),
            )
        ],
        {"network": network, **snapshots.networks},
        ema=Ema(network),
        ema_source=network,
        batch_size=1,
        total_images=8,
        tick_images=1,
        on_tick=lambda _: None,
        memory=Memory(),
        generator=torch.Generator(),
    )
    return loop, snapshots, network, critic


def test_the_best_comes_back_into_network_average_and_critic() -> None:
    loop, snapshots, network, critic = built()
    loop.run()
    snapshots.take(loop.ema.network)
    kept = loop.ema.network.weight.clone()
    kept_critic = critic.weight.clone()
    with torch.no_grad():
        for module in (network, loop.ema.network, critic):
            module.weight.fill_(float("nan"))
    assert snapshots.roll_back(loop)
    assert torch.equal(network.weight, kept)
    assert torch.equal(loop.ema.network.weight, kept)
    assert torch.equal(critic.weight, kept_critic)
    assert not loop.phases[0].optimiser.state  # moments that hold a NaN would bring it back
    assert (loop.memory.rate_scale, loop.memory.retries) == (0.5, 1)


def test_a_critic_that_has_not_played_is_started_afresh() -> None:
    loop, snapshots, _, critic = built()
    fresh = critic.weight.clone()
    with torch.no_grad():
        critic.weight.add_(1)
    snapshots.take(loop.ema.network, critic=False)
    snapshots.roll_back(loop)
    assert torch.equal(critic.weight, fresh)


def test_what_broke_too_often_is_left() -> None:
    loop, snapshots, *_ = built()
    assert [snapshots.roll_back(loop) for _ in range(MAX_RETRIES + 1)] == [True] * MAX_RETRIES + [False]
    assert loop.memory.rate_scale == 0.5**MAX_RETRIES


def test_the_snapshot_is_frozen_and_no_part_of_the_training() -> None:
    _, snapshots, network, _ = built()
    assert not any(parameter.requires_grad for parameter in snapshots.best.parameters())
    assert all(parameter.requires_grad for parameter in network.parameters())
