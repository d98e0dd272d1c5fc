"""The doctor's look at a project: params.yaml, Git, DVC with its locks and remote, Prefect's server."""

from __future__ import annotations

import fcntl
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gan_augment.cli import doctor_project
from tests.cli.doctored import found
from tests.cli.test_compare import call
from tests.patience import HANG


def test_outputs_of_classes_that_are_no_more(project: Path) -> None:
    for name in ("data/synthetic/c0", "data/synthetic/.c1.gan-augment.partial", "predictions/real"):
        (project / name).mkdir(parents=True)
    assert "leftovers" not in found(project)
    for name in ("data/synthetic/old class", "models/train_gan/old", "predictions/gone"):
        (project / name).mkdir(parents=True)
    finding = found(project)["leftovers"]
    assert "models/train_gan/old, data/synthetic/old class, predictions/gone" in finding.state
    assert finding.remedy.endswith("rm -r models/train_gan/old 'data/synthetic/old class' predictions/gone")
    assert not finding.blocking


def test_a_dvc_yaml_of_before_leaves_rivals_out(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = yaml.safe_load((project / "params.yaml").read_text())
    params["synthesis"] = {"method": "super_resolution"}
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    (project / "dvc.yaml").write_text("stages: {rivals: {cmd: gan-augment rivals}}\n")
    assert "dvc.yaml" not in found(project)
    (project / "dvc.yaml").write_text("stages: {}\n")
    finding = found(project)["dvc.yaml"]
    assert "bicubic" in finding.state
    assert not finding.blocking


def test_no_project_here(tmp_path: Path) -> None:
    assert "gan-augment init" in found(tmp_path)["project"].remedy


def test_not_initialised(project: Path) -> None:
    shutil.rmtree(project / ".dvc")
    shutil.rmtree(project / ".git")
    (project / "dvc.yaml").unlink()
    findings = found(project)
    assert findings["DVC"].blocking
    assert "dvc init" in findings["DVC"].remedy
    assert findings["dvc.yaml"].blocking
    assert "git init" in findings["git"].remedy


def test_no_commit_yet(project: Path) -> None:
    shutil.rmtree(project / ".git")
    call("git", "init", "-q", cwd=project)
    assert "git commit" in found(project)["git"].remedy


def test_an_ignored_dvc_lock(project: Path) -> None:
    (project / ".gitignore").write_text("*.lock\n")
    finding = found(project)["git"]
    assert finding.blocking
    assert ".gitignore" in finding.remedy


def test_a_config_that_cannot_be_read(project: Path) -> None:
    (project / ".dvc/config").write_text("[core\nremote = x")
    finding = found(project)["DVC config"]
    assert finding.blocking
    assert ".dvc/config" in finding.remedy


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, younger than every file that is older than this test."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(7200)"])
    yield process
    process.kill()
    process.wait()


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_lock_that_is_held_is_no_problem_but_one_waits(project: Path) -> None:
    lock = project / ".dvc/tmp/lock"
    lock.write_text(f" {os.getpid()}\n")
    assert "DVC lock" not in found(project)  # a file alone is no lock
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finding = found(project)["DVC lock"]
    assert not finding.blocking
    assert finding.state == f"held by process {os.getpid()}"
    assert "--wait-for-lock" in finding.remedy


def test_a_lock_older_than_its_process(project: Path, child: subprocess.Popen[bytes]) -> None:
    call("dvc", "config", "core.hardlink_lock", "true", cwd=project)
    lock = project / ".dvc/tmp/lock"
    lock.write_text(f"/x/lock|host|{child.pid}|{2**40}\n")
    assert found(project)["DVC lock"].state == f"held by process {child.pid}"
    age(lock, 3600)
    finding = found(project)["DVC lock"]
    assert finding.blocking
    assert finding.remedy == f"rm {lock}"


def test_a_rwlock_older_than_its_process(project: Path, child: subprocess.Popen[bytes]) -> None:
    rwlock = project / ".dvc/tmp/rwlock"
    rwlock.write_text(json.dumps({"read": {}, "write": {"/out": {"pid": child.pid, "cmd": "dvc repro"}}}))
    finding = found(project)["DVC rwlock"]
    assert not finding.blocking
    assert f"process {child.pid} (dvc repro)" in finding.state
    age(rwlock, 3600)
    finding = found(project)["DVC rwlock"]
    assert finding.blocking
    assert finding.remedy == f"rm {rwlock}"


def test_a_rwlock_of_a_zombie_is_stale(project: Path, child: subprocess.Popen[bytes]) -> None:
    """DVC takes it for alive, and in a container without an init process it stays."""
    rwlock = project / ".dvc/tmp/rwlock"
    rwlock.write_text(json.dumps({"read": {}, "write": {"/out": {"pid": child.pid, "cmd": "dvc repro"}}}))
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    finding = found(project)["DVC rwlock"]
    assert finding.blocking
    assert finding.remedy == f"rm {rwlock}"


def test_a_rwlock_of_a_dead_process_is_dvcs_own_business(project: Path, child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    entry = {"pid": child.pid, "cmd": "dvc repro"}
    (project / ".dvc/tmp/rwlock").write_text(json.dumps({"read": {"/in": [entry]}, "write": {}}))
    assert "DVC rwlock" not in found(project)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("dvc.yaml", "pipe"), ("dvc.lock", "folder"), ("dvc.lock", "link"), (".dvc/config", "pipe")),
        *((".dvc/config.local", "link"), (".dvc/tmp/lock", "pipe"), (".dvc/tmp/rwlock", "folder")),
    ],
)
def test_what_should_be_a_file_is_looked_at_before_it_is_opened(project: Path, name: str, kind: str) -> None:
    path = project / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    finding = found(project)[path.name]
    assert finding.blocking
    assert "where DVC opens a file" in finding.state
    assert finding.remedy.startswith(f"mv {path} ")


def test_a_damaged_rwlock(project: Path) -> None:
    (project / ".dvc/tmp/rwlock").write_text('{"read": {"/in": [{')
    finding = found(project)["DVC rwlock"]
    assert finding.blocking
    assert finding.remedy.startswith("rm ")


@pytest.mark.parametrize(
    ("url", "words"),
    [("/nowhere/at/all/store", "there is no folder"), ("unheard-of://bucket", "nheard")],
)
def test_a_remote_that_cannot_be_reached(project: Path, url: str, words: str) -> None:
    (project / ".dvc/config").write_text(f"[core]\n    remote = mine\n['remote \"mine\"']\n    url = {url}\n")
    findings = found(project)
    finding = findings.get("DVC remote") or findings["DVC config"]
    assert words in finding.state
    assert finding.remedy


def test_a_remote_that_never_answers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(doctor_project, "REMOTE_SECONDS", 0.05)
    monkeypatch.setattr(doctor_project, "_unreachable", lambda *_: str(waiting.wait(HANG)))
    finding = found(project)["DVC remote"]
    waiting.set()
    assert "no answer within 0.05 s" in finding.state
    assert "dvc remote" in finding.remedy


def test_no_remote(project: Path) -> None:
    (project / ".dvc/config").write_text("")
    finding = found(project)["DVC remote"]
    assert not finding.blocking
    assert "dvc remote add" in finding.remedy


def test_a_server_that_answers_and_one_that_does_not(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/health" else 404)
            self.end_headers()
            self.wfile.write(b"true")

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    assert found(project)["Prefect"].remedy == ""
    server.shutdown()
    server.server_close()
    finding = found(project)["Prefect"]
    assert not finding.blocking
    assert "does not answer" in finding.state
    assert "prefect server start" in finding.remedy


def test_an_address_that_is_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "localhost")
    assert "PREFECT_API_URL" in found(project)["Prefect"].remedy


def test_data_that_is_gone(project: Path) -> None:
    params = yaml.safe_load((project / "params.yaml").read_text())
    params["prepare"] = {"source": {"kind": "image_folder", "path": "photos"}}
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    finding = found(project)["params.yaml"]
    assert finding.blocking
    assert "photos" in finding.state
