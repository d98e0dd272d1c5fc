"""Notifications by Prefect automations: a webhook is called when a run fails, or whenever one ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gan_augment.core.errors import SetupError
from pipelines.embedded import check_server, server_is_configured

__all__ = ["notify_by_webhook"]

_FAILED = ("prefect.flow-run.Failed", "prefect.flow-run.Crashed")
_ENDED = (*_FAILED, "prefect.flow-run.Completed")
_NAME = "gan-augment"
_SLACK = "https://hooks.slack.com/"


def notify_by_webhook(url: str, *, verdicts: bool) -> str:
    """Make (or renew) the automation `gan-augment notify` on the configured server, and return its name.

    Parameters
    ----------
    url
        Gets a POST with JSON {"text": ...}; a Slack address gets Slack's own form.
    verdicts
        Also when a run is done: the message is then the verdict.

    Raises
    ------
    SetupError
        No server is configured to watch the runs.
    """
    if not server_is_configured():
        raise SetupError(
            "No Prefect server is configured, so the runs cannot be watched",
            remedy="export PREFECT_API_URL=http://SERVER:4200/api, see docs/schedule.md",
        )
    check_server()
    from prefect.automations import Automation
    from prefect.events.actions import SendNotification
    from prefect.events.schemas.automations import EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    name = f"{_NAME} notify"
    automation = Automation(
        name=name,
        description="Written by `python -m pipelines notify`.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            match=ResourceSpecification.model_validate({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=ResourceSpecification.model_validate(
                {"prefect.resource.role": "flow", "prefect.resource.name": "augment"}
            ),
            expect=set(_ENDED if verdicts else _FAILED),
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            SendNotification(
                block_document_id=_webhook(url),
                subject="{{ flow_run.name }}: {{ flow_run.state.name }}",
                body="{{ flow_run.state.message }}",
            )
        ],
    )
    _delete(name)
    automation.create()
    return name


def _webhook(url: str) -> Any:
    """Id of the block that holds the address, encrypted."""
    from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
    from pydantic import SecretStr

    block: Any
    if url.startswith(_SLACK):
        block = SlackWebhook(url=SecretStr(url))
    else:
        block = CustomWebhookNotificationBlock(
            name=_NAME, url=url, json_data={"text": "{{subject}}\n{{body}}"}, headers={}, cookies={}
        )
    return block.save(_NAME, overwrite=True)


def _delete(name: str) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for automation in client.read_automations_by_name(name):
            client.delete_automation(automation.id)
