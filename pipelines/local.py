"""Executor of lanes on threads of this process, each waiting for its own `dvc` process, without a server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from pipelines.lane import LaneError, LaneResult, LiveLanes, run_lane
from pipelines.plan import Lane
from pipelines.retry import RetryPolicy, with_retries

__all__ = ["LocalExecutor", "local_executor"]


class LocalExecutor:
    """See `local_executor`."""

    def __init__(
        self, pool: ThreadPoolExecutor, root: Path, policy: RetryPolicy, log: Callable[[Lane, str], None]
    ) -> None:
        self._pool, self._root, self._policy, self._log = pool, root, policy, log
        self._futures: dict[Future[LaneResult], Lane] = {}
        self.live = LiveLanes()

    def submit(self, lane: Lane) -> None:
        """Start a lane on a thread of its own."""
        self._futures[self._pool.submit(self._run, lane)] = lane

    def finished(self, timeout: float | None = None) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        """Block until a lane is finished, `timeout` seconds at most."""
        for future in wait(self._futures, timeout, return_when=FIRST_COMPLETED).done:
            lane, error = self._futures.pop(future), future.exception()
            if error is None:
                yield lane, future.result()
            elif isinstance(error, LaneError):
                yield lane, error
            else:
                raise error

    def _run(self, lane: Lane) -> LaneResult:
        def log(line: str) -> None:
            self._log(lane, line)

        return with_retries(lambda: run_lane(lane, self._root, log, live=self.live), self._policy, log, self.live)


@contextlib.contextmanager
def local_executor(
    root: Path, *, side_by_side: int, policy: RetryPolicy, log: Callable[[Lane, str], None]
) -> Iterator[LocalExecutor]:
    """Executor with `side_by_side` threads; leaving it by an exception (Ctrl-C) stops the running lanes.

    `log(lane, line)` is called from the lanes' threads.
    """
    with ThreadPoolExecutor(max_workers=side_by_side, thread_name_prefix="lane") as pool:
        executor = LocalExecutor(pool, root, policy, log)
        try:
            yield executor
        except BaseException:
            executor.live.stop()
            raise
