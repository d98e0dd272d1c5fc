"""Prefect server that the user configured, in any place that Prefect reads; and whether it answers.

This is read without importing Prefect, whose import takes seconds and fixes its settings.
"""

from __future__ import annotations

import os
import re
import ssl
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["NamedServer", "named_server"]

SERVER_SECONDS = 3.0
_NAME = "PREFECT_API_URL"


@dataclass(frozen=True)
class NamedServer:
    """Address of an API, and the place that names it."""

    url: str
    said_in: str

    def problem(self) -> str:
        """Reason why the server cannot be used; empty where it answers. Takes seconds at most."""
        try:
            with urllib.request.urlopen(f"{self.url.rstrip('/')}/health", timeout=SERVER_SECONDS) as answer:  # noqa: S310
                answer.read(1000)
        except urllib.error.HTTPError as error:
            # A server is there. It may need a token that Prefect has; a gateway without its server does not count.
            return f"HTTP status {error.code}" if error.code == 404 or error.code >= 500 else ""
        except (OSError, ValueError) as error:
            reason: Any = getattr(error, "reason", None) or error
            if isinstance(reason, ssl.SSLError):  # Prefect has certificates and settings of its own
                return ""
            return str(getattr(reason, "strerror", None) or reason)
        return ""


def named_server(folder: Path | None = None) -> NamedServer | None:
    """Server that Prefect would use: from the environment, `.env`, prefect.toml, pyproject.toml, the profile, in order.

    Parameters
    ----------
    folder
        The folder in which Prefect will start; default: the current one.
    """
    return next((found for found in _named(folder or Path()) if found.url), None)


def _named(folder: Path) -> Iterator[NamedServer]:
    yield NamedServer(os.environ.get(_NAME, ""), f"{_NAME} in the environment")
    yield NamedServer(_in_dotenv(folder / ".env"), f"{_NAME} in .env")
    yield NamedServer(_in_table(_toml(folder / "prefect.toml")), "api.url in prefect.toml")
    tool = _toml(folder / "pyproject.toml").get("tool", {})
    yield NamedServer(_in_table(tool.get("prefect", {})), "tool.prefect.api.url in pyproject.toml")
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles = _toml(Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")))
    active = str(os.environ.get("PREFECT_PROFILE") or profiles.get("active", ""))
    settings = profiles.get("profiles", {}).get(active, {})
    yield NamedServer(str(settings.get(_NAME) or ""), f"{_NAME} in Prefect's profile {active!r}")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        return {}


def _in_table(settings: Any) -> str:
    api = settings.get("api", {}) if isinstance(settings, dict) else {}
    return str(api.get("url") or "") if isinstance(api, dict) else ""


def _in_dotenv(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, ValueError):
        return ""
    found = re.findall(rf"(?im)^\s*(?:export\s+)?{_NAME}\s*=\s*(\"[^\"\n]*\"|'[^'\n]*'|[^\s#]*)", text)
    return str(found[-1]).strip("\"'") if found else ""
