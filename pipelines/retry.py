"""Retries of a failed lane and the waits before them: one policy for every executor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.lane import LaneError, LaneResult, LiveLanes, Log

__all__ = ["RetryPolicy", "with_retries"]

_FACTOR = 6.0


@dataclass(frozen=True)
class RetryPolicy:
    """Policy of `retries` further tries, `first_delay` seconds before the first, six times as long before each next.

    A crash is retried because trainings crash for temporary reasons: another process that filled the GPU, a driver
    error, a kernel out of memory. Bad input is not retried: it would fail again.
    """

    retries: int = 2
    first_delay: float = 10.0

    @property
    def delays(self) -> list[float]:
        """Seconds before each retry."""
        return [self.first_delay * _FACTOR**attempt for attempt in range(self.retries)]


def with_retries(run: Callable[[], LaneResult], policy: RetryPolicy, log: Log, live: LiveLanes) -> LaneResult:
    """Call `run` until it succeeds, is not worth retrying, or has used its tries; stopping `live` ends a wait at once.

    Raises
    ------
    LaneError
        The last failure.
    """
    for delay in policy.delays:
        try:
            return run()
        except LaneError as failure:
            if not failure.worth_retrying or live.stopped:
                raise
            log(f"{failure}; trying again in {delay:g} s")
            if live.wait(delay):
                raise
    return run()
