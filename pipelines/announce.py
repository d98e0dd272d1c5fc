"""Announcement that a project has new data: the event that the trigger in prefect.yaml waits for."""

from __future__ import annotations

from pathlib import Path

from gan_augment.core.documents import read_document
from gan_augment.core.errors import MissingInputError, SetupError
from pipelines.embedded import check_server, server_is_configured

__all__ = ["EVENT", "announce_new_data", "dataset_resource"]

EVENT = "gan-augment.dataset.updated"


def dataset_resource(root: Path) -> str:
    """Id of the project's data in Prefect, from the name in prefect.yaml. Raises MissingInputError."""
    try:
        name = read_document(root / "prefect.yaml", "run `gan-augment init` here").value["name"]
    except (MissingInputError, KeyError, TypeError):
        raise MissingInputError(
            "There is no prefect.yaml with a `name` here",
            where=root / "prefect.yaml",
            remedy="run `gan-augment init` here, or change to the project's folder",
        ) from None
    return f"gan-augment.dataset.{name}"


def announce_new_data(root: Path) -> str:
    """Emit the event and return the resource's id.

    Raises
    ------
    SetupError
        No server is configured to receive it.
    MissingInputError
        There is no prefect.yaml.
    """
    resource = dataset_resource(root)
    if not server_is_configured():
        raise SetupError(
            "No Prefect server is configured, so the new data cannot be announced",
            remedy="export PREFECT_API_URL=http://SERVER:4200/api, see docs/schedule.md",
        )
    check_server()
    from prefect.events import emit_event

    emit_event(EVENT, resource={"prefect.resource.id": resource})
    return resource
