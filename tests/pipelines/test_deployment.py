"""prefect.yaml, ours and the one that `init` writes: readable, alike, and pointing at a flow that is there."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from gan_augment.setup.initialise import _TEMPLATES
from tests.pipelines.fake_project import REPOSITORY

TEMPLATE = REPOSITORY / "gan_augment/setup/templates/prefect.yaml.j2"


def rendered(name: str) -> str:
    return _TEMPLATES.get_template("prefect.yaml.j2").render(project_name=name, directory="/d")


@pytest.fixture
def deployment() -> Any:
    return yaml.safe_load((REPOSITORY / "prefect.yaml").read_text(encoding="utf-8"))["deployments"][0]


def test_ours_is_the_templates(deployment: Any) -> None:
    assert yaml.safe_load(rendered("gan-augment"))["deployments"] == [deployment]


def test_the_entrypoint_is_a_flow_that_takes_the_parameters(deployment: Any) -> None:
    prefect = pytest.importorskip("prefect")
    module, _, name = deployment["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), name)
    assert isinstance(flow, prefect.Flow)
    assert flow.validate_parameters(deployment["parameters"])["root"] == Path()
    assert set(deployment["parameters"]) <= flow.parameters.properties.keys()


def test_prefect_accepts_schedule_trigger_and_limit(deployment: Any) -> None:
    pytest.importorskip("prefect")
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger

    schedule = deployment["schedules"][0]
    assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    assert schedule["active"] is False  # nothing starts unasked
    assert ConcurrencyLimitConfig.model_validate(deployment["concurrency_limit"]).limit == 1
    assert DeploymentEventTrigger.model_validate(deployment["triggers"][0])
