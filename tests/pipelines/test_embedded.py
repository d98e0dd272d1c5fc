"""The temporary server's settings never get in the way of a server that the user has configured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.embedded import prepare_environment, server_is_configured


@pytest.fixture(autouse=True)
def _no_prefect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    for name in ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "PREFECT_SERVER_LOGGING_LEVEL", "DO_NOT_TRACK",
                 "PREFECT_SERVER_ANALYTICS_ENABLED"):  # fmt: skip
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_HOME", "to be restored")
    monkeypatch.delenv("PREFECT_HOME")


def write_profile(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "home/.prefect"
    folder.mkdir(parents=True)
    (folder / "profiles.toml").write_text(text)


def test_with_nothing_configured_prefect_keeps_its_files_in_the_project(tmp_path: Path) -> None:
    prepare_environment(tmp_path)
    assert os.environ["PREFECT_HOME"] == str(tmp_path / ".gan_augment/prefect")
    assert float(os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"]) > 20
    assert (tmp_path / ".gan_augment/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("how", ["environment", "profile"])
def test_a_configured_server_keeps_its_settings(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "environment":
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    else:
        url = 'PREFECT_API_URL = "http://127.0.0.1:4200/api"'
        write_profile(tmp_path, f'active = "team"\n[profiles.team]\n{url}\n')
    prepare_environment(tmp_path)
    assert server_is_configured()
    assert "PREFECT_HOME" not in os.environ
    assert os.environ["DO_NOT_TRACK"] == "1"


def test_a_profile_without_a_server_is_no_server(tmp_path: Path) -> None:
    write_profile(
        tmp_path, 'active = "ephemeral"\n[profiles.ephemeral]\nPREFECT_SERVER_ALLOW_EPHEMERAL_MODE = "true"\n'
    )
    assert not server_is_configured()


def test_what_the_user_has_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_LOGGING_LEVEL", "DEBUG")
    prepare_environment(tmp_path)
    assert os.environ["PREFECT_SERVER_LOGGING_LEVEL"] == "DEBUG"
