"""docs/schedule.md, command by command, against a real server and a real worker on loopback."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.patience import FOREVER, HANG, wait_until
from tests.pipelines.fake_project import REPOSITORY, stages_run

pytest.importorskip("prefect")
pytestmark = [pytest.mark.nightly, pytest.mark.prefect]

PAGE = REPOSITORY / "docs/schedule.md"
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def blocks(text: str) -> list[tuple[bool, str]]:
    """(in the background?, commands) of every bash block of the page."""
    found = re.findall(r"(<!-- background -->\n)?```bash\n(.*?)```", text, re.DOTALL)
    return [(bool(background), commands) for background, commands in found]


@dataclass
class Shell:
    """A project's folder, the environment of a terminal, and the processes left running in it."""

    root: Path
    port: int
    environment: dict[str, str]
    background: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run_page(self, text: str) -> None:
        for background, commands in blocks(text.replace("4200", str(self.port))):
            for command in commands.strip().splitlines():
                self.run(command, background=background)

    def run(self, command: str, *, background: bool = False, **extra: str) -> str:
        if command.startswith("export "):
            self.environment |= dict(word.split("=", 1) for word in shlex.split(command)[1:])
            return ""
        if background:
            self._start(command, extra)
            return ""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.root, env={**self.environment, **extra}, capture_output=True, text=True,
            timeout=HANG, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _start(self, command: str, extra: dict[str, str]) -> None:
        log = (self.root / f"{command.split()[1]}.log").open("ab")
        self.background[command.split()[1]] = subprocess.Popen(
            shlex.split(command), cwd=self.root, env={**self.environment, **extra}, stdout=log, stderr=log,
            start_new_session=True,
            # Prefect hands SIGTERM on as SIGINT, which a shell's background job inherits as ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )  # fmt: skip
        if "server" in command:
            assert wait_until(self.is_healthy)

    def is_healthy(self) -> bool:
        try:
            return self.api("/health") is True
        except OSError:
            return False

    def api(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api{path}", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=HANG) as answer:
            return json.loads(answer.read())

    def runs(self) -> list[dict[str, Any]]:
        """All flow runs, newest last."""
        return list(self.api("/flow_runs/filter", {"sort": "START_TIME_ASC"}))

    def restart_worker(self, **extra: str) -> subprocess.Popen[bytes]:
        self.stop("worker", signal.SIGTERM)
        self.run("prefect worker start --pool gpu --name gpu-agent --limit 1", background=True, **extra)
        return self.background["worker"]

    def stop(self, name: str, number: signal.Signals) -> None:
        process = self.background.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(HANG)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shell(pretrained: Path) -> Iterator[Shell]:
    (pretrained / "home").mkdir()
    (pretrained / "prefect.yaml").write_text((REPOSITORY / "prefect.yaml").read_text())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(pretrained / "home"),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "COLUMNS": "200",
    }
    shell = Shell(pretrained, free_port(), environment)
    try:
        yield shell
    finally:
        for process in shell.background.values():
            for member in [*psutil.Process(process.pid).children(recursive=True), process]:
                member.kill()
            process.wait(HANG)


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def stages_in(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if "fake_stage" in command_of(process)]


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def none_alive(processes: list[psutil.Process]) -> bool:
    return not [process for process in processes if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_page_leads_to_runs_by_hand_by_schedule_and_by_event(shell: Shell) -> None:
    shell.run_page(PAGE.read_text(encoding="utf-8"))
    assert wait_until(lambda: len([run for run in shell.runs() if run["state"]["type"] == "COMPLETED"]) >= 3)
    by_hand, with_parameters, by_event = [run for run in shell.runs() if run["state"]["type"] == "COMPLETED"][:3]
    assert by_hand["state"]["message"] == "Synthetic data helps: +3.1 points."
    assert with_parameters["parameters"]["targets"] == ["measure"]
    assert by_event["created_by"]["type"] == "AUTOMATION"
    assert {"generate@cat", "measure", "export"} <= set(stages_run(shell.root))

    shell.run("prefect deployment schedule create augment/gan-augment --interval 10 --replace -y")
    assert wait_until(
        lambda: any(run["auto_scheduled"] and run["state"]["type"] == "COMPLETED" for run in shell.runs())
    )

    assert "Synthetic data helps" in shell.run("prefect artifact inspect verdict")
    (verdict,) = shell.api("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["verdict"]}}})
    plot = re.search(r"!\[what each arm reached.*?\]\(data:image/png;base64,([^)]+)\)", verdict["data"])
    assert plot is not None
    assert base64.b64decode(plot[1]).startswith(b"\x89PNG")
    run_ids = [run["id"] for run in shell.runs() if run["state"]["type"] == "COMPLETED"]
    assert "working on train_gan@cat" in shell.run(f"prefect flow-run logs {run_ids[0]}")
    shell.stop("worker", signal.SIGTERM)


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[str]]]:
    """A webhook's address on loopback, and what it was told."""
    told: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    server.server_close()


def test_a_webhook_is_told_of_failures_and_of_verdicts(shell: Shell, webhook: tuple[str, list[str]]) -> None:
    address, told = webhook
    shell.run_page(PAGE.read_text(encoding="utf-8").split("## 5. Run")[0])
    shell.run(f"python -m pipelines notify {address}")
    shell.restart_worker(FAKE_EXIT_train_gan_cat="2")
    shell.run("prefect deployment run augment/gan-augment --param 'targets=[\"train_gan@cat\"]'")
    assert wait_until(lambda: bool(told))
    assert "Failed" in told[0]
    assert "train_gan@cat failed with exit code 2" in told[0]

    shell.run(f"python -m pipelines notify {address} --verdicts")
    shell.restart_worker()
    shell.run("prefect deployment run augment/gan-augment --watch")
    assert wait_until(lambda: len(told) >= 2)
    assert "Completed" in told[1]
    assert "Synthetic data helps: +3.1 points." in told[1]
    assert shell.run("prefect automation ls").count("gan-augment notify") == 1  # renewed, not doubled


@pytest.mark.parametrize("what", ["cancel", "worker", "flow"])
def test_a_run_that_is_cancelled_or_loses_its_worker_leaves_nothing_behind(shell: Shell, what: str) -> None:
    page = PAGE.read_text(encoding="utf-8").split("## 5. Run")[0]
    shell.run_page(page)
    worker = shell.restart_worker(FAKE_SECONDS=str(FOREVER), FAKE_CHILD=str(FOREVER))
    shell.run("prefect deployment run augment/gan-augment --param workers=2 --param retries=0")
    assert wait_until(lambda: len(stages_in(family(worker.pid))) >= 2)
    members, (run,) = family(worker.pid), shell.runs()
    if what == "cancel":
        shell.run(f"prefect flow-run cancel {run['id']}")
    elif what == "worker":
        worker.kill()
        del shell.background["worker"]
        worker.wait()
    else:
        next(member for member in members if "prefect.engine" in command_of(member)).kill()
    guarded = [member for member in members if "prefect" not in command_of(member)]
    assert wait_until(lambda: none_alive(guarded))
    assert wait_until(lambda: none_alive(members))
    assert wait_until(lambda: shell.runs()[0]["state"]["type"] in OVER)
