"""A crash is tried again, a user's mistake is not."""

from __future__ import annotations

import pytest

from pipelines.lane import LaneError, LaneResult, LiveLanes
from pipelines.retry import RetryPolicy, with_retries

DONE = LaneResult("cat", (), 1.0)


class Flaky:
    """Fails with each of the exit codes, then succeeds."""

    def __init__(self, *codes: int) -> None:
        self._codes, self.calls = list(codes), 0

    def __call__(self) -> LaneResult:
        self.calls += 1
        if self._codes:
            raise LaneError("cat", "train_gan@cat", self._codes.pop(0))
        return DONE


def test_a_crash_is_tried_again() -> None:
    flaky, notes = Flaky(1, -9), list[str]()
    assert with_retries(flaky, RetryPolicy(2, 0.0), notes.append, LiveLanes()) is DONE
    assert flaky.calls == 3
    assert "killed by SIGKILL; trying again" in notes[1]


def test_it_gives_up_after_its_tries() -> None:
    flaky = Flaky(1, 1, 1, 1)
    with pytest.raises(LaneError):
        with_retries(flaky, RetryPolicy(2, 0.0), print, LiveLanes())
    assert flaky.calls == 3


@pytest.mark.parametrize("code", [2, 126, 127])
def test_what_cannot_get_better_is_not_tried_again(code: int) -> None:
    flaky = Flaky(code)
    with pytest.raises(LaneError):
        with_retries(flaky, RetryPolicy(5, 0.0), print, LiveLanes())
    assert flaky.calls == 1


def test_a_stopped_run_does_not_wait_for_its_next_try() -> None:
    live, flaky = LiveLanes(), Flaky(1)
    live.stop()
    with pytest.raises(LaneError):
        with_retries(flaky, RetryPolicy(1, 3600.0), print, live)


def test_each_wait_is_longer_than_the_one_before() -> None:
    assert RetryPolicy(3, 10.0).delays == [10.0, 60.0, 360.0]
