"""The doctor finds every fault that is put in, and names its remedy."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from gan_augment.cli import doctor, doctor_project
from gan_augment.cli.doctor import render
from gan_augment.cli.finding import Finding
from tests.cli.command import run
from tests.cli.doctored import PARAMS, found


def test_nothing_is_wrong_with_a_healthy_project(project: Path) -> None:
    findings = found(project)
    wrong = [f for f in findings.values() if f.blocking or (f.remedy and "optional" not in f.state)]
    assert [f.what for f in wrong if f.what not in ("memory", "disk")] == []
    assert "can be reached" in findings["DVC remote"].state
    assert "means" in findings["base.device"].state
    assert "DVC lock" not in findings


def test_json_and_the_exit_code(project: Path, tmp_path: Path) -> None:
    done = run("doctor", "--json", cwd=project)
    assert done.returncode == 0, done.stdout
    assert {"what", "state", "remedy", "blocking"} == set(json.loads(done.stdout)[0])
    (project / "params.yaml").write_text("classes: {}\nextra: 1\n")
    done = run("doctor", cwd=project)
    assert done.returncode == 2
    assert "PROBLEM params.yaml" in done.stdout
    assert "remedy: " in done.stdout


def test_a_package_that_is_missing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str) -> str:
        if name in ("prefect", "ray"):
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor, "version", without)
    findings = found(project)
    assert findings["prefect"].blocking
    assert findings["prefect"].remedy == "pip install gan-augment"
    assert not findings["ray"].blocking
    assert findings["ray"].remedy == "pip install 'gan-augment[ray]'"


def test_a_gpu_with_its_name_and_memory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda place: f"H{place}00")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: ((1 + 9 * place) * 2**30, 80 * 2**30))
    findings = found(project)
    assert findings["GPU 1"] == Finding("GPU 1", "H100, 10.0 of 80.0 GiB of memory free")
    assert "nvidia-smi" in findings["GPU 0"].remedy
    assert findings["base.device"].state == "auto means cuda here"


def test_a_device_that_is_not_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (project / "params.yaml").write_text(PARAMS.replace("device: auto", "device: cuda"))
    finding = found(project)["base.device"]
    assert finding.blocking
    assert "set base.device to auto" in finding.remedy


@pytest.mark.parametrize(("free", "blocking"), [(2**30, False), (2**20, True)])
def test_a_full_disk(project: Path, monkeypatch: pytest.MonkeyPatch, free: int, blocking: bool) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    finding = found(project)["disk"]
    assert "dvc gc" in finding.remedy
    assert finding.blocking is blocking


def test_little_memory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**29, total=2**33))
    finding = found(project)["memory"]
    assert finding.state == "0.5 of 8.0 GiB available"
    assert "batch_size" in finding.remedy


def test_no_password_is_shown(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "https://user:SECRETPW@127.0.0.1:9/x"
    (project / ".dvc/config").write_text(f"[core]\n    remote = mine\n['remote \"mine\"']\n    url = {url}\n")
    monkeypatch.setenv("PREFECT_API_URL", "http://u:SECRETAPI@127.0.0.1:9/api")
    findings = list(doctor_project.project_findings(project))
    for as_json in (False, True):
        render(findings, as_json=as_json)
        shown = capsys.readouterr().out
        assert "127.0.0.1:9" in shown
        assert "SECRET" not in shown
