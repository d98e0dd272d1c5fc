"""What commands print of params.yaml and of results holds no password, and is still JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gan_augment.core.atomic import read_json, write_json
from tests.cli.command import run
from tests.finished_project import write_project

SECRET = "hunter2hunter2"


@pytest.mark.parametrize("path", [f"https://user:{SECRET}@host/t.csv", SECRET])
def test_a_dry_run_shows_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("SOME_SECRET_KEY", SECRET)
    whole = {
        "classes": {"a": {"label": "a"}, "b": {"label": "b"}},
        "prepare": {"source": {"kind": "table", "path": path, "target": "y"}},
        "synthesis": {"method": "smote"},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    done = run("prepare", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert "***" in json.loads(done.stdout)["prepare"]["source"]["path"]
    assert SECRET not in done.stdout


@pytest.mark.parametrize("words", [("summary",), ("summary", "--json")])
def test_a_summary_shows_no_password(tmp_path: Path, words: tuple[str, ...]) -> None:
    project = write_project(tmp_path)
    path = project.layout.measure_report
    write_json(path, read_json(path) | {"notes": [f"read from https://user:{SECRET}@host/x"]})
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "***" in done.stdout
    assert SECRET not in done.stdout
