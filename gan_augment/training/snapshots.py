"""Snapshots of a run's best networks so far, and the roll-back to them when training collapses."""

from __future__ import annotations

import copy
from typing import Any, Generic, TypeVar

from torch import nn

from gan_augment.training.loop import Loop

__all__ = ["MAX_RETRIES", "Snapshots"]

MAX_RETRIES = 2

Network = TypeVar("Network", bound=nn.Module)


class Snapshots(Generic[Network]):
    """Copies of the trained network (its average) and of its critic, which `roll_back` restores into the run.

    Until the first `take` they are the initial networks: a run that collapses before it was ever good starts afresh.

    Attributes
    ----------
    best
        The network to serve: frozen, in evaluation mode.
    critic
        The discriminator of the same moment.
    """

    def __init__(self, network: Network, critic: nn.Module) -> None:
        self.network, self.live_critic = network, critic
        self.best: Network = copy.deepcopy(network).eval().requires_grad_(False)
        self.critic = copy.deepcopy(critic).requires_grad_(False)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """Networks that a checkpoint must hold."""
        return {"best": self.best, "best_discriminator": self.critic}

    def take(self, average: nn.Module, *, critic: bool = True) -> None:
        """Keep `average` as the best; `critic` False: keep the critic of the last snapshot."""
        self.best.load_state_dict(average.state_dict())
        if critic:
            self.critic.load_state_dict(self.live_critic.state_dict())

    def roll_back(self, loop: Loop[Any]) -> bool:
        """Restore the best at half the learning rate with fresh Adam moments. False: that was tried twice."""
        if loop.memory.retries >= MAX_RETRIES:
            return False
        loop.memory.retries += 1
        loop.memory.rate_scale *= 0.5
        self.network.load_state_dict(self.best.state_dict())
        loop.ema.network.load_state_dict(self.best.state_dict())
        self.live_critic.load_state_dict(self.critic.state_dict())
        for phase in loop.phases:
            phase.optimiser.state.clear()
        return True
