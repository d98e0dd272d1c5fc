"""A Prefect server that is not there is told within seconds by whatever wants one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.__main__ import main
from tests.cli.test_prefect_server import _no_prefect, name_it  # noqa: F401 - a fixture for all


@pytest.mark.parametrize("way", ["environment", ".env", "../home/.prefect/profiles.toml"])
def test_a_run_on_a_server_that_is_not_there_is_four_lines(
    way: str, finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name_it(way, monkeypatch)
    assert main(["run", "--root", str(finished)]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 4
    assert "prefect server start" in told
    assert "SECRETPW" not in told


def test_announce_and_notify_say_the_same(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name_it("environment", monkeypatch)
    (finished / "prefect.yaml").write_text("name: x\n", encoding="utf-8")
    assert main(["announce", "--root", str(finished)]) == 2
    assert main(["notify", "https://hooks.example/x"]) == 2
    assert capsys.readouterr().err.count("does not answer") == 2
