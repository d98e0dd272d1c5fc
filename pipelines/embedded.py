"""Prefect with nothing configured: the environment of a temporary server, set before prefect is imported."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pipelines.scratch import scratch_folder

__all__ = ["prepare_environment", "server_is_configured"]


def server_is_configured() -> bool:
    """Whether the user has named a Prefect server: in the environment, or in the active profile."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active", "")
    return bool(profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL"))


def prepare_environment(root: Path) -> None:
    """Set what the user has not set. Call it before prefect is imported: Prefect reads its settings then.

    Without a configured server Prefect starts a temporary one for this process; on a busy machine that takes longer
    than its default patience of 20 s, and at its end it logs harmless tracebacks that look like failures.
    """
    quiet = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    temporary = {
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_HOME": str(scratch_folder(root).absolute() / "prefect"),
    }
    for name, value in (quiet if server_is_configured() else quiet | temporary).items():
        os.environ.setdefault(name, value)
