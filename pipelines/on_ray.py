"""Executor of lanes as Ray tasks: on this machine, or on a cluster, with a shared project folder or with clones.

With a shared folder, all nodes see the project under the same path. Otherwise each node has clones of its own.
Ray gives each lane its GPU (and sets CUDA_VISIBLE_DEVICES), and runs it again on another node if its node is lost.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gan_augment.core.errors import SetupError
from pipelines.clones import CloneExecutor
from pipelines.lane import LaneError, LaneResult, LiveLanes, Log, run_lane
from pipelines.local import local_executor
from pipelines.plan import Lane
from pipelines.retry import RetryPolicy, with_retries

__all__ = ["RayExecutor", "ray_executor"]

_END = None  # after the last line


class RayExecutor:
    """See `ray_executor`."""

    def __init__(self, ray: Any, run: Callable[[Lane, Log], LaneResult], lines: Any) -> None:
        self._ray, self._lines = ray, lines
        gpus = 1 if ray.cluster_resources().get("GPU", 0) else 0
        self._remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=3)(_run_on_node)
        self._run = run
        self._running: dict[Any, Lane] = {}

    def submit(self, lane: Lane, run: Callable[[Lane, Log], LaneResult] | None = None) -> None:
        """Submit the lane to Ray, to be run by `run` on some node (by default: in the shared folder)."""
        self._running[self._remote.remote(lane, run or self._run, self._lines)] = lane

    def finished(self, timeout: float | None = None) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        """Block until a lane is finished, `timeout` seconds at most."""
        done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=timeout)
        for reference in done:
            lane = self._running.pop(reference)
            try:
                yield lane, self._ray.get(reference)
            except LaneError as error:
                yield lane, error
            except self._ray.exceptions.RayTaskError as error:
                yield lane, _as_lane_error(lane, error.cause)
            except self._ray.exceptions.RayError as error:  # the node was lost once too often
                yield lane, _as_lane_error(lane, error)

    def stop(self) -> None:
        """Kill the workers of the running lanes; each lane's guard then stops its processes."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)


def _as_lane_error(lane: Lane, cause: BaseException) -> LaneError:
    if isinstance(cause, LaneError):
        return cause
    return LaneError(lane.name, None, None, (f"{type(cause).__name__}: {cause}",))


def _run_on_node(lane: Lane, run: Callable[[Lane, Log], LaneResult], lines: Any) -> LaneResult:
    def log(line: str) -> None:
        lines.put_nowait((lane, line))

    return run(lane, log)


def _run_in_folder(lane: Lane, log: Log, *, root: Path, policy: RetryPolicy) -> LaneResult:
    live = LiveLanes()
    return with_retries(lambda: run_lane(lane, root, log, live=live), policy, log, live)


@contextlib.contextmanager
def ray_executor(
    root: Path, *, side_by_side: int, policy: RetryPolicy, log: Callable[[Lane, str], None], clones: bool = False
) -> Iterator[RayExecutor | CloneExecutor]:
    """Executor on the cluster that RAY_ADDRESS names, or on one that is started here and ends with the context.

    `log(lane, line)` is called from several threads. With `clones` the nodes share no folder: see `pipelines.clones`.

    Raises
    ------
    SetupError
        Ray is not installed.
    """
    ray = _import_ray()
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, side_by_side)
    lines = ray.util.queue.Queue(actor_options={"num_cpus": 0, "scheduling_strategy": _here(ray)})
    reader = threading.Thread(target=_read, args=(lines, log), daemon=True)
    reader.start()
    executor = RayExecutor(ray, partial(_run_in_folder, root=root.resolve(), policy=policy), lines)
    try:
        if not clones:
            yield executor
        else:
            with local_executor(root, side_by_side=1, policy=policy, log=log) as local:
                yield CloneExecutor(executor, local, root.resolve(), policy, log)
    except BaseException:
        executor.stop()
        raise
    finally:
        with contextlib.suppress(ray.exceptions.RayError):
            lines.put(_END)
            reader.join(timeout=10)
        if ours:
            ray.shutdown()


def _here(ray: Any) -> Any:
    # On this node, which is lost only together with the run: a lost node elsewhere would lose the lines of all lanes.
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    return strategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.util.queue
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise SetupError(
            "Ray cannot be imported",
            got=str(error),
            remedy='`pip install "gan-augment[ray]"`, or run without it: `--executor local`',
        ) from None
    return ray


def _connect(ray: Any, side_by_side: int) -> None:
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False, logging_level="warning")
    else:
        ray.init(num_cpus=side_by_side, include_dashboard=False, log_to_driver=False, logging_level="warning")


def _read(lines: Any, log: Callable[[Lane, str], None]) -> None:
    while (entry := lines.get()) is not _END:
        log(*entry)
