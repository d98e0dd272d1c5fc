"""The Prefect flow against a temporary server (about 10 s to start, so few tests share one)."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.plan import read_plan
from pipelines.retry import RetryPolicy
from tests.finished_project import write_project as write_finished_project
from tests.patience import HANG
from tests.pipelines.fake_project import CLASSES, REPOSITORY, stages_run

pytest.importorskip("prefect")
pytestmark = [pytest.mark.prefect]


def test_with_nothing_configured_the_flow_runs_on_a_temporary_server(finished: Path) -> None:
    params = (finished / "params.yaml").read_text()
    assert "\nmeasure:\n" in params
    (finished / "params.yaml").write_text(params.replace("\nmeasure:\n", "\nmeasure:\n  confidence: 0.9\n"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "run", "--workers", "2"],
        cwd=finished,
        env={**environment, "PYTHONPATH": str(REPOSITORY), "HOME": str(finished / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Synthetic data helps: +3.1 points."
    assert "Task run 'measure' - working on measure" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "measure" in stages_run(finished)
    assert not {"prepare", "pretrain", "curate", "mix"} & set(stages_run(finished))  # what comes before it is untouched
    assert read_plan(finished).stale == ()


def test_a_plan_that_was_handed_over_is_used_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines import flow

    plan, read = read_plan(project), list[Path]()
    monkeypatch.setattr(flow, "read_plan", lambda root: read.append(root) or plan)
    flow.hand_over(project, plan)
    assert flow._plan(project / "..") is plan  # another folder is read
    assert read == [project / ".."]
    monkeypatch.chdir(project)
    assert flow._plan(Path()) is plan
    assert len(read) == 1
    flow._plan(project)  # the run after it looks again
    assert read[1:] == [project]


@pytest.fixture(scope="module")
def _server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=int(HANG)):
        yield


@pytest.fixture
def augment(_server: None) -> Any:
    from pipelines.flow import augment

    return augment


def task_runs(flow_run_id: Any) -> dict[str, Any]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])))
    return {run.name: run for run in runs}


def artifact(key: str) -> Any:
    from prefect.artifacts import Artifact

    found = Artifact.get(key)
    assert found is not None
    return json.loads(found.data) if found.type == "table" else found.data


def test_task_runs_wait_for_each_other_as_the_graph_says(augment: Any, project: Path) -> None:
    plan = read_plan(project)
    state = augment(root=project, workers=2, return_state=True)
    assert state.is_completed()
    assert state.message == "Synthetic data helps: +3.1 points."
    runs = task_runs(state.state_details.flow_run_id)
    names = {run.id: name for name, run in runs.items()}
    drawn = {(names[entry.id], name) for name, run in runs.items() for entry in run.task_inputs.get("wait_for", [])}
    assert drawn == {(before, lane.name) for lane in plan.lanes for before in lane.after}
    assert "| real | natural | 30 | 0 | 80.0 (75.0 to 85.0) |" in artifact("verdict")
    assert artifact("progress-train-gan-generate-cat") == 25.0  # half of the first of its two stages
    assert [row["outcome"] for row in artifact("stages") if "@cat" in row["stage"]] == ["ran", "ran"]


def test_the_flow_ends_with_the_gate(augment: Any, finished: Path, monkeypatch: Any) -> None:
    (finished / "params.yaml").write_text((finished / "params.yaml").read_text() + "publish: {to: ../published}\n")
    monkeypatch.setattr("pipelines.flow.publish_shards", lambda root: f"Published: {root.name}.")
    state = augment(root=finished, return_state=True)
    assert state.message.endswith("+3.1 points. Published: finished.")
    assert artifact("published") == "Published: finished."
    assert "publish" in task_runs(state.state_details.flow_run_id)


def test_the_verdict_shows_the_plot_and_real_beside_synthetic_samples(augment: Any, tmp_path: Path) -> None:
    from prefect import flow

    from pipelines.flow import _publish_verdict

    write_finished_project(tmp_path)
    flow(_publish_verdict)(tmp_path)
    assert artifact("verdict").count("](data:image/png;base64,") == 2


def test_bad_input_is_one_try_and_no_traceback(augment: Any, pretrained: Path, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setenv("FAKE_EXIT_train_gan_cat", "2")
    state = augment(root=pretrained, workers=1, targets=["generate"], return_state=True)
    assert state.is_failed()
    assert "train_gan@cat failed with exit code 2" in state.message
    assert stages_run(pretrained).count("train_gan@cat") == 1
    assert {f"generate@{key}" for key in CLASSES if key != "cat"} <= set(stages_run(pretrained))
    assert task_runs(state.state_details.flow_run_id)["train_gan+generate@cat"].run_count == 1


def test_a_crash_is_tried_again(augment: Any, pretrained: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipelines.flow.RetryPolicy", functools.partial(RetryPolicy, first_delay=0.1))
    monkeypatch.setenv("FAKE_EXIT_ONCE_train_gan_dog", "1")
    state = augment(root=pretrained, workers=1, targets=["train_gan@dog"], return_state=True)
    assert state.is_completed()
    assert stages_run(pretrained).count("train_gan@dog") == 2


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": 65}, {"retries": -1}, {"root": "/nowhere"}])
def test_wrong_parameters_are_refused(augment: Any, pretrained: Path, wrong: dict[str, Any]) -> None:
    from prefect.exceptions import ParameterTypeError

    with pytest.raises(ParameterTypeError):
        augment(**{"root": pretrained, **wrong})
