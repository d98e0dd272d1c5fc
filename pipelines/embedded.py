"""Prefect without configuration: the environment of a temporary server, set before prefect is imported."""

from __future__ import annotations

import os
from pathlib import Path

from gan_augment.cli.prefect_server import named_server
from gan_augment.core.errors import SetupError
from pipelines.scratch import scratch_folder

__all__ = ["check_server", "prepare_environment", "server_is_configured"]


def server_is_configured() -> bool:
    """Whether the user has named a Prefect server, in any place that Prefect reads."""
    return named_server() is not None


def check_server() -> None:
    """Raise SetupError, within seconds, where the server that the user has named does not answer.

    Prefect itself tries for a minute, and fails with a hundred lines.
    """
    server = named_server()
    problem = server.problem() if server else ""
    if server and problem:
        raise SetupError(
            "The Prefect server does not answer",
            where=f"{server.said_in}: {server.url}",
            got=problem,
            remedy="start it (`prefect server start`), correct the address, or remove it to run without a server",
        )


def prepare_environment(root: Path) -> None:
    """Set variables that the user has not set. Call it before prefect is imported: Prefect reads its settings then.

    Without a configured server Prefect starts a temporary one for this process; on a busy machine that takes longer
    than the default timeout of 20 s, and at its end it logs harmless tracebacks that look like failures.
    """
    quiet = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    temporary = {
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_HOME": str(scratch_folder(root).absolute() / "prefect"),
    }
    for name, value in (quiet if server_is_configured() else quiet | temporary).items():
        os.environ.setdefault(name, value)
