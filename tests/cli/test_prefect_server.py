"""A Prefect server that is not there is told within seconds, whichever of Prefect's ways names it."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_augment.cli.prefect_server import NamedServer, named_server

DEAD = "http://me:SECRETPW@127.0.0.1:9/api"


@pytest.fixture(autouse=True)
def _no_prefect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home/.prefect").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


WAYS = {
    ".env": f"# ours\nexport PREFECT_API_URL='{DEAD}'\n",
    "prefect.toml": f'[api]\nurl = "{DEAD}"\n',
    "pyproject.toml": f'[tool.prefect.api]\nurl = "{DEAD}"\n',
    "../home/.prefect/profiles.toml": f'active = "team"\n[profiles.team]\nPREFECT_API_URL = "{DEAD}"\n',
}


def name_it(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "environment":
        monkeypatch.setenv("PREFECT_API_URL", DEAD)
    else:
        Path(way).write_text(WAYS[way], encoding="utf-8")


@pytest.mark.parametrize("way", ["environment", *WAYS])
def test_every_way_that_prefect_knows_is_known(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name_it(way, monkeypatch)
    found = named_server()
    assert found is not None
    assert found.url == DEAD
    assert Path(way).name.removesuffix("s.toml") in found.said_in
    code = "from prefect.settings import get_current_settings as s; print(s().api.url)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert asked.strip() == DEAD


def test_the_first_of_several_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for way in WAYS:
        name_it(way, monkeypatch)
    Path(".env").write_text("PREFECT_API_URL=http://other/api\n", encoding="utf-8")
    found = named_server()
    assert found is not None
    code = "from prefect.settings import get_current_settings as s; print(s().api.url)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.url == asked.strip()


@pytest.mark.parametrize("text", ["", "[api", "api = 3", "\xff", "[api]\n"])
def test_what_names_none_names_none(text: str) -> None:
    for way in WAYS:
        Path(way).write_text(text, encoding="latin-1")
    assert named_server() is None


@pytest.fixture
def answering() -> Iterator[dict[str, int]]:
    """A server whose status the test sets."""
    wanted = {"status": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(wanted["status"])
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    wanted["port"] = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield wanted
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "is_there"), [(200, True), (401, True), (403, True), (404, False), (502, False)])
def test_what_an_answer_means(answering: dict[str, int], status: int, is_there: bool) -> None:
    answering["status"] = status
    server = NamedServer(f"http://127.0.0.1:{answering['port']}/api", "here")
    assert (server.problem() == "") is is_there


@pytest.mark.parametrize("url", ["localhost", "http://", "http://[::1", "ftp://x y", "http://127.0.0.1:99999/api"])
def test_an_address_that_is_none(url: str) -> None:
    assert NamedServer(url, "here").problem()
