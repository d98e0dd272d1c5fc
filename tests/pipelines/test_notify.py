"""The automation that tells a person: what it waits for, whom it calls, and that there is one of it."""

from __future__ import annotations

from typing import Any

import pytest

from gan_augment.core.errors import SetupError
from pipelines import notify
from pipelines.notify import notify_by_webhook

prefect = pytest.importorskip("prefect")
SLACK = "https://hooks.slack.com/services/T/B/x"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a server that is there would get, in order."""
    from prefect.automations import Automation
    from prefect.blocks.core import Block

    got: list[Any] = []
    monkeypatch.setattr(notify, "server_is_configured", lambda: True)
    monkeypatch.setattr(notify, "check_server", lambda: None)
    monkeypatch.setattr(notify, "_delete", lambda name: got.append(f"delete {name}"))

    def create(self: Any) -> None:
        got.append(self)

    def save(self: Any, name: str, overwrite: bool) -> str:
        got.append((self, name, overwrite))
        return "00000000-0000-0000-0000-000000000001"

    monkeypatch.setattr(Automation, "create", create)
    monkeypatch.setattr(Block, "save", save)
    return got


@pytest.mark.parametrize("verdicts", [False, True])
def test_a_failed_run_is_told_and_a_finished_one_where_verdicts_are_wanted(server: list[Any], verdicts: bool) -> None:
    assert notify_by_webhook("https://example.org/hook", verdicts=verdicts) == "gan-augment notify"
    block, deleted, automation = server
    assert deleted == "delete gan-augment notify"  # renewed, not doubled
    expected = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"}
    assert automation.trigger.expect == expected | ({"prefect.flow-run.Completed"} if verdicts else set())
    related = automation.trigger.match_related
    assert related.root["prefect.resource.name"] == "augment"
    assert str(automation.actions[0].block_document_id) == "00000000-0000-0000-0000-000000000001"
    assert block[1:] == ("gan-augment", True)


def test_slack_gets_its_own_form_and_another_address_a_text(server: list[Any]) -> None:
    for url in (SLACK, "https://example.org/hook?to=hooks.slack.com"):
        notify_by_webhook(url, verdicts=False)
    (slack, *_), (other, *_) = (one for one in server if isinstance(one, tuple))
    assert type(slack).__name__ == "SlackWebhook"
    assert slack.url.get_secret_value() == SLACK
    assert type(other).__name__ == "CustomWebhookNotificationBlock"
    assert other.json_data == {"text": "{{subject}}\n{{body}}"}


def test_without_a_server_nothing_would_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "server_is_configured", lambda: False)
    with pytest.raises(SetupError, match="cannot be watched") as told:
        notify_by_webhook(SLACK, verdicts=True)
    assert "PREFECT_API_URL" in str(told.value.remedy)
    assert SLACK not in str(told.value)
