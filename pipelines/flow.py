"""The Prefect flow `augment`: DVC's plan as tasks, their logs, and the verdict as artifacts.

Importing this module imports prefect. Where no server is configured, `embedded.prepare_environment` comes first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import DirectoryPath, Field

from gan_augment.cli.costs import read_costs
from gan_augment.core.errors import GanAugmentError
from gan_augment.core.masking import mask, mask_texts
from pipelines.drive import Run, RunError, drive
from pipelines.estimate import Durations, Tally, read_progress
from pipelines.lane import LaneError, LaneResult, LiveLanes, run_lane
from pipelines.machine import lanes_side_by_side
from pipelines.plan import Lane, Plan, read_plan
from pipelines.publish import publish_shards, wants_to_publish
from pipelines.retry import RetryPolicy
from pipelines.scratch import LaneLogs
from pipelines.summary import read_measure, stage_rows, verdict_markdown, verdict_sentence

__all__ = ["augment", "hand_over"]

_MOST = 64
_handed_over: dict[Path, Plan] = {}
_SECONDS_BETWEEN_UPDATES = 5.0

# Parameters of a run; pydantic checks them, and Prefect's UI makes its form from them.
Root = Annotated[DirectoryPath, Field(description="The project's folder, with dvc.yaml and params.yaml.")]
Workers = Annotated[int, Field(ge=1, le=_MOST, description="Lanes in parallel (empty: one per GPU or core).")]
Retries = Annotated[int, Field(ge=0, le=10, description="More tries of a stage that crashed.")]
Targets = Annotated[list[str], Field(description="Stages to run, with all that they need; empty: every stage.")]


def hand_over(root: Path, plan: Plan) -> None:
    """Pass the project's state to the next flow run in this process, so that it is not read twice."""
    _handed_over[root.resolve()] = plan


def _plan(root: Path) -> Plan:
    return _handed_over.pop(root.resolve(), None) or read_plan(root)


def _run_name() -> str:
    return f"augment {Path(flow_run.parameters['root']).resolve().name}"


@flow(
    name="augment",
    flow_run_name=_run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=_MOST),  # type: ignore[arg-type]
    validate_parameters=True,
)
def augment(
    root: Root = Path(), workers: Workers | None = None, retries: Retries = 2, targets: Targets | None = None
) -> State[Any]:
    """Bring the pipeline up to date, lanes side by side, and publish the verdict."""
    if deployment.id is not None:
        _end_with_the_worker()
    try:
        plan = _plan(root)
        plan = plan.only_up_to(targets) if targets else plan
        _drive(plan, root, workers or lanes_side_by_side(), RetryPolicy(retries))
        _publish_verdict(root)
        published = _publish_shards(root) if wants_to_publish(root, plan) else ""
    except (GanAugmentError, RunError) as error:
        get_run_logger().error(str(error))
        return Failed(message=str(error), data=error)  # returned, not raised: a traceback would only hide the message
    return Completed(message=f"{verdict_sentence(root)} {published}".strip())


def _end_with_the_worker() -> None:
    # A killed worker leaves its flow run behind, which would continue unseen beside the run of the next worker. SIGTERM
    # ends this process in the way that Prefect expects.
    worker = os.getppid()

    def watch() -> None:
        while os.getppid() == worker:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="worker watch").start()


def _drive(plan: Plan, root: Path, workers: int, policy: RetryPolicy) -> None:
    watch = _FlowLog(Tally(Durations(root), side_by_side=workers), get_run_logger())
    try:
        with _prefect_executor(root, policy, watch) as executor:
            run = drive(plan, executor, watch, side_by_side=workers)
    except RunError as failure:
        _publish_stages(plan, failure.run, root)
        raise
    _publish_stages(plan, run, root)


class _FlowLog:
    """Watcher that logs the progress of the run in the flow's log."""

    def __init__(self, tally: Tally, logger: logging.Logger | logging.LoggerAdapter[Any]) -> None:
        self._tally, self._logger = tally, logger

    def planned(self, plan: Plan) -> None:
        self._tally.planned(plan)
        self._logger.info("%d lanes are up to date, %d to run", len(plan.lanes) - len(plan.stale), len(plan.stale))

    def started(self, lane: Lane) -> None:
        self._tally.started(lane)

    def line(self, lane: Lane, text: str) -> None:
        self._tally.line(lane, text)

    def succeeded(self, lane: Lane, result: LaneResult) -> None:
        self._tally.succeeded(lane, result)
        self._logger.info("%s: done in %.1f s", self._tally, result.seconds)

    def failed(self, lane: Lane, error: LaneError) -> None:
        self._tally.failed(lane, error)
        self._logger.error("%s: %s", self._tally, error)


def _worth_retrying(_task: Any, _run: Any, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return not isinstance(error, LaneError) or error.worth_retrying


class _PrefectExecutor:
    """Executor of lanes as task runs of the flow that calls it."""

    def __init__(self, root: Path, policy: RetryPolicy, watch: _FlowLog) -> None:
        self.live = LiveLanes()
        self._futures: dict[PrefectFuture[LaneResult], Lane] = {}
        self._done: dict[str, PrefectFuture[LaneResult]] = {}
        self._task = task(
            name="lane",
            task_run_name="{lane_name}",
            retries=policy.retries,
            retry_delay_seconds=policy.delays,
            retry_condition_fn=_worth_retrying,
            cache_policy=NO_CACHE,  # DVC alone decides what is up to date
        )(_lane_body(root, self.live, watch))

    def submit(self, lane: Lane) -> None:
        """Start a task run; `wait_for` draws the plan's edges in the UI (those lanes are done already)."""
        before = [self._done[name] for name in lane.after if name in self._done]
        future = self._task.submit(lane.name, list(lane.stages), wait_for=before, return_state=False)
        self._futures[future] = lane

    def finished(self) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        """Block until a task run is finished, including retries."""
        future = next(as_completed(list(self._futures)))
        lane = self._futures.pop(future)
        self._done[lane.name] = future
        result = future.result(raise_on_failure=False)
        if isinstance(result, LaneResult | LaneError):
            yield lane, result
        elif isinstance(result, Exception):  # Prefect's own error
            yield lane, LaneError(lane.name, None, None, (f"{type(result).__name__}: {result}",))
        else:
            yield lane, LaneError(lane.name, None, None, (f"task run ended as {future.state}",))


def _lane_body(root: Path, live: LiveLanes, watch: _FlowLog) -> Callable[[str, list[str]], LaneResult]:
    logs = LaneLogs(root)

    def run(lane_name: str, stages: list[str]) -> LaneResult:
        lane, logger, bar = Lane(lane_name, tuple(stages)), get_run_logger(), _ProgressBar(lane_name, len(stages))
        logs.begin(lane_name)

        def log(line: str) -> None:
            logger.info(line)
            logs.line(lane_name, line)
            watch.line(lane, line)
            bar.line(line)

        return run_lane(lane, root, log, live=live)

    return run


class _ProgressBar:
    """Progress artifact of a lane: created when one of its stages reports progress, updated every few seconds."""

    def __init__(self, lane: str, stages: int) -> None:
        self._key, self._stages = re.sub(r"[^a-z0-9]+", "-", f"progress {lane}".lower()).strip("-"), stages
        self._begun, self._shown_at = 0, float("-inf")
        self._artifact: Any = None

    def line(self, line: str) -> None:
        if line.startswith("Running stage "):
            self._begun += 1
        progress = read_progress(line)
        if progress is None or time.monotonic() - self._shown_at < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown_at = time.monotonic()
        with contextlib.suppress(Exception):  # an unreachable server must not stop a training
            self._show(100 * (self._begun - 1 + progress[0]) / self._stages)

    def _show(self, percent: float) -> None:
        if self._artifact is None:
            self._artifact = create_progress_artifact(percent, key=self._key, description=self._key)
        else:
            update_progress_artifact(self._artifact, percent)


@contextlib.contextmanager
def _prefect_executor(root: Path, policy: RetryPolicy, watch: _FlowLog) -> Iterator[_PrefectExecutor]:
    executor = _PrefectExecutor(root, policy, watch)
    try:
        yield executor
    except BaseException:  # cancelled: Prefect raises TerminationSignal here, and would leave the children running
        executor.live.stop()
        raise


@task(name="publish", task_run_name="publish", retries=1, retry_delay_seconds=10, cache_policy=NO_CACHE)
def _publish_shards(root: Path) -> str:
    """Publish shards whose verdict passes; otherwise the current ones stay."""
    sentence = mask(publish_shards(root))
    get_run_logger().info(sentence)
    create_markdown_artifact(sentence, key="published", description=sentence)
    return sentence


def _publish_stages(plan: Plan, run: Run, root: Path) -> None:
    create_table_artifact(
        mask_texts(stage_rows(plan, run, read_costs(root))), key="stages", description="What became of each stage"
    )


def _publish_verdict(root: Path) -> None:
    measure = read_measure(root)
    if measure is not None:
        # Pictures need pandas, whose import takes a fifth of an empty flow's time when there is nothing to do.
        from pipelines.pictures import contact_sheet, gain_plot, markdown_image

        pictures = [
            markdown_image(png, text)
            for png, text in (
                (gain_plot(measure), "what each arm reached, with its interval"),
                (contact_sheet(root), "one row per class: real samples left, accepted synthetic ones right"),
            )
            if png is not None
        ]
        markdown = "\n\n".join([mask(verdict_markdown(measure)).rstrip("\n"), *pictures]) + "\n"
        create_markdown_artifact(markdown, key="verdict", description=mask(verdict_sentence(root)))
